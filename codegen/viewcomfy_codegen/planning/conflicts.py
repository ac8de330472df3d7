"""Where a workflow and the user's own ComfyUI contradict each other: worth knowing, never a reason to fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..catalog import NodeFacts
from ..errors import Diagnostic, place
from ..graph.workflow import Workflow
from .drafts import unwrapped
from .types import contradicts


def contradictions(
    workflow: Workflow,
    facts: Mapping[str, NodeFacts | None],
    object_info: Mapping[str, Any],
    source: str,
) -> Iterator[Diagnostic]:
    """Classes that the server does not have, and deployed values that it would refuse."""
    for node in workflow.nodes.values():
        where = place(source, node.id, node.class_type)
        if node.class_type not in object_info:
            yield Diagnostic(
                where,
                "the server of --object-info has no such class",
                "install the pack that brings it, or ask the server that runs the workflow",
                "warning",
            )
            continue
        known = facts[node.class_type]
        for name, value in node.values.items():
            declared = known.inputs.get(name) if known is not None else None
            if declared is not None and contradicts(declared, unwrapped(value)):
                yield Diagnostic(
                    place(source, node.id, node.class_type, "inputs", name),
                    f"the server of --object-info would refuse {str(value)[:60]!r}",
                    "the client accepts it, since it is deployed; check the workflow",
                    "warning",
                )
