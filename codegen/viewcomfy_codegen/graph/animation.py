"""Finds animations that are sampled as a batch of images: a motion model joins these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..words import words
from .workflow import Node, Workflow

_LATENTS: Final = frozenset({"latent", "samples"})
_MOTION: Final = "animatediff"


def makes_frames(workflow: Workflow, node: Node) -> bool:
    """Whether a sampler whose model a motion model extends takes the latents of this node."""
    return any(_is_extended(workflow, each) for each in _samplers(workflow, node))


def _samplers(workflow: Workflow, node: Node) -> Iterator[Node]:
    """The first nodes with a model that latents of the node go to, directly or changed."""
    seen, pending = {node.id}, [node]
    while pending:
        for use in workflow.uses[pending.pop().id]:
            if use.node in seen or _LATENTS.isdisjoint(words(use.input)):
                continue
            seen.add(use.node)
            target = workflow.nodes[use.node]
            if "model" in target.links:
                yield target
            else:
                pending.append(target)


def _is_extended(workflow: Workflow, sampler: Node) -> bool:
    seen: set[str] = set()
    pending = [sampler.links["model"].node]
    while pending:
        maker = workflow.nodes.get(pending.pop())
        if maker is None or maker.id in seen:
            continue
        seen.add(maker.id)
        if _MOTION in maker.class_type.casefold():
            return True
        pending += [link.node for link in maker.links.values()]
    return False
