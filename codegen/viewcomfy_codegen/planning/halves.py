"""The two halves of one denoising process: a sampler that continues from another's latents."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.key import WireKey

from ..graph.roles import sources
from ..graph.workflow import Node
from .shareable import Pairs, Shareable, is_file

_OF_A_SCHEDULE: Final = frozenset(
    {"steps", "sampler_name", "scheduler", "noise_seed", "seed"}
)
"""What the two halves of one denoising process share."""

_FAR: Final = 3
"""The maximum number of links between the two halves of a denoising process."""


def halves(inputs: Shareable) -> Pairs:
    """Pairs of samplers of one class in which the second continues from the latents of the first,
    each for part of the steps.
    """
    for node in inputs.nodes.values():
        before = _half_before(inputs, node)
        if before is None:
            continue
        for name in node.values:
            if name in _OF_A_SCHEDULE:
                yield WireKey(before.id, name), WireKey(node.id, name)
        yield WireKey(before.id, "end_at_step"), WireKey(node.id, "start_at_step")
        yield from _models_of(inputs, before, node)


def _half_before(inputs: Shareable, node: Node) -> Node | None:
    """The sampler that ends at the step where this one starts, at most a few nodes before it."""
    start = node.values.get("start_at_step")
    if not start:
        return None
    level = [node]
    for _ in range(_FAR):
        level = [
            inputs.nodes[link.node]
            for each in level
            for link in sources(each)
            if link.node in inputs.nodes
        ]
        for other in level:
            if other.class_type == node.class_type:
                return other if other.values.get("end_at_step") == start else None
    return None


def _models_of(inputs: Shareable, one: Node, other: Node) -> Pairs:
    """The inputs that the model nodes of two halves have in common, if these nodes have one class
    and load no file.
    """
    first, second = (inputs.feeding(each, "model") for each in (one, other))
    if first is None or second is None or first.id == second.id:
        return
    files = [each for each in inputs.by_node[first.id] if is_file(each)]
    if first.class_type == second.class_type and not files:
        yield from inputs.alike(first, second)
