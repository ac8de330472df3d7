"""What each input of a workflow could be called by itself: what its user wrote, its role, its own
name with a noun.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from viewcomfy_runtime.parameters.types import Flag, Media, ParameterType, Text

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words, family_of, noun_of, what_it_does
from ..graph.roles import NEGATIVE, POSITIVE, PRIMITIVE, Roles, side_in
from ..graph.workflow import Node, Workflow
from ..words import RESERVED, words
from .rules import Rule, Words, fitting, merge
from .surroundings import Surroundings
from .titles import MARKS, Titles, split_mark

__all__ = ["MARKS", "PROMPT_WORDS", "Base", "Labels", "Spot", "Words", "split_mark"]

PROMPT_WORDS: Final = frozenset(
    "prompt text positive negative string caption wildcard".split()
)
"""Words in the names of inputs that hold what an image should show."""

_GENERIC: Final = frozenset("""
    text texts value string prompt image images int integer float number num boolean bool input
    video audio file any model positive negative populated literal choice
    """.split())
"""Words for what a value is; they do not say which one."""

_WEAK: Final = frozenset("""
    strength weight weights scale name type mode direction channel tolerance threshold start end x y
    z amount index left right top bottom expand enabled enable version noise base ratio factor
    radius a b c d k resolution rotate kind function offset visibility algorithm text string value
    model int float number boolean choice
    """.split())
"""Words that say how a value acts but not on what: they need the noun of what their node is."""

_OPENING: Final = frozenset(
    "start end low high strength weight first last model class".split()
)
_CLOSING: Final = frozenset(
    "at percent threshold model clip type step name strength index frame".split()
)
"""How phrases begin and end that are as weak: `start_percent`, `low_threshold`, `model_name`."""

_MILD: Final = frozenset("device dtype precision quantization quality".split())
"""Words that take the noun of a well-known family, and stand alone elsewhere."""

_SIDE_WORDS: Final = frozenset({"positive", "negative", "pos", "neg"})
_PROMPT_FILLERS: Final = frozenset("""
    positive negative pos neg text string value prompt prompts conditioning clip encode encoder
    input user
    """.split())
_ENCODERS: Final = re.compile(
    r"clip_?[lg]|t5_?xxl|text_?[lg]|t5|llama|llm|bert|mt5xl|g|l"
)
_MEDIA_NOUNS: Final = frozenset("""
    image images mask video audio picture photo frame frames img pixels sound music voice speech
    song
    """.split())
_FRAMES: Final = frozenset("start end first last".split())
"""What one frame of a video is, but no video."""

_LOADED: Final = (("clip",), ("vae",), ("text", "encoder"))
"""Families of which a workflow has one: a number stands behind their inputs' whole names."""

_TO_FIND: Final = ("mask", "prompt")
"""The name of a text that says what to find in an image."""

_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spot:
    """An input of a node that is to be named; `alone` when it is the node's only one."""

    node: Node
    input: str
    type: ParameterType
    alone: bool
    label: Words = ()
    """What its user wrote for the input itself, elsewhere than in the workflow."""
    hidden: bool = False
    """Whether it has no parameter unless somebody asks: it gives way to all others."""


@dataclass(frozen=True, slots=True)
class Base:
    """What an input is called as long as no other wants that name.

    `noun` is what a weak word needs, `words` the rest; `role` when the whole says what the value
    is, so that numbers stand behind it; `reserved` when only Python needs the noun.
    """

    words: Words
    rule: Rule
    noun: Words = ()
    role: bool = False
    reserved: bool = False

    @property
    def name(self) -> Words:
        return merge(self.noun, self.words)


class Labels:
    """What the inputs of one workflow are called by themselves."""

    def __init__(
        self,
        workflow: Workflow,
        roles: Roles,
        facts: dict[str, NodeFacts | None],
        around: Mapping[str, Surroundings] | None = None,
    ) -> None:
        self.around = around or {}
        self.workflow = workflow
        self.roles = roles
        self.facts = facts
        self.titles = Titles(workflow, facts)

    def said(self, id: str) -> Words:
        """What the author's title of the node says beyond its class."""
        return self.titles.said[id]

    def base(self, spot: Spot) -> Base:
        """The spot's name while nothing else wants it."""
        if spot.label:
            return self._labelled(spot)
        if isinstance(spot.type, Media):
            return self._file(spot.node, spot.type, spot)
        own = self._sided(spot, own_words(spot.input))
        if isinstance(spot.type, Text):
            text = self._text(spot, own)
            if text is not None:
                return text
        return self._constant(spot, own) or self._own(spot, own)

    def _sided(self, spot: Spot, own: Words) -> Words:
        """An input's words with its side spelled out, also where only its twin says its own:
        `coordinates` beside `neg_coordinates`.
        """
        spelled = tuple(
            {"neg": NEGATIVE, "pos": POSITIVE}.get(word, word) for word in own
        )
        inputs = (*spot.node.values, *spot.node.links)
        twins = (f"neg_{spot.input}", f"negative_{spot.input}")
        paired = any(twin in inputs for twin in twins)
        if spelled == own and paired and own != ("prompt",):
            return (POSITIVE, *own)
        return spelled

    def noun(self, node: Node) -> Words:
        """What the node is called in short: as its author does, else as its class is."""
        return self.titles.said[node.id] or self.class_noun(node)

    def class_noun(self, node: Node) -> Words:
        """What nodes of its class are called in short; what
        finds a part of an image makes a mask.
        """
        family = family_of(node.class_type)
        if not family and self.roles.makes_masks(node):
            return ("mask",)
        return family or noun_of(node.class_type)

    def _labelled(self, spot: Spot) -> Base:
        if spot.label == words(spot.input):
            return Base(spot.label, Rule.LABEL)
        return Base(spot.label, Rule.LABEL, role=True)

    # Files

    def file_name(self, node: Node) -> Words:
        """What the file that a node loads is called; empty for a node that loads none."""
        facts = self.facts[node.class_type]
        if facts is None or node.links:
            return ()
        for name in node.values:
            declared = facts.inputs.get(name)
            if declared is not None and declared.upload:
                kind = Media(declared.upload)
                return self._file(node, kind, Spot(node, name, kind, True)).name
        return ()

    def _file(self, node: Node, kind: Media, spot: Spot) -> Base:
        said = self.titles.said[node.id]
        noun = _noun(kind)
        if said and not _GENERIC.issuperset(said) and not _numbers(said):
            if said[0].isdecimal():
                return Base((noun, *said), Rule.TITLE, role=True)
            return Base(_with_noun(said, noun), Rule.TITLE, role=True)
        facts = self.facts[node.class_type]
        if facts is not None and facts.outputs == ("MASK",):
            noun = "mask"
        label = self.roles.label(node)
        own = own_words(spot.input)
        if label and noun != "file":
            return Base(_as_media(label, noun), Rule.ROLE, role=True)
        if _MEDIA_NOUNS.isdisjoint(own) and own != ("file",):
            return Base((*own, noun) if noun != "file" else own, Rule.INPUT, role=True)
        return Base((noun,), Rule.INPUT, role=True)

    # Texts

    @cached_property
    def _has_negative(self) -> bool:
        """Whether a text of the workflow says what is not wanted."""
        return any(
            isinstance(value, str)
            and not self.roles.is_show(node)
            and (
                side_in(words(name)) == NEGATIVE
                or (
                    self.roles.side(node) == NEGATIVE
                    and (
                        _PROMPT_FILLERS.issuperset(words(name))
                        or self.roles.encodes(node)
                    )
                )
            )
            for node in self.workflow.nodes.values()
            for name, value in node.values.items()
        )

    def _text(self, spot: Spot, own: Words) -> Base | None:
        """The name of a text that people read or write;
        None for a setting that happens to be text.
        """
        node = spot.node
        value = str(node.values.get(spot.input, ""))
        side = self._side(spot, own, value)
        said = self._prompt_words(spot)
        if side not in (None, NEGATIVE) and not said and self.roles.finds(node):
            return Base(_TO_FIND, Rule.ROLE, role=True)
        if side is not None:
            encoder = tuple(w for w in own if w not in _PROMPT_FILLERS | _SIDE_WORDS)
            if _ENCODERS.fullmatch(spot.input.lower()):
                encoder = tuple(w for w in own if w != "text")
            return self._prompt(side, said, encoder)
        if _ADDRESS.match(value) and (own == ("url",) or _GENERIC.issuperset(own)):
            return self._linked_file(node)
        if not _PROMPT_FILLERS.issuperset(own):
            return None
        if said:
            generic = spot.alone or own == ("value",)
            whole = self.titles.said[node.id]
            return Base(whole, Rule.TITLE, role=True) if generic else None
        if node.links:
            if self.roles.makes_masks(node) and not self.roles.generates_alone(node):
                return Base(_TO_FIND, Rule.ROLE, role=True)
            return None
        return self._ended(node)

    def _linked_file(self, node: Node) -> Base | None:
        """The name of an address: what stands there, and what it is used as."""
        end = self.roles.text_end(node)
        openers = [self.workflow.nodes[end.node]] if end is not None else []
        opener = next((each for each in (*openers, node) if _medium(each)), node)
        noun = _medium(opener)
        label = self.roles.label(opener) or self.roles.label(node)
        if label and noun:
            return Base((*_as_media(label, noun), "url"), Rule.ROLE, role=True)
        return Base((noun, "url") if noun else ("url",), Rule.ROLE, role=True)

    def _ended(self, node: Node) -> Base | None:
        """The name of a text that is used as no prompt: what it is used as."""
        end = self.roles.text_end(node)
        if end is None:
            return None
        target = self.workflow.nodes[end.node]
        used = words(end.input)
        if not _PROMPT_FILLERS.issuperset(used):
            return Base(used, Rule.FED)
        if self.roles.makes_masks(target):
            return Base(_TO_FIND, Rule.FED, role=True)
        return Base(used, Rule.FED)

    def _prompt(self, side: str, said: Words, encoder: Words) -> Base:
        sided: Words = ("prompt",)
        if side == NEGATIVE or (side == POSITIVE and self._has_negative and not said):
            sided = (side, "prompt")
        if encoder and sided == ("prompt",) and not said:
            return Base((*encoder, "prompt"), Rule.ROLE, role=True)
        rule = Rule.TITLE if said else Rule.ROLE
        whole = sided if "prompt" not in said else sided[:-1]
        return Base(merge(said, whole) + encoder, rule, role=True)

    def _prompt_words(self, spot: Spot) -> Words:
        said = self.titles.said[spot.node.id]
        return tuple(word for word in said if word not in _PROMPT_FILLERS)

    def _side(self, spot: Spot, own: Words, value: str) -> str | None:
        """Which side of the prompt a text becomes; a
        setting that happens to be text becomes none.
        """
        node = spot.node
        named = side_in(own)
        if named is not None and _PROMPT_FILLERS.issuperset(own):
            return named
        if named is not None:
            return None
        encoder = _ENCODERS.fullmatch(spot.input.lower()) is not None
        if not _PROMPT_FILLERS.issuperset(own) and not (
            encoder and self.roles.encodes(node)
        ):
            joins = {"string", "text", "prompt"}.intersection(own)
            if not joins or not node.links or not self.roles.side(node):
                return None
            rest = set(own) - _PROMPT_FILLERS
            if any(len(each) > 2 for each in rest):
                return None
        if self.facts[node.class_type] is None and not (
            PROMPT_WORDS.intersection(own) or " " in value.strip()
        ):
            return None
        side = self.roles.side(node)
        if side in (POSITIVE, NEGATIVE):
            return side
        titled = side_in(words(split_mark(node.title)[1]))
        if titled is not None:
            return titled
        return side if self._becomes_prompt(node) else None

    def _becomes_prompt(self, node: Node) -> bool:
        """Whether a text without sides is one that an image is made from: an encoder takes it."""
        if self.roles.encodes(node):
            return True
        end = self.roles.text_end(node)
        return end is not None and self.roles.encodes(self.workflow.nodes[end.node])

    # Everything else

    def _constant(self, spot: Spot, own: Words) -> Base | None:
        """The name of a value that only other nodes use: as
        its author calls it, else as they do.
        """
        node = spot.node
        plain = _GENERIC - _MEDIA_NOUNS
        held = PRIMITIVE.issuperset(own) or (spot.alone and plain.issuperset(own))
        if not held or node.links:
            return None
        said = self.titles.said[node.id]
        if said and not _numbers(said):
            return Base(said, Rule.TITLE, role=True)
        fed = self.roles.fed(node)
        if fed is None:
            return None
        used = own_words(fed.input)
        if _GENERIC.issuperset(word for word in used if len(word) > 1):
            return None
        noun: Words = ()
        if _is_weak(used) and fed.class_type:
            noun = noun_of(fed.class_type)
        if isinstance(spot.type, Flag) and used == ("switch",):
            noun = ()
        return Base(used, Rule.FED, noun)

    def _own(self, spot: Spot, own: Words) -> Base:
        """The input's own name, with a noun where it needs one."""
        node = spot.node
        said = self.titles.said[node.id]
        if _numbers(said):
            said = ()
        if said and spot.alone and self._names_it(spot, own):
            return Base(said, Rule.TITLE, role=True)
        if self.roles.is_math(node) and isinstance(spot.type, Text):
            own = ("expression",) if _GENERIC.issuperset(own) else own
        if own[:1] == ("strength",) and own[1:] == ("model",):
            if not any(words(name) == ("strength", "clip") for name in node.values):
                own = ("strength",)
        if isinstance(spot.type, Flag) and own in (("switch",), ("boolean",)):
            chosen = self._chosen(node)
            if chosen:
                return Base(("use", *chosen), Rule.ROLE, role=True)
        if not own:
            return Base(self.class_noun(node), Rule.NOUN)
        family = family_of(node.class_type)
        if family[1:] and own[0] == family[0] and "name" in own:
            return Base(own, Rule.NOUN, family)
        lettered = {word for word in own if len(word) > 1}
        if said and lettered and _GENERIC.issuperset(lettered):
            return Base(said, Rule.TITLE, role=True)
        if own[0].rstrip("0123456789") == "text" and self._speaks(node):
            return Base(own, Rule.INPUT)
        if _is_weak(own) and not self.roles.generates_alone(node):
            noun = said if said and merge(said, own) != own else self.class_noun(node)
            rule = Rule.TITLED if noun == said else Rule.NOUN
            return (
                Base(own, rule, fitting(noun, own)) if noun else Base(own, Rule.INPUT)
            )
        if "_".join(own) in RESERVED:
            noun = said or self.class_noun(node)
            return Base(own, Rule.NOUN, fitting(noun, own), reserved=True)
        if family and len(own) == 1 and own[0] in _MILD:
            return Base(own, Rule.NOUN, family)
        if family and own[: len(family)] == family and family not in _LOADED:
            return Base(own, Rule.INPUT, family)
        if said and self._is_output(node) and {"prefix", "filename"} & set(own):
            return Base(own, Rule.TITLED, fitting(said, own))
        return Base(own, Rule.INPUT)

    def _names_it(self, spot: Spot, own: Words) -> bool:
        """Whether a title is the name of its node's only input rather than a remark on the node."""
        return _GENERIC.issuperset(own) or (
            self.titles.whole(spot.node) and not self._is_output(spot.node)
        )

    def _speaks(self, node: Node) -> bool:
        """Whether the node makes sound of its text: what is spoken is the text."""
        facts = self.facts[node.class_type]
        if facts is not None:
            return "AUDIO" in facts.outputs
        return not {"tts", "speech"}.isdisjoint(class_words(node.class_type))

    def _is_output(self, node: Node) -> bool:
        facts = self.facts[node.class_type]
        return facts.output_node if facts else not self.workflow.uses[node.id]

    def _chosen(self, node: Node) -> Words:
        """What a switch chooses when it is on: the author's
        words for it, else what its class is.
        """
        for name, link in sorted(node.links.items()):
            if {"true", "on"}.intersection(words(name)) and "false" not in words(name):
                source = self.workflow.nodes.get(link.node)
                if source is not None and not self.roles.is_switch(source):
                    said = self.titles.said[source.id]
                    return said[:3] or what_it_does(source.class_type)
        return ()


def own_words(name: str) -> Words:
    """The words of an input's name; of one that a choice brings (`model.size.width`), those behind
    the last dot.
    """
    return words(name.rpartition(".")[2]) or words(name)


def _is_weak(own: Words) -> bool:
    bare = tuple(word.rstrip("0123456789") for word in own)
    bare = tuple(word for word in bare if word) or own
    if len(bare) == 1:
        return bare[0] in _WEAK
    return len(bare) == 2 and bare[0] in _OPENING and bare[1] in _CLOSING


def _numbers(said: Words) -> bool:
    return bool(said) and all(word.isdecimal() for word in said)


def _noun(kind: Media) -> str:
    noun = kind.media.partition("/")[0]
    return noun if noun in _MEDIA_NOUNS else "file"


def _with_noun(said: Words, noun: str) -> Words:
    if _MEDIA_NOUNS.intersection(word.rstrip("0123456789") for word in said):
        return said
    return (*said, noun)


def _as_media(label: Words, noun: str) -> Words:
    """A role with the noun of what is really loaded: an image that becomes `control_video` is a
    control image.
    """
    bare = tuple(word.rstrip("0123456789") or word for word in label)
    if "mask" in bare or "masks" in bare:
        rest = tuple(word for word in label if word not in ("image", "images"))
        return tuple("mask" if word == "masks" else word for word in rest)
    rest = tuple(
        word
        for word, plain in zip(label, bare, strict=True)
        if plain not in _MEDIA_NOUNS | {"videos", "audios"}
        and not (noun == "video" and plain in _FRAMES)
    )
    return (*rest, noun)


def _medium(opener: Node) -> str:
    """What an address leads to, as the class that opens it says."""
    for word in class_words(opener.class_type):
        if word.rstrip("s") in _MEDIA_NOUNS:
            return word.rstrip("s")
    return ""
