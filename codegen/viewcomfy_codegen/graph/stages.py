"""The stage of the work that a node serves, where samplers follow one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..catalog import NodeFacts
from ..words import words
from .roles import sources
from .workflow import Node, Workflow

BASE: Final = "base"
REFINER: Final = "refiner"
UPSCALE: Final = "upscale"

_UPSCALING: Final = frozenset({"upscale", "upscaler", "upscaling", "hires", "hiresfix"})


def stages(workflow: Workflow, facts: Mapping[str, NodeFacts | None]) -> dict[str, str]:
    """The stage of each node that serves one only; none at all where no sampler works on another's result.

    The first sampler is the base; one that follows is the refiner, or the upscale where the picture grew before it.
    """
    passes = _passes(workflow, facts)
    if len(set(passes.values())) < 2:
        return {}
    before = _upstream(workflow, passes)
    serving = _downstream(workflow, passes)
    found = {id: passes.get(id) or serving[id] or before[id] for id in workflow.nodes}
    return {id: stage for id, stage in found.items() if stage is not None}


def _is_sampler(node: Node, facts: NodeFacts | None) -> bool:
    """Whether the node denoises: it takes latents in, gives latents out and draws noise or counts steps."""
    if facts is not None and "LATENT" not in facts.outputs:
        return False
    return "sampler" in "".join(words(node.class_type)) and any(
        "latent" in name or "samples" in name for name in node.links
    )


def _passes(
    workflow: Workflow, facts: Mapping[str, NodeFacts | None]
) -> dict[str, str]:
    """The stage of each sampler, by what lies upstream of it."""
    sampled: set[str] = set()
    grown: set[str] = set()
    found: dict[str, str] = {}
    for node in workflow.nodes.values():
        origins = [link.node for link in sources(node)]
        after_sampler = any(id in sampled for id in origins)
        after_growth = any(id in grown for id in origins)
        if _is_sampler(node, facts[node.class_type]):
            found[node.id] = (
                UPSCALE if after_growth else REFINER if after_sampler else BASE
            )
            after_sampler = True
        if after_sampler:
            sampled.add(node.id)
            if after_growth or not _UPSCALING.isdisjoint(words(node.class_type)):
                grown.add(node.id)
    return found


def _downstream(workflow: Workflow, passes: Mapping[str, str]) -> dict[str, str | None]:
    """The stage of the nearest samplers that a node feeds, where they are of one stage."""
    found: dict[str, frozenset[str]] = {}
    for node in reversed(workflow.nodes.values()):
        served: frozenset[str] = frozenset()
        for use in workflow.uses[node.id]:
            stage = passes.get(use.node)
            served |= frozenset({stage}) if stage else found.get(use.node, frozenset())
        found[node.id] = served
    return {
        id: next(iter(served)) if len(served) == 1 else None
        for id, served in found.items()
    }


def _upstream(workflow: Workflow, passes: Mapping[str, str]) -> dict[str, str | None]:
    """The stage of the nearest samplers whose result a node works on, where they are of one stage."""
    found: dict[str, frozenset[str]] = {}
    for node in workflow.nodes.values():
        made: frozenset[str] = frozenset()
        for link in sources(node):
            stage = passes.get(link.node)
            made |= frozenset({stage}) if stage else found.get(link.node, frozenset())
        found[node.id] = made
    return {
        id: next(iter(made)) if len(made) == 1 else None for id, made in found.items()
    }
