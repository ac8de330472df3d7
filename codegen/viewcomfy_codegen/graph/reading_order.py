"""Orders nodes as a reader would who traces each output back to its sources."""

from __future__ import annotations

from collections.abc import Mapping

from ..catalog import NodeFacts
from .workflow import Node, Workflow, natural


def places(workflow: Workflow, facts: Mapping[str, NodeFacts | None]) -> dict[str, int]:
    """Each node's position when reading the graph backward from each output, so that related nodes
    are adjacent.
    """
    found: dict[str, int] = {}
    ends = [id for id, uses in workflow.uses.items() if not uses]
    rest = [id for id in workflow.nodes if workflow.uses[id]]
    for end in [*sorted(ends, key=natural), *rest]:
        _visit(end, workflow, facts, found)
    return found


def _visit(
    end: str,
    workflow: Workflow,
    facts: Mapping[str, NodeFacts | None],
    found: dict[str, int],
) -> None:
    pending: list[tuple[str, bool]] = [(end, False)]
    entered: set[str] = set()
    while pending:
        id, done = pending.pop()
        if id in found:
            continue
        if done:
            found[id] = len(found)
            continue
        if id in entered:
            continue
        entered.add(id)
        pending.append((id, True))
        node = workflow.nodes[id]
        for name in reversed(_in_order(node, facts[node.class_type])):
            source = node.links[name].node
            if source in workflow.nodes and source not in found:
                pending.append((source, False))


def _in_order(node: Node, facts: NodeFacts | None) -> list[str]:
    """The names of the node's links in the order its class declares them, then the
    undeclared ones.
    """
    declared = list(facts.inputs) if facts is not None else []
    listed = [name for name in declared if name in node.links]
    rest = sorted((name for name in node.links if name not in listed), key=natural)
    return listed + rest
