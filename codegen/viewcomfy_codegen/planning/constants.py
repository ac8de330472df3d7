"""The type of a constant: what all of its consumers accept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from viewcomfy_runtime.parameters.types import (
    Choice,
    Integer,
    Number,
    ParameterType,
    Text,
)

from ..catalog import NodeFacts
from ..graph.roles import PRIMITIVE, Roles, held_words
from ..graph.workflow import Node, Use, Workflow
from ..words import words
from .types import named_type, refusal, widened


class Held(NamedTuple):
    """A value of a node, and the type that it has by itself."""

    node: Node
    name: str
    value: object
    type: ParameterType

    def reaches(self, uses: Iterable[Use]) -> bool:
        """Whether these uses of the node's output consume the value itself rather than something
        that the node makes of it, as sizes are made of megapixels.
        """
        said = held_words(self.node, self.name)
        if PRIMITIVE.issuperset(said) or said != words(self.name):
            return True
        return any(not set(said).isdisjoint(words(use.input)) for use in uses)


def consumed_type(
    held: Held,
    workflow: Workflow,
    facts: Mapping[str, NodeFacts | None],
    roles: Roles,
) -> ParameterType | None:
    """The type that the consumers of a constant agree on; None if they disagree, none of them is
    known, or they consume something else.
    """
    kinds: list[ParameterType] = []
    uses = roles.users(held.node)
    if not held.reaches(uses):
        return None
    for use in uses:
        target = workflow.nodes[use.node]
        known = facts[target.class_type]
        declared = known.input(use.input, target.values) if known is not None else None
        if declared is None:
            continue
        kind = named_type(use.input, declared, held.value)
        if kind is not None:
            kinds.append(kind)
    found = _agreed(held.type, kinds, held.value) if kinds else None
    if found is None or found == held.type or not refusal(found, held.value):
        return found
    wider = widened(found, held.value)
    return None if refusal(wider, held.value) else wider


def _agreed(
    own: ParameterType, kinds: Sequence[ParameterType], value: object
) -> ParameterType | None:
    numbers = [each for each in kinds if isinstance(each, Integer | Number)]
    whole = all(isinstance(each, Integer) for each in kinds)
    if isinstance(own, Number) and whole and type(value) is int:
        own = Integer(own.lo, own.hi)  # All of them take whole numbers.
    if isinstance(own, Integer | Number) and len(numbers) == len(kinds):
        return _narrowest(own, numbers)
    if not isinstance(own, Text):
        return None
    choices = [each for each in kinds if isinstance(each, Choice)]
    if len(choices) == len(kinds):
        common = tuple(
            option
            for option in choices[0].options
            if all(option in each.options for each in choices)
        )
        closed = any(not each.open for each in choices)
        texts = common and all(isinstance(option, str) for option in common)
        return Choice(common, open=not closed) if texts else None
    texts_only = [each for each in kinds if isinstance(each, Text)]
    if len(texts_only) < len(kinds):
        return None
    return Text(own.multiline or any(each.multiline for each in texts_only))


def _narrowest(
    own: Integer | Number, kinds: Sequence[Integer | Number]
) -> Integer | Number | None:
    lows = [each.lo for each in (own, *kinds) if each.lo is not None]
    highs = [each.hi for each in (own, *kinds) if each.hi is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    if low is not None and high is not None and low > high:
        return None
    if isinstance(own, Integer):
        return Integer(low, high, own.random)
    return Number(low, high)
