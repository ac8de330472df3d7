"""What the graph says of a node: which prompt its text becomes, what its picture is used as."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final

from ..catalog import NodeFacts
from ..words import words
from .workflow import Link, Node, Use, Workflow

POSITIVE: Final = "positive"
NEGATIVE: Final = "negative"
NEUTRAL: Final = "neutral"
"""A prompt where there is no other side, as a guider takes it."""

_SIDES: Final = {
    "positive": POSITIVE,
    "pos": POSITIVE,
    "negative": NEGATIVE,
    "neg": NEGATIVE,
}
_PLAIN_TYPES: Final = frozenset(
    {"INT", "FLOAT", "STRING", "BOOLEAN", "NUMBER", "COMBO", "*"}
)
_TEXT_TYPES: Final = ("STRING", "COND", "EMBED", "PROMPT", "TEXT", "*")
_MEDIA_TYPES: Final = ("IMAGE", "MASK", "VIDEO", "AUDIO", "*")

PRIMITIVE: Final = frozenset({"value", "int", "float", "string", "number", "boolean"})
"""Words in the names of inputs that hold a value for other nodes."""

LINKED: Final = frozenset(
    "image images pixels video videos audio input inputs any anything value data frames picture in obj object a b"
    " text string prompt model positive negative latent latents samples conditioning clip vae sigmas noise guider"
    " sampler control net controlnet lora hooks options optional pipe basic settings embeds vision output style mask masks"
    " destination".split()
)
"""Words in the names of inputs that say what is linked there, not what it is for."""

_SEVERAL: Final = ("",)
"""The label of something that is used as different things."""


class Roles:
    """The roles of the nodes of one workflow, each found in one pass against the flow of data."""

    def __init__(
        self, workflow: Workflow, facts: Callable[[str], NodeFacts | None]
    ) -> None:
        self._workflow = workflow
        self._facts = facts

    def side(self, node: Node) -> str | None:
        """POSITIVE or NEGATIVE where all that the node's text becomes is that, NEUTRAL where there are no sides."""
        sides = self._sides[node.id]
        if len(sides) == 1:
            return next(iter(sides))
        return NEUTRAL if NEUTRAL in sides and NEGATIVE not in sides else None

    def label(self, node: Node) -> tuple[str, ...]:
        """The words for what the node's picture, video or sound is used as; none where nothing special."""
        labels = self._labels[node.id]
        return next(iter(labels)) if len(labels) == 1 else ()

    def used_as(self, node: Node) -> tuple[str, ...]:
        """The words of the input that the node feeds, where all that it feeds have the same."""
        found = {words(use.input) for use in self._workflow.uses[node.id]}
        return next(iter(found)) if len(found) == 1 else ()

    def fed(self, node: Node) -> tuple[str, str] | None:
        """The class and the input that a plain value goes to first, where all inputs that it goes to have one name."""
        uses = self._workflow.uses[node.id]
        facts = self._facts(node.class_type)
        if len({words(use.input) for use in uses}) != 1:
            return None
        if facts is not None and not _PLAIN_TYPES.issuperset(facts.outputs):
            return None
        return self._workflow.nodes[uses[0].node].class_type, uses[0].input

    def _flows(self, node: Node, types: tuple[str, ...]) -> Iterator[tuple[Use, Node]]:
        """Where the node's outputs of such a type go; an output of unknown type goes everywhere."""
        for use in self._workflow.uses[node.id]:
            kind = self._link_type(node, use)
            if any(each in kind for each in types):
                yield use, self._workflow.nodes[use.node]

    def _link_type(self, node: Node, use: Use) -> str:
        source = self._facts(node.class_type)
        if source is not None and 0 <= use.output < len(source.outputs):
            if source.outputs[use.output] != "*":
                return source.outputs[use.output]
        target = self._facts(self._workflow.nodes[use.node].class_type)
        if target is not None and use.input in target.inputs:
            return target.inputs[use.input].type
        return "*"

    @cached_property
    def _sides(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for node in reversed(self._workflow.nodes.values()):
            sides: set[str] = set()
            for use, target in self._flows(node, _TEXT_TYPES):
                named = side_in(words(use.input))
                if named is not None:
                    sides.add(named)
                elif not _zeroes(target):
                    sides |= self._passed_on(target, found)
            found[node.id] = frozenset(sides)
        return found

    def _passed_on(
        self, target: Node, found: dict[str, frozenset[str]]
    ) -> frozenset[str]:
        """What a node makes of a text: what its own outputs become, or a prompt without sides at the end."""
        if target.id not in found:  # within a circle
            return frozenset()
        if not self._workflow.uses[target.id]:
            return frozenset()
        if any(True for _ in self._flows(target, _TEXT_TYPES)):
            return found[target.id]
        return frozenset({NEUTRAL})

    @cached_property
    def _labels(self) -> dict[str, frozenset[tuple[str, ...]]]:
        found: dict[str, frozenset[tuple[str, ...]]] = {}
        for node in reversed(self._workflow.nodes.values()):
            labels: set[tuple[str, ...]] = set()
            flows = list(self._flows(node, _MEDIA_TYPES))
            # A loaded picture's own mask says nothing of what the picture is for.
            pictures = [
                flow for flow in flows if self._link_type(node, flow[0]) != "MASK"
            ]
            for use, target in flows if node.links else pictures or flows:
                label = words(use.input)
                if not (LINKED - {"mask", "style"}).issuperset(_without_number(label)):
                    labels.add(label)
                else:
                    labels |= found.get(target.id, frozenset())
            found[node.id] = (
                frozenset(labels) if len(labels) <= 1 else frozenset({_SEVERAL})
            )
        return {
            id: frozenset() if labels == {_SEVERAL} else labels
            for id, labels in found.items()
        }


def side_in(parts: tuple[str, ...]) -> str | None:
    """The side that an input's name speaks of."""
    sides = {_SIDES[part] for part in parts if part in _SIDES}
    return sides.pop() if len(sides) == 1 else None


def _zeroes(node: Node) -> bool:
    """Whether the node drops what the text says and keeps only its form."""
    return {"zero", "out"} <= set(words(node.class_type))


def _without_number(parts: tuple[str, ...]) -> set[str]:
    return {part.rstrip("0123456789") for part in parts} - {""}


def sources(node: Node) -> Iterator[Link]:
    """The node's links in the order of its inputs' names: an order that no re-export changes."""
    for _, link in sorted(node.links.items()):
        yield link
