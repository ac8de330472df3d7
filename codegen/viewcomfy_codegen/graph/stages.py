"""Finds the stage that each node serves, if samplers run in sequence or make different things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..catalog import NodeFacts
from .passes import BASE, Passes, Stage
from .roles import sources
from .workflow import Node, Workflow


def stages(
    workflow: Workflow, facts: Mapping[str, NodeFacts | None]
) -> dict[str, Stage]:
    """The stage of each node that serves only one; empty if all samplers do the same work.

    A sampler that starts from another's result refines it, upscales it if it was enlarged in
    between, or inpaints it if a mask was applied; one that continues an earlier video extends it.
    If no sampler starts from another, they are distinguished by what they make.
    """
    passes = Passes(workflow, facts)
    found = passes.named()
    if len(set(found.values())) < 2:
        return {}
    in_sequence = {id: each for id, each in found.items() if id not in passes.aside}
    before = _spread(
        workflow, in_sequence, lambda node: (each.node for each in sources(node))
    )
    serving = _spread(
        workflow,
        found,
        lambda node: _users(workflow, node),
        against=True,
    )
    staged: dict[str, Stage] = {}
    for id, node in workflow.nodes.items():
        known = facts[node.class_type]
        if id in found:
            staged[id] = found[id]
        elif len(serving[id]) == 1:
            [staged[id]] = serving[id]
        elif (BASE,) in serving[id] and known and known.outputs[:1] == ("LATENT",):
            staged[id] = (BASE,)  # Later stages only get what the base makes of it.
        elif len(before[id]) == 1 and not _samples_itself(node):
            [staged[id]] = before[id]
    return staged


def _samples_itself(node: Node) -> bool:
    """Whether the node redraws what it is given, which is a pass of its own."""
    return {"steps", "denoise"} <= {*node.values, *node.links}


def _users(workflow: Workflow, node: Node) -> Iterator[str]:
    """The nodes that use this one; those at `vae` inputs count only if there are no others."""
    uses = workflow.uses[node.id]
    working = [use for use in uses if use.input != "vae"]
    return (use.node for use in working or uses)


def _spread(
    workflow: Workflow,
    found: Mapping[str, Stage],
    beside: Callable[[Node], Iterator[str]],
    against: bool = False,
) -> dict[str, frozenset[Stage]]:
    """The stages of the nearest samplers on one side of each node; direct neighbors take
    precedence.
    """
    order = list(workflow.nodes.values())
    near: dict[str, frozenset[Stage]] = {}
    for node in reversed(order) if against else order:
        ids = list(beside(node))
        stages = frozenset(found[id] for id in ids if id in found)
        for id in () if stages else ids:
            stages |= near.get(id, frozenset())
        near[node.id] = stages
    return near
