"""The outputs of a workflow, and which nodes lead to the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words
from .workflow import Node, Workflow

Item = TypeVar("Item")


def output_ids(workflow: Workflow, facts: Mapping[str, NodeFacts | None]) -> set[str]:
    """The ids of output nodes; a node of an unknown class counts if nothing uses it."""
    ends = {id for id, uses in workflow.uses.items() if not uses}
    outputs = {
        node.id
        for node in workflow.nodes.values()
        if (
            known.output_node
            if (known := facts[node.class_type])
            else node.id in ends and not _only_holds(node)
        )
    }
    return outputs or ends


def _only_holds(node: Node) -> bool:
    """Whether a node takes nothing and, as its class says, saves or sends nothing: it holds or
    makes a value for others.
    """
    return not node.links and _ENDING.isdisjoint(class_words(node.class_type))


_ENDING: Final = frozenset("""
    save preview send sender upload export output show generate generator image video audio api
    everywhere broadcast
    """.split())
"""Words for what leaves a workflow, works alone, or reaches others without links."""


class SharedOutputs:
    """Tells which nodes lead to the same output."""

    def __init__(self, workflow: Workflow, ends: set[str]) -> None:
        self._outputs = _outputs_by_node(workflow, ends)

    def pairs(
        self, items: Iterable[Item], node_of: Callable[[Item], str]
    ) -> Iterator[tuple[Item, Item]]:
        """The pairs of items whose nodes lead to one output: each item with the first that
        leads there.
        """
        first: dict[int, tuple[Item, int]] = {}
        seen = 0
        for item in items:
            mask = self._outputs[node_of(item)]
            met, fresh = mask & seen, mask & ~seen
            while met:
                other, its_own = first[met & -met]
                yield other, item
                met &= ~its_own
            seen |= fresh
            left = fresh
            while left:
                first[left & -left] = item, fresh
                left &= left - 1


def _outputs_by_node(workflow: Workflow, ends: set[str]) -> dict[str, int]:
    """For each node, the outputs that it leads to, as a bit mask."""
    bits = {id: 1 << number for number, id in enumerate(sorted(ends))}
    found: dict[str, int] = {}
    for id in reversed(workflow.nodes):
        mask = bits.get(id, 0)
        for use in workflow.uses[id]:
            mask |= found.get(use.node, 0)
        found[id] = mask
    return found
