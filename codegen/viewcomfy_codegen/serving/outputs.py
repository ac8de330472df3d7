"""Which nodes ComfyUI runs a workflow for."""

from __future__ import annotations

from ..catalog import Catalog
from ..graph.workflow import Workflow


def output_nodes(workflow: Workflow, catalog: Catalog) -> set[str]:
    """The ids of the nodes that give files: those of output classes, and of unknown ones those that nothing uses.

    Where there are none of either, the last nodes; empty only where every node is used by another.
    """
    ends = {id for id, uses in workflow.uses.items() if not uses}
    found = {
        node.id
        for node in workflow.nodes.values()
        if (
            facts.output_node
            if (facts := catalog.node(node.class_type)) is not None
            else node.id in ends
        )
    }
    return found or ends
