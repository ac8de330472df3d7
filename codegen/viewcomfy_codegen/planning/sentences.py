"""The sentences of the parameters: what each is for and where it is in the workflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from viewcomfy_runtime.parameters.docs import About
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
from ..catalog.glossary import SentenceOrigin, Told
from ..graph.roles import NEGATIVE, POSITIVE, PRIMITIVE, held_words
from ..graph.workflow import Node
from ..model import Origin
from ..naming.rules import Rule
from ..naming.titles import split_mark
from ..words import one_line, plain_name, words
from .analysis import Analysis
from .declared_types import is_model_file
from .drafts import Draft
from .groups import works_on_images

_TEXTS: Final = frozenset("text prompt string value positive negative a b c".split())
_WRITING: Final = frozenset(
    "max_length max_tokens max_new_tokens temperature top_p sampling_mode".split()
)
"""Inputs of nodes in which a language model generates text."""

_EITHER_SIDE: Final = "or should not."
"""The end of sentences about classes that take either side of a prompt."""

_LONGEST_QUOTE: Final = 80


class Sentences:
    """The documentation of a workflow's parameters; `outputs` are its outputs."""

    def __init__(self, analysis: Analysis, outputs: Iterable[OutputNode]) -> None:
        self._analysis = analysis
        self._roles = analysis.roles
        self._only_sounds = {each.kind for each in outputs} == {"audio"}

    def about(
        self, name: str, draft: Draft, shared: bool = False
    ) -> tuple[About, Origin | str]:
        """The documentation of a parameter and the origin of its sentence. A `shared` parameter
        sets several inputs.
        """
        node = draft.node
        sentence, origin = self._sentence(name, draft, shared)
        if isinstance(draft.type, Json) and isinstance(draft.value, dict):
            keys = spoken(", ".join(map(str, draft.value)))
            told = glossary().role("keys").format(keys=keys) if keys else ""
            sentence = f"{sentence} {told}".strip()
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
        self, name: str, draft: Draft, shared: bool
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
        used = self._used(name, draft, shared)
        return (used, SentenceOrigin.ROLE) if used else self._known(name, draft)

    def _known(self, name: str, draft: Draft) -> Told:
        """The sentence that the glossary or the user's server has for the input or for what it
        feeds.
        """
        kind = self._kind(draft)
        plain, own = plain_name(draft.input), set(held_words(draft.node, draft.input))
        fed = self._roles.fed(draft.node)
        if fed is not None and own <= PRIMITIVE:
            taken = plain_name(fed.input.rpartition(".")[2])
            said = glossary().sentence(fed.class_type, taken, kind)
            named = glossary().on_name(plain_name(name), kind)
            # A name made from what the flag enables says more than what it feeds.
            if kind == "flag" and named[1] is SentenceOrigin.PATTERN:
                return named
            return said if said[0] else named
        operand = self._roles.operand(draft.node) if own <= PRIMITIVE else None
        if operand is not None and draft.name_origin is Rule.FED:
            what, letter = " ".join(operand.what), " ".join(operand.letter)
            formula = glossary().role("operand").format(what=what, letter=letter)
            return formula, SentenceOrigin.ROLE
        if own <= PRIMITIVE and not draft.node.links:
            if own_said := glossary().of_class(draft.node.class_type, plain):
                return own_said, SentenceOrigin.CLASS
            return glossary().on_name(plain_name(name), kind)
        if "." in draft.input:
            plain = plain_name(draft.input.rpartition(".")[2])
        told = sentence_of(draft.told)
        return glossary().sentence(draft.node.class_type, plain, kind, told)

    def _kind(self, draft: Draft) -> str:
        """The kind of value for the glossary, which distinguishes model files from other texts."""
        facts = self._analysis.facts[draft.node.class_type]
        declared = facts.input(draft.input) if facts is not None else None
        if isinstance(draft.type, Text | Choice):
            if is_model_file(draft.value, declared):
                return "file"
        return type(draft.type).__name__.lower()

    def _used(self, name: str, draft: Draft, shared: bool) -> str:
        """What a value is used for, if its input's own name doesn't say so or covers only part of
        it.
        """
        match draft.type:
            case Media(media):
                noun = media.partition("/")[0]
                return glossary().use(self._roles.label(draft.node), noun)
            case Flag():
                return self._switched(draft.node)
            case Integer() if draft.input == "batch_size":
                facts = self._analysis.facts[draft.node.class_type]
                works = works_on_images(draft.node, facts)
                return glossary().role("batch") if works else ""
            case Text():
                return self._written(name, draft, shared)
            case _:
                return ""

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
        if self._roles.saves(draft.node):
            return ""  # It is only written down there.
        if parts[-1:] == ("url",) and "url" not in own:
            noun = " ".join(parts[:-1]) or "file"
            return glossary().role("url").format(noun=noun)
        if {"mask", "prompt"} <= set(parts):
            negative = NEGATIVE in parts
            return glossary().role("negative:mask" if negative else "mask_prompt")
        if not (shared or own <= _TEXTS) or "prompt" not in parts:
            return ""
        if self._asks_language_model(draft.node):
            return glossary().role("instruction")
        side = NEGATIVE if NEGATIVE in parts else self._roles.side(draft.node)
        if side is None and POSITIVE in parts:
            side = POSITIVE
        if side is None or (not shared and self._says_more(draft, side)):
            return ""
        return glossary().role(f"{side}:audio" if self._only_sounds else side)

    def _says_more(self, draft: Draft, side: str) -> bool:
        """Whether the class has a sentence of its own for its text: one edits, searches or joins,
        while an encoder merely takes either side of a prompt.
        """
        said = glossary().of_class(draft.node.class_type, plain_name(draft.input))
        either = side == NEGATIVE or said.endswith(_EITHER_SIDE)
        return bool(said) and not (either and self._roles.encodes(draft.node))

    def _asks_language_model(self, node: Node) -> bool:
        """Whether a language model takes the node's text and generates another."""
        facts = self._analysis.facts[node.class_type]
        return (
            facts is not None
            and facts.outputs[:1] == ("STRING",)
            and not _WRITING.isdisjoint(facts.inputs)
        )


def sentence_of(text: str) -> str:
    """The text as a sentence on one line."""
    plain = one_line(text)
    return plain if not plain or plain[-1] in ".!?…:;)" else f"{plain}."


def spoken(text: str) -> str:
    """A text of the workflow for use within a sentence: on one line, without unprintable
    characters, shortened if long.
    """
    plain = one_line(text)
    return (
        plain
        if len(plain) <= _LONGEST_QUOTE
        else plain[: _LONGEST_QUOTE - 1].rstrip() + "…"
    )
