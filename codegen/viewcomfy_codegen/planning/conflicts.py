"""Diagnostics about nodes and values that a server would refuse: reasons to warn, never to fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from viewcomfy_runtime.parameters.fields import REQUIRED

from ..catalog import PAGE_CLASSES
from ..errors import Diagnostic, place
from .analysis import Analysis


def doubts(
    analysis: Analysis, object_info: Mapping[str, object] | None, source: str
) -> list[Diagnostic]:
    """Warnings about classes that no server has or the user's server lacks, and about deployed
    values that it would refuse.
    """
    return [*_classes(analysis, object_info, source), *_values(analysis, source)]


def _classes(
    analysis: Analysis, object_info: Mapping[str, object] | None, source: str
) -> Iterator[Diagnostic]:
    for node in analysis.workflow.nodes.values():
        where = place(source, node.id, node.class_type)
        if node.class_type in PAGE_CLASSES and analysis.facts[node.class_type] is None:
            yield Diagnostic(
                where,
                "only ComfyUI's web page knows this class, "
                "so a server will refuse to run the workflow",
                "export it with Export (API), which leaves such nodes out",
                "warning",
            )
        elif object_info is not None and node.class_type not in object_info:
            yield Diagnostic(
                where,
                "your own ComfyUI doesn't have this class",
                "install the node pack that contains it, or use the server that runs the workflow",
                "warning",
            )


def _values(analysis: Analysis, source: str) -> Iterator[Diagnostic]:
    for draft in analysis.drafts:
        if not draft.doubt:
            continue
        node = draft.node
        known = analysis.facts[node.class_type]
        own = known is not None and known.own
        server = "your own ComfyUI" if own else "ComfyUI"
        yield Diagnostic(
            place(source, node.id, node.class_type, "inputs", draft.input),
            f"{server} would refuse {str(draft.value)[:60]!r}: {draft.doubt[:200]}",
            (
                "every call has to set it; for a default, set a value in ComfyUI and export again"
                if draft.default is REQUIRED
                else "the client accepts it, since it is deployed; check the workflow"
            ),
            "warning",
        )
