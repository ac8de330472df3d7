"""The names that a parameter could bear, best first: what its user wrote, what the graph says, what ComfyUI says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from viewcomfy_runtime.parameters.types import Media, ParameterType, Text

from ..catalog import DefaultTitles, NodeFacts
from ..graph.roles import LINKED, NEGATIVE, POSITIVE, Roles, side_in, sources
from ..graph.stages import stages
from ..graph.workflow import Node, Workflow
from ..words import RESERVED, words

Words = tuple[str, ...]

PROMPT_WORDS: Final = frozenset(
    "prompt text positive negative string caption wildcard".split()
)
"""Words in the names of inputs that hold what a picture should show."""

MARKS: Final = {"VC_BASIC": "basic", "VC_ADV": "advanced"}
"""ViewComfy's marks at the start of a title, and the group that each stands for."""

_FILLERS: Final = frozenset(
    "the a an of for and to your with here comfyui node load loader apply simple".split()
)
_GENERIC: Final = frozenset(
    "text texts value string prompt image images int integer float number num boolean bool input video audio file any"
    " model positive negative populated literal".split()
)
"""Words for what a value is; they do not say which one."""

_SIDE_WORDS: Final = frozenset({"positive", "negative", "pos", "neg"})
_PROMPT_FILLERS: Final = frozenset(
    "positive negative pos neg text string value prompt conditioning".split()
)
_MEDIA_NOUNS: Final = frozenset(
    "image images mask video audio picture photo frame frames img pixels".split()
)


@dataclass(frozen=True, slots=True)
class Spot:
    """An input of a node that is to be named; `alone` when it is the node's only one."""

    node: Node
    input: str
    type: ParameterType
    alone: bool
    label: Words = ()
    """What its user wrote for the input itself, elsewhere than in the workflow."""


def split_mark(title: str) -> tuple[str | None, str]:
    """The group that a mark at a title's start stands for, and the title without it."""
    for mark, group in MARKS.items():
        if title.startswith(mark):
            return group, title.removeprefix(mark).strip(" -_:")
    return None, title


def merge(qualifier: Words, base: Words) -> Words:
    """The two as one name that says nothing twice."""
    if set(qualifier) <= set(base):
        return base
    rest = tuple(word for word in base if word not in qualifier)
    if not rest:
        before = tuple(word for word in qualifier if word not in base)
        return qualifier if before[0].isdecimal() else before + base
    return qualifier + rest


class Labels:
    """The candidate names of the inputs of one workflow."""

    def __init__(
        self, workflow: Workflow, roles: Roles, facts: dict[str, NodeFacts | None]
    ) -> None:
        self._workflow = workflow
        self._roles = roles
        self._facts = facts
        self._defaults = DefaultTitles(
            (
                (node.class_type, split_mark(node.title)[1])
                for node in workflow.nodes.values()
            ),
            facts,
        )
        self._said: dict[str, Words] = {
            id: self._title_words(node) for id, node in workflow.nodes.items()
        }
        along = list(workflow.nodes.values())
        known = workflow.nodes.keys()
        self._stages = stages(workflow, facts)
        self._titled_before = _nearest(
            along,
            lambda node: (link.node for link in sources(node) if link.node in known),
            self._telling,
        )
        self._titled_after = _nearest(
            reversed(along),
            lambda node: (use.node for use in workflow.uses[node.id]),
            self._telling,
        )

    def said(self, id: str) -> Words:
        """What the author's title of the node says beyond its class."""
        return self._said[id]

    def candidates(self, spot: Spot) -> Iterator[tuple[Words, str]]:
        """Names from the most natural to the most specific, and where each comes from; the last tell any two classes apart."""
        base = self._base(spot)
        if "_".join(base) in RESERVED:
            base = merge(self._class_words(spot.node), base)
        if spot.label:
            yield spot.label, "its label in view_comfy.json"
            yield merge(spot.label, base), "its label in view_comfy.json"
        for spoken in self._spoken(spot, base):
            yield spoken, "its node's title"
        if not _GENERIC.issuperset(base) or not self._telling(spot.node.id):
            own = base == words(spot.input)
            yield base, "its input" if own else "its role in the graph"
        generic = spot.alone and _GENERIC.issuperset(base)
        for qualifier, origin in self._qualifiers(spot.node):
            name = qualifier if generic else merge(qualifier, base)
            yield name, f"its input, told apart by {origin}"

    def numbered(self, spot: Spot) -> tuple[Words, Words]:
        """What a number goes between when nothing else tells nodes apart."""
        base = self._base(spot)
        if isinstance(spot.type, Media) or self._side(spot):
            return base, ()
        owner = self._class_words(spot.node)
        rest = tuple(word for word in base if word not in owner)
        if rest:
            return owner, rest
        return tuple(word for word in owner if word not in base), base

    def _base(self, spot: Spot) -> Words:
        """The role of the value, else the name of its input."""
        own = words(spot.input)
        side = self._side(spot)
        if side is not None:
            rest = tuple(word for word in own if word not in _SIDE_WORDS)
            if _PROMPT_FILLERS.issuperset(rest):
                rest = ("prompt",)
            return ((side,) if side in (POSITIVE, NEGATIVE) else ()) + rest
        if isinstance(spot.type, Media):
            return self._file(spot.node, spot.type, own)
        if _GENERIC.issuperset(own):
            fed = self._roles.fed(spot.node)
            if fed is not None and not _GENERIC.issuperset(words(fed[1])):
                return words(fed[1])
        return own

    def _file(self, node: Node, kind: Media, own: Words) -> Words:
        label = self._roles.label(node)
        if not label:
            return own if _MEDIA_NOUNS.intersection(own) else (_noun(kind),)
        return _with_noun(label, kind)

    def _side(self, spot: Spot) -> str | None:
        """Which side of the prompt a text becomes; a setting that happens to be text becomes none."""
        if not isinstance(spot.type, Text):
            return None
        own = words(spot.input)
        if {"positive", "negative"}.intersection(own):
            return side_in(own)
        value = spot.node.values[spot.input]
        if self._facts[spot.node.class_type] is None and not (
            PROMPT_WORDS.intersection(own) or " " in str(value).strip()
        ):
            return None
        side = self._roles.side(spot.node)
        if side in (POSITIVE, NEGATIVE) or not _PROMPT_FILLERS.issuperset(own):
            return side
        return side_in(words(split_mark(spot.node.title)[1])) or side

    def _spoken(self, spot: Spot, base: Words) -> Iterator[Words]:
        """The name in its user's own words."""
        said = self._said[spot.node.id]
        side = self._side(spot)
        if side is not None:
            telling = tuple(word for word in said if word not in _PROMPT_FILLERS)
            if telling:
                prefix = (side,) if side in (POSITIVE, NEGATIVE) else ()
                rest = () if spot.alone else base
                yield merge(prefix, merge(telling, rest))
            return
        if not said:
            return
        generic = _GENERIC.issuperset(words(spot.input))
        if _GENERIC.issuperset(said):
            if spot.alone and generic and said != base:
                yield said
        elif spot.alone and isinstance(spot.type, Media):
            yield _with_noun(said, spot.type)
        elif spot.alone and (generic or self._whole(spot.node)):
            yield said
        else:
            yield merge(said, base)

    def _qualifiers(self, node: Node) -> Iterator[tuple[Words, str]]:
        """What tells the node apart, and what that is."""
        said = words(split_mark(node.title)[1])
        if self._said[node.id]:
            yield said, "its node's title"
            yield self._said[node.id], "its node's title"
        label = self._roles.label(node)
        if label:
            yield label, "its role in the graph"
        fed = self._roles.used_as(node)
        if fed and not LINKED.issuperset(fed):
            yield fed, "what it feeds"
        side = self._roles.side(node)
        if side in (POSITIVE, NEGATIVE):
            yield (side,), "its role in the graph"
        stage = self._stages.get(node.id)
        if stage:
            yield (stage,), "its stage"
        short = self._class_words(node)
        yield short, "its node's class"
        yield words(node.class_type), "its node's class"
        for neighbour in (self._titled_after[node.id], self._titled_before[node.id]):
            if neighbour:
                yield neighbour, "a neighbour's title"
                yield merge(neighbour, short), "a neighbour's title"
        consumers = {
            self._workflow.nodes[use.node].class_type
            for use in self._workflow.uses[node.id]
        }
        if len(consumers) == 1:
            consumer = words(consumers.pop())
            yield merge(consumer, short), "what it feeds"

    def _class_words(self, node: Node) -> Words:
        """The words of the class that say what it is."""
        full = words(node.class_type.split("|")[0].split("//")[0])
        return tuple(word for word in full if word not in _FILLERS) or full or ("node",)

    def _known_words(self, node: Node) -> set[str]:
        facts = self._facts[node.class_type]
        return {*words(node.class_type), *(words(facts.name) if facts else ())}

    def _title_words(self, node: Node) -> Words:
        """What the user's title says beyond its class; nothing when it is what ComfyUI wrote there."""
        written_title = split_mark(node.title)[1]
        title = words(written_title)
        facts = self._facts[node.class_type]
        known = words(node.class_type)
        spelled, written = "".join(known), "".join(title)
        if (
            not title
            or "deprecated" in title
            or self._defaults.knows(node.class_type, written_title)
        ):
            return ()
        said = {*known, *(words(facts.name) if facts else ()), *_FILLERS}
        rest = tuple(word for word in title if word not in said)
        if facts is None and rest and not written.startswith(spelled):
            # Most titles of unknown classes are a pack's own: they spell the class in another way.
            shared = sum(
                any(word in each or each in word for each in known) for word in title
            )
            if shared * 3 >= len(title):
                return ()
        if rest and all(word.isdecimal() for word in rest):
            return title
        return rest

    def _whole(self, node: Node) -> bool:
        """Whether the title has no word of the class: it is a name, not a description."""
        return self._known_words(node).isdisjoint(words(split_mark(node.title)[1]))

    def _telling(self, id: str) -> Words:
        said = self._said[id]
        return () if _GENERIC.issuperset(said) else said


def _nearest(
    nodes: Iterable[Node],
    beside: Callable[[Node], Iterable[str]],
    say: Callable[[str], Words],
) -> dict[str, Words]:
    """What the nearest telling nodes on one side of each node say, where they all say the same."""
    found: dict[str, Words] = {}
    for node in nodes:
        said = {say(id) or found.get(id, ()) for id in beside(node)} - {()}
        found[node.id] = said.pop() if len(said) == 1 else ()
    return found


def _noun(kind: Media) -> str:
    noun = kind.media.partition("/")[0]
    return noun if noun in _MEDIA_NOUNS else "file"


def _with_noun(said: Words, kind: Media) -> Words:
    if _MEDIA_NOUNS.intersection(word.rstrip("0123456789") for word in said):
        return said
    return (*said, _noun(kind))
