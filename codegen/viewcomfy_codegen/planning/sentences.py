"""The sentences of the parameters: what each is for and where it is in the workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.outputs import OutputNode
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Text,
)

from ..catalog import glossary
from ..catalog.glossary import SentenceOrigin, SourcedSentence
from ..catalog.vocabulary import class_words
from ..graph.animation import makes_frames
from ..graph.roles import NEGATIVE, POSITIVE, PRIMITIVE
from ..graph.workflow import Node
from ..model import Origin
from ..naming.titles import split_mark
from ..words import plain_name, words
from .analysis import Analysis
from .constant_sentences import Constants, hands_over, is_generic
from .declared_types import is_model_file
from .drafts import Draft
from .rare_names import works_on_images
from .types import is_random
from .wording import sentence_of, spoken

_TEXTS: Final = frozenset("text prompt string value positive negative a b c".split())
_SWITCHED: Final = frozenset(
    "on off true false yes no enable disable enabled disabled".split()
)
"""Choices that turn something on or off."""

_ASKED: Final = frozenset({"prompt", "instruction"})
"""Words in the names of texts that say what is wanted."""

_MADE: Final = frozenset({"IMAGE", "VIDEO", "AUDIO"})
"""The types of results that a prompt describes."""

_LINKED: Final = frozenset("image video audio mask lora".split())
"""What a URL may lead to."""

_ASIDE: Final = frozenset("reference ref style mask control character".split())
"""Words in the names of inputs for what a result is modeled on, rather than made of."""

_FRAMES: Final = frozenset("first last start end".split())
_SIDES: Final = frozenset({"front", "back"})
_TURNED: Final = frozenset({"left", "right"})
"""Words that tell which frame of a video an image is, or which side of an object it shows."""

_NUMBER: Final = re.compile(r"-?\d{1,20}(?:\.\d{0,20})?")
"""A number that is written as a text."""

_ASIDE_KINDS: Final = frozenset({"file", "text"})
"""What a workflow saves besides its actual result."""

_LOOKS: Final = "; high values look overdone"
"""What is said of guidance, but not of the guidance of sounds."""

_EITHER_SIDE: Final = "or should not."
"""The end of sentences about classes that take either side of a prompt."""


class Sentences:
    """The documentation of a workflow's parameters; `outputs` are its outputs."""

    def __init__(self, analysis: Analysis, outputs: Iterable[OutputNode]) -> None:
        self._analysis = analysis
        self._roles = analysis.roles
        self._constants = Constants(analysis)
        kinds = {each.kind for each in outputs}
        self._only_sounds = kinds - _ASIDE_KINDS == {"audio"}

    def about(
        self, name: str, draft: Draft, shared: tuple[WireKey, ...] = ()
    ) -> tuple[About, Origin | str]:
        """The documentation of a parameter and the origin of its sentence. `shared` are the inputs
        that it sets if it sets several.
        """
        node = draft.node
        sentence, origin = self._sentence(name, draft, shared)
        if isinstance(draft.type, Json) and isinstance(draft.value, dict):
            keys = spoken(", ".join(map(str, draft.value)))
            listed = glossary().role("keys").format(keys=keys) if keys else ""
            sentence = f"{sentence} {listed}".strip()
        is_file = isinstance(draft.type, Media) and isinstance(draft.value, str)
        return (
            About(
                sentence=sentence,
                class_type=spoken(node.class_type),
                title=spoken(split_mark(node.title)[1]),
                deployed=spoken(str(draft.value)) if is_file else "",
                step=draft.step if isinstance(draft.type, Integer | Number) else None,
                label=spoken(draft.wish.label or "") if draft.wish is not None else "",
            ),
            origin,
        )

    def _sentence(
        self, name: str, draft: Draft, shared: tuple[WireKey, ...]
    ) -> tuple[str, Origin | str]:
        """The parameter's sentence and its origin: its role if its input's own name says nothing,
        else what is known about it.
        """
        if draft.wish is not None and draft.wish.doc:
            return sentence_of(draft.wish.doc), draft.wish.origin
        if draft.mask_of is not None:
            return (
                f"Mask for {draft.mask_of}: an image of its size that is transparent where the mask"
                " is. Without one, the transparency of the image itself is used."
            ), SentenceOrigin.IMAGE
        if hands_over(each.name for each in shared):
            return glossary().role("handover"), SentenceOrigin.ROLE
        if len({each.name for each in shared}) > 1 and is_random(draft.type):
            return glossary().role("seed"), SentenceOrigin.ROLE
        used = self._used(name, draft, bool(shared))
        if used:
            return used, SentenceOrigin.ROLE
        known, origin = self._known(name, draft)
        return known.replace(_LOOKS, "") if self._only_sounds else known, origin

    def _known(self, name: str, draft: Draft) -> SourcedSentence:
        """The sentence that the glossary or the user's server has for the input or for what it
        feeds.
        """
        kind = self._kind(draft)
        node, input = draft.node, draft.input
        if PRIMITIVE.issuperset(words(input)) or is_generic(draft):
            held = self._constants.sentence_of_held(name, draft, kind)
            if held is not None:
                return held
        if "." in input:
            if in_full := glossary().of_class(node.class_type, plain_name(input)):
                return in_full, SentenceOrigin.CLASS
            input = input.rpartition(".")[2]
        tooltip = sentence_of(draft.tooltip)
        return glossary().sentence(node.class_type, input, kind, tooltip)

    def _kind(self, draft: Draft) -> str:
        """The kind of value for the glossary, which distinguishes model files and numbers from
        other texts.
        """
        facts = self._analysis.facts[draft.node.class_type]
        declared = facts.input(draft.input) if facts is not None else None
        if isinstance(draft.type, Text | Choice):
            if is_model_file(draft.value, declared):
                return "file"
        if isinstance(draft.type, Choice) and _is_switch(draft.type):
            return "flag"
        if isinstance(draft.type, Text) and _NUMBER.fullmatch(str(draft.value)):
            return "number"
        return type(draft.type).__name__.lower()

    def _used(self, name: str, draft: Draft, shared: bool) -> str:
        """What a value is used for, if its input's own name doesn't say so or covers only part of
        it.
        """
        match draft.type:
            case Media(media):
                return self._filed(name, draft, media.partition("/")[0])
            case Flag():
                return self._switched(draft.node)
            case Integer() if draft.input == "batch_size":
                facts = self._analysis.facts[draft.node.class_type]
                works = works_on_images(draft.node, facts)
                if works:
                    return glossary().role("batch")
                animated = makes_frames(self._analysis.workflow, draft.node)
                return glossary().role("batch:animated") if animated else ""
            case Text():
                return self._written(name, draft, shared)
            case _:
                return ""

    def _filed(self, name: str, draft: Draft, noun: str) -> str:
        """What a file of this kind is used for, by its name if that says which frame or side it
        is.
        """
        parts = words(name)
        sides = _SIDES | _TURNED if self._has_views else _SIDES
        framed = "frame" in parts and not _FRAMES.isdisjoint(parts)
        if noun == "image" and (framed or not sides.isdisjoint(parts)):
            return glossary().use(parts, noun)
        label = self._roles.label(draft.node)
        return glossary().use((each for each in label if each not in _TURNED), noun)

    @cached_property
    def _has_views(self) -> bool:
        """Whether the workflow takes views of an object from several sides, so that left and right
        are sides, too.
        """
        nodes = self._analysis.workflow.nodes.values()
        return any(
            not _SIDES.isdisjoint(words(each)) for n in nodes for each in n.links
        )

    def _switched(self, node: Node) -> str:
        """What a switch, or the only switch that a constant sets, chooses between."""
        uses = self._roles.users(node)
        if len(uses) == 1 and words(uses[0].input) == ("switch",):
            node = self._analysis.workflow.nodes[uses[0].node]
        ways = self._roles.choices(node)
        if ways is None or any(self._roles.is_switch(each) for each in ways):
            return ""
        on, off = (spoken(each.title or each.class_type) for each in ways)
        return glossary().role("choice").format(on=on, off=off) if on != off else ""

    def _written(self, name: str, draft: Draft, shared: bool) -> str:
        """What a text is used for."""
        own, parts = set(words(draft.input)), words(name)
        if self._roles.saves(draft.node) or "system" in parts:
            return ""  # It is only written down, or says how a language model should behave.
        if parts[-1:] == ("url",) and self._is_plain_url(draft, parts):
            spoken_class = class_words(draft.node.class_type)
            loaded = next((each for each in spoken_class if each in _LINKED), "file")
            noun = glossary().spelled(parts[:-1] or (loaded,))
            return glossary().role("url").format(noun=noun)
        found = self._roles.encodes(draft.node) and self._roles.finds(draft.node)
        if found or {"mask", "prompt"} <= set(parts):
            negative = NEGATIVE in parts
            return glossary().role("negative:mask" if negative else "mask_prompt")
        passed = shared or own <= _TEXTS or self._roles.is_switch(draft.node)
        asked = not _ASKED.isdisjoint(parts) or self._roles.encodes(draft.node)
        if not (passed and asked):
            return ""
        if self._instructs(draft, parts):
            return glossary().role("instruction")
        side = NEGATIVE if NEGATIVE in parts else self._roles.side(draft.node)
        if side is None and POSITIVE in parts:
            side = POSITIVE
        if side is None:
            return self._made(draft)
        if not shared and self._says_more(draft, side):
            return ""
        return glossary().role(f"{side}:audio" if self._only_sounds else side)

    def _is_plain_url(self, draft: Draft, parts: Sequence[str]) -> bool:
        """Whether only a parameter's name tells what a URL leads to."""
        own = words(draft.input)
        if own != ("url",):
            return "url" not in own
        _, origin = glossary().sentence(draft.node.class_type, draft.input, "text")
        told = parts[-2:-1] or class_words(draft.node.class_type)
        return origin is SentenceOrigin.NAME and not _LINKED.isdisjoint(told)

    def _made(self, draft: Draft) -> str:
        """What a node that generates its result alone makes of its prompt: a result, or a changed
        version of what is linked to it.
        """
        node = draft.node
        facts = self._analysis.facts[node.class_type]
        if facts is None or not self._roles.generates_alone(node):
            return ""
        if glossary().of_class(node.class_type, plain_name(draft.input)):
            return ""
        made = facts.outputs[0] if facts.outputs else ""
        changed = any(
            each is not None and each.type == made
            for name in node.links
            if _ASIDE.isdisjoint(words(name))
            for each in (facts.input(name, node.values),)
        )
        noun = made.lower() if made in _MADE else "result"
        return glossary().role(f"{'changed' if changed else 'made'}:{noun}")

    def _instructs(self, draft: Draft, parts: Iterable[str]) -> bool:
        """Whether a text named with these words is what a language model is asked, rather than what
        is changed before it is asked.
        """
        if NEGATIVE in parts:
            return False
        if self._roles.writes(draft.node):
            return True
        sentence, _ = glossary().sentence(draft.node.class_type, draft.input, "text")
        return not sentence and self._roles.is_instruction(draft.node)

    def _says_more(self, draft: Draft, side: str) -> bool:
        """Whether the class has a sentence of its own for its text: one edits, searches or joins,
        while an encoder merely takes either side of a prompt.
        """
        said = glossary().of_class(draft.node.class_type, plain_name(draft.input))
        either = side == NEGATIVE or said.endswith(_EITHER_SIDE)
        return bool(said) and not (either and self._roles.encodes(draft.node))


def _is_switch(choice: Choice) -> bool:
    """Whether a choice only turns something on or off."""
    options = {str(option).casefold() for option in choice.options}
    return len(options) == 2 and options <= _SWITCHED
