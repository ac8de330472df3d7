"""The inputs that could share a parameter, and what joins their nodes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from viewcomfy_runtime.parameters.fields import UNUSED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Media, Text

from ..graph.outputs import SharedOutputs, output_ids
from ..graph.workflow import Node
from .analysis import Analysis
from .declared_types import is_model_file
from .drafts import Draft
from .types import is_random

Item = TypeVar("Item")
Pairs = Iterator[tuple[WireKey, WireKey]]

RATES: Final = frozenset({"frame_rate", "fps"})


class Shareable:
    """The inputs of a workflow that could share a parameter: shown ones other than files to upload
    and masks.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.nodes = analysis.workflow.nodes
        self.facts = analysis.facts
        self.roles = analysis.roles
        self.drafts = {
            draft.key: draft
            for draft in analysis.drafts
            if draft.mask_of is None
            and not draft.hidden
            and draft.group != UNUSED
            and not isinstance(draft.type, Media)
        }
        self.by_node: dict[str, list[Draft]] = defaultdict(list)
        for draft in self.drafts.values():
            self.by_node[draft.node.id].append(draft)
        self.ends = output_ids(analysis.workflow, analysis.facts)
        self._outputs = SharedOutputs(analysis.workflow, self.ends)

    def in_one_flow(
        self, items: Iterable[Item], node_of: Callable[[Item], Node]
    ) -> Iterator[tuple[Item, Item]]:
        """Pairs of items whose nodes lead to the same output."""
        return self._outputs.pairs(items, lambda item: node_of(item).id)

    def feeding(self, node: Node, name: str) -> Node | None:
        """The node that an input of this name is linked to."""
        link = node.links.get(name)
        return self.nodes.get(link.node) if link is not None else None

    def alike(
        self,
        one: Node,
        other: Node,
        counts: Callable[[Draft], bool] = lambda draft: True,
    ) -> Pairs:
        """The inputs of one node that count, each with its namesake of the other; random ones are
        left out.
        """
        for draft in self.by_node[one.id]:
            if counts(draft) and not is_random(draft.type):
                yield draft.key, WireKey(other.id, draft.input)


def first_with_each(items: Iterable[Item]) -> Iterator[tuple[Item, Item]]:
    """The first item paired with each of the others."""
    listed = list(items)
    return ((listed[0], other) for other in listed[1:])


def value_of(draft: Draft) -> str:
    """The deployed value as a text that equal values have in common."""
    value = draft.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 24.0 is 24.
    return json.dumps(value, sort_keys=True, default=repr)


def is_file(draft: Draft) -> bool:
    return is_model_file(draft.value)


def is_prompt(draft: Draft) -> bool:
    """Whether the draft is a text that isn't blank."""
    return isinstance(draft.type, Text) and bool(str(draft.value or "").strip())
