"""What the graph says of a node: which prompt its text becomes, what its image is used as."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words, family_of, vocabulary
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
PLAIN_TYPES: Final = frozenset(
    {"INT", "FLOAT", "STRING", "BOOLEAN", "NUMBER", "COMBO", "*"}
)
_TEXT_TYPES: Final = ("STRING", "COND", "EMBED", "PROMPT", "TEXT")
_MEDIA_TYPES: Final = frozenset({"IMAGE", "MASK", "VIDEO", "AUDIO"})

PRIMITIVE: Final = frozenset(
    "value int float string number boolean text bool integer".split()
)
"""Words in the names of inputs that hold a value for other nodes."""

_PLAIN_SOCKETS: Final = frozenset("""
    image images pixels video videos audio audios input inputs any anything value data frame frames
    picture in obj object text string prompt model positive negative latent latents samples
    conditioning clip vae sigmas noise guider sampler net lora hooks options optional pipe basic
    settings embeds vision output destination init original orig origin img vid src first second on
    true false condition waveform file batch list encoder gen to from of by and the encode upscaled
    resized raw media rgb bgr any1
    """.split())
"""Words in the names of inputs that say what is linked there, not what it is for."""

_FRAMES: Final = {"0": "start", "-1": "end"}
"""What an image is that guides the frame of this place."""

_MEDIA_WORDS: Final = frozenset(
    "image images video frames mask masks audio picture face".split()
)
_SPELLED_OUT: Final = {"ref": "reference", "bg": "background", "fg": "foreground"}

_MATHS: Final = frozenset(
    "math simplemath calculate calculator compare eval evaluate formula arithmetic".split()
)
_SHOWS: Final = frozenset("preview comparer show display debug print log".split())
_RAISES: Final = frozenset("error message".split())
_SWITCHES: Final = frozenset("switch if ifelse else select selector any combo".split())
_REROUTES: Final = frozenset("reroute".split())
_UNPACKS: Final = frozenset("components".split())
_MOST_USES: Final = 32
"""How many uses of one value are looked at: so many tell what it is, and a chain of any length
costs no more.
"""

_MODEL_PARTS: Final = frozenset({"MODEL", "CLIP", "VAE", "LATENT"})
_MAKES_MASKS: Final = frozenset({"MASK", "SEGS", "BBOX", "BBOXES", "SAM3_TRACK_DATA"})


class Fed(NamedTuple):
    """Where a constant goes: the class that uses it, empty where several do, and what they all call
    it.
    """

    class_type: str
    input: str


class _Label(NamedTuple):
    """What something is used as, and how surely: 2 an input's name says so, 1 its class, 0 nothing
    does.
    """

    words: tuple[str, ...]
    sure: int


_NO_LABEL: Final = _Label((), 0)


class Roles:
    """The roles of the nodes of one workflow, each found in one pass against the flow of data."""

    def __init__(
        self, workflow: Workflow, facts: Callable[[str], NodeFacts | None]
    ) -> None:
        self._workflow = workflow
        self._facts = facts

    def side(self, node: Node) -> str | None:
        """POSITIVE or NEGATIVE where all that the node's text becomes is that, NEUTRAL where there
        are no sides.
        """
        sides = self._sides[node.id]
        if len(sides) == 1:
            return next(iter(sides))
        return NEUTRAL if NEUTRAL in sides and NEGATIVE not in sides else None

    def label(self, node: Node) -> tuple[str, ...]:
        """The words for what the node's image, video or sound is used as; none where nothing
        special.
        """
        labels = self._labels[node.id]
        # A loaded image's own mask says nothing of what the image is for.
        images = [label for kind, label in labels.items() if kind != "MASK"]
        return _surest(images or list(labels.values())).words

    def fed(self, node: Node) -> Fed | None:
        """Who uses a constant and as what, where all who do give it one name; None for a node that
        works.
        """
        facts = self._facts(node.class_type)
        if node.links or (
            facts is not None and not PLAIN_TYPES.issuperset(facts.outputs)
        ):
            return None
        return self._fed[node.id]

    def users(self, node: Node) -> tuple[Use, ...]:
        """Where a constant goes, but for those who only calculate
        with it or show it; nowhere for a node that works.
        """
        facts = self._facts(node.class_type)
        plain = facts is None or PLAIN_TYPES.issuperset(facts.outputs)
        return self._users[node.id] if plain and not node.links else ()

    def makes_masks(self, node: Node) -> bool:
        """Whether the node finds a part of an image: it takes one in and gives a mask, boxes or
        segments out.
        """
        facts = self._facts(node.class_type)
        if facts is None:
            return family_of(node.class_type) == ("mask",)
        return not _MAKES_MASKS.isdisjoint(facts.outputs) and any(
            each.type == "IMAGE" for each in facts.inputs.values()
        )

    def finds(self, node: Node) -> bool:
        """Whether all that takes what the node made of its text looks for it in an image."""
        uses = self._workflow.uses[node.id]
        return bool(uses) and all(
            self.makes_masks(self._workflow.nodes[use.node]) for use in uses
        )

    def generates_alone(self, node: Node) -> bool:
        """Whether the node makes its result from prompt and files alone, as a service does: no
        model is linked to it.
        """
        facts = self._facts(node.class_type)
        if facts is None or _MODEL_PARTS.intersection(facts.outputs):
            return False
        types = {each.type for each in facts.inputs.values()}
        names = set(facts.inputs)
        return not types & (_MODEL_PARTS | {"CONDITIONING", "GUIDER"}) and (
            "auth_token_comfy_org" in names
            or ("seed" in names and any("prompt" in each for each in names))
            or ("model" in names and bool(facts.inputs["model"].branches))
        )

    def encodes(self, node: Node) -> bool:
        """Whether the node makes a prompt of its texts:
        conditioning comes out, by whatever name.
        """
        facts = self._facts(node.class_type)
        if facts is None:
            return "encode" in words(node.class_type)
        return any(
            kind != "STRING" and any(each in kind for each in _TEXT_TYPES)
            for kind in facts.outputs
        )

    def text_end(self, node: Node) -> Use | None:
        """The input where a text is used that becomes no
        prompt, where there is but one such name.
        """
        ends = self._text_ends[node.id]
        names = {words(use.input) for use in ends}
        return ends[0] if len(names) == 1 else None

    def link_type(self, node: Node, use: Use) -> str:
        """The type of what a node hands on there; `*` where nobody knows."""
        source = self._facts(node.class_type)
        if source is not None and 0 <= use.output < len(source.outputs):
            if source.outputs[use.output] != "*":
                return source.outputs[use.output]
        target = self._facts(self._workflow.nodes[use.node].class_type)
        if target is not None and use.input in target.inputs:
            return target.inputs[use.input].type
        return "*"

    def _flows(self, node: Node) -> Iterator[tuple[Use, Node]]:
        """Where the node's texts go, or what was made of them; an output of unknown type goes
        everywhere.
        """
        for use in self._workflow.uses[node.id]:
            kind = self.link_type(node, use)
            if kind == "*" or (
                "IMAGE" not in kind and any(each in kind for each in _TEXT_TYPES)
            ):
                yield use, self._workflow.nodes[use.node]

    @cached_property
    def _sides(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for node in reversed(self._workflow.nodes.values()):
            direct: set[str] = set()
            passed: set[str] = set()
            for use, target in self._flows(node):
                named = side_in(words(use.input))
                if named is not None:
                    direct.add(named)
                elif not _zeroes(target):
                    passed |= self._passed_on(target, found)
            found[node.id] = frozenset(direct or passed)
        return found

    def _passed_on(
        self, target: Node, found: dict[str, frozenset[str]]
    ) -> frozenset[str]:
        """What a node makes of a text: what its own outputs become, or a prompt without sides at
        the end.
        """
        if target.id not in found:  # within a circle
            return frozenset()
        if not self._workflow.uses[target.id]:
            return frozenset()
        if any(True for _ in self._flows(target)):
            return found[target.id]
        twin = any(side_in(words(name)) == NEGATIVE for name in target.links)
        return frozenset({POSITIVE if twin else NEUTRAL})

    @cached_property
    def _text_ends(self) -> dict[str, tuple[Use, ...]]:
        found: dict[str, tuple[Use, ...]] = {}
        for node in reversed(self._workflow.nodes.values()):
            ends: dict[Use, None] = {}
            for use in self._workflow.uses[node.id]:
                if self.link_type(node, use) not in ("STRING", "*", "COMBO"):
                    continue
                target = self._workflow.nodes[use.node]
                facts = self._facts(target.class_type)
                passes = facts is not None and "STRING" in facts.outputs
                if passes or _is(target, _REROUTES | _SWITCHES | _SHOWS):
                    ends |= dict.fromkeys(found.get(target.id, ()))
                else:
                    ends[use] = None
            found[node.id] = tuple(islice(ends, _MOST_USES))
        return found

    @cached_property
    def _users(self) -> dict[str, tuple[Use, ...]]:
        """Who uses what a node hands on, switches and reroutes
        passed; who only calculates or shows does not count.
        """
        reached: dict[str, tuple[Use, ...]] = {}
        for node in reversed(self._workflow.nodes.values()):
            users: dict[Use, None] = {}
            for use in self._workflow.uses[node.id]:
                target = self._workflow.nodes[use.node]
                if _is(target, _REROUTES | _SHOWS) or (
                    _is(target, _SWITCHES) and "switch" not in words(use.input)
                ):
                    users |= dict.fromkeys(reached.get(target.id, ()))
                elif not _is(target, _MATHS):
                    users[use] = None
            reached[node.id] = tuple(islice(users, _MOST_USES))
        return reached

    @cached_property
    def _fed(self) -> dict[str, Fed | None]:
        return {id: self._agreed(uses) for id, uses in self._users.items()}

    def _agreed(self, uses: tuple[Use, ...]) -> Fed | None:
        if not uses:
            return None
        spoken = [words(use.input) for use in uses]
        ending = _common_end(spoken)
        if not ending or len(ending) < min(map(len, spoken)):
            return None
        classes = {self._workflow.nodes[use.node].class_type for use in uses}
        name = next(
            use.input for use, said in zip(uses, spoken, strict=True) if said == ending
        )
        return Fed(classes.pop() if len(classes) == 1 else "", name)

    @cached_property
    def _labels(self) -> dict[str, dict[str, _Label]]:
        """What each node's outputs are used as, by their types."""
        found: dict[str, dict[str, _Label]] = {}
        for node in reversed(self._workflow.nodes.values()):
            labels: dict[str, list[_Label]] = {}
            for use in self._workflow.uses[node.id]:
                kind = self.link_type(node, use)
                if kind not in _MEDIA_TYPES and kind != "*":
                    continue
                target = self._workflow.nodes[use.node]
                label = self._use_label(target, use.input)
                if kind == "*" and _MEDIA_WORDS.isdisjoint(words(use.input)):
                    label = _NO_LABEL  # What nobody knows to be an image is none.
                if not label.sure and (kept := self._kept(target, kind)):
                    label = found.get(target.id, {}).get(kept, _NO_LABEL)
                labels.setdefault(kind, []).append(label)
            found[node.id] = {kind: _surest(every) for kind, every in labels.items()}
        return found

    def _use_label(self, target: Node, name: str) -> _Label:
        if any(other.endswith("_store") for other in target.values):
            return _NO_LABEL  # An editor's background.
        frame = _FRAMES.get(str(target.values.get("frame_idx")))
        if frame is not None and name == "image":
            return _Label((frame, name), 2)
        *groups, last = name.split(".")
        for each in (last, *reversed(groups[1:])):
            said = tuple(_SPELLED_OUT.get(part, part) for part in words(each))
            bare = {part.rstrip("0123456789") for part in said if len(part) > 1}
            if not _PLAIN_SOCKETS.issuperset(bare - {""}):
                return _Label(said, 2)
        known = vocabulary().used_as(class_words(target.class_type), name)
        if known:
            return _Label(known, 1)
        facts = self._facts(target.class_type)
        # What an image is made from is an image, whatever else it guides.
        made_from = facts is not None and facts.outputs[:1] == ("LATENT",)
        return _Label((), 1) if made_from else _NO_LABEL

    def _kept(self, target: Node, kind: str) -> str | None:
        """The type as which the thing that goes in comes out again, if it does: the same, or only
        unpacked.
        """
        facts = self._facts(target.class_type)
        if kind == "VIDEO" and _is(target, _UNPACKS):
            return "IMAGE"
        if facts is None or kind == "*" or not {kind, "*"}.isdisjoint(facts.outputs):
            return kind
        return None

    def is_work(self, node: Node) -> bool:
        """Whether a node calculates, chooses or shows: what it takes is not what it feeds."""
        return _is(node, _MATHS | _SHOWS | _SWITCHES)

    def is_switch(self, node: Node) -> bool:
        """Whether a node hands on one of what is linked to it."""
        return _is(node, _SWITCHES)

    def is_show(self, node: Node) -> bool:
        """Whether a node only shows what is linked to it."""
        return bool(node.links) and _is(node, _SHOWS) and not _is(node, _RAISES)

    def choices(self, node: Node) -> tuple[Node, Node] | None:
        """What a switch takes when it is on, and when it is off."""
        found: dict[bool, Node] = {}
        for name, link in node.links.items():
            source = self._workflow.nodes.get(link.node)
            parts = set(words(name))
            if source is not None and parts & {"true", "false"}:
                found["true" in parts] = source
        return (found[True], found[False]) if len(found) == 2 else None

    def is_math(self, node: Node) -> bool:
        """Whether a node calculates or compares."""
        return _is(node, _MATHS)


def _surest(labels: list[_Label]) -> _Label:
    """The one that is said most surely; none where several are."""
    highest = max((label.sure for label in labels), default=0)
    best = {label for label in labels if label.sure == highest}
    return best.pop() if len(best) == 1 else _NO_LABEL


def side_in(parts: tuple[str, ...]) -> str | None:
    """The side that an input's name speaks of."""
    sides = {_SIDES[part] for part in parts if part in _SIDES}
    return sides.pop() if len(sides) == 1 else None


def _zeroes(node: Node) -> bool:
    """Whether the node drops what the text says and keeps only its form."""
    return {"zero", "out"} <= set(words(node.class_type))


def _is(node: Node, kind: frozenset[str]) -> bool:
    return not kind.isdisjoint(class_words(node.class_type))


def _common_end(spoken: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The words that all end in."""
    ending: list[str] = []
    for column in zip(*map(reversed, spoken), strict=False):
        if len(set(column)) > 1:
            break
        ending.append(column[0])
    return tuple(reversed(ending))


def sources(node: Node) -> Iterator[Link]:
    """The node's links in the order of its inputs' names: an order that no re-export changes."""
    for _, link in sorted(node.links.items()):
        yield link
