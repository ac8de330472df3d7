"""The names of texts that people read or write: prompts by their side, others by their use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words, family_of
from ..graph.roles import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SIDE_WORDS,
    Roles,
    side_in,
)
from ..graph.workflow import Node, Workflow
from ..words import words
from .files import Files
from .rules import Rule, Words, merge
from .spots import GENERIC, MEDIA_NOUNS, Base, Spot
from .titles import Titles, split_mark

PROMPT_WORDS: Final = frozenset(
    "prompt text positive negative string caption wildcard".split()
)
"""Words in the names of inputs that describe an image."""

PROMPT_FILLERS: Final = SIDE_WORDS | frozenset("""
    text string value prompt prompts conditioning clip encode encoder input user
    提示词 提示 文本 提示词编码 文本编码 プロンプト テキスト 프롬프트 텍스트 промпт текст
    """.split())
"""Words that only say that a text is a prompt."""

_ENCODERS: Final = re.compile(
    r"clip_?[lg]|t5_?xxl|text_?[lg]|t5|llama|llm|bert|mt5xl|g|l"
)

_TOLD: Final = frozenset(
    "system prompt message instruction instructions text role user content".split()
)
"""Words in the names of texts that tell a language model what to do."""

_IMPROVING: Final = frozenset("prompt enhance enhancer enhancement".split())

_BASE64: Final = frozenset({"base64", "b64"})

_ENCODER_LETTERS: Final = frozenset({"g", "l"})
"""The large and the smaller of two encoders, at the end of a text's name."""

_TO_FIND: Final = ("mask", "prompt")
"""The name of a text that describes what to find in an image."""

_PLACE: Final = re.compile(r"[{%$_<\[]{1,3}([\w .-]{1,60})[}%_>\]]{0,3}")
"""A placeholder, and the name of what replaces it."""

_NUMBER: Final = re.compile(r"\s*[-+]?\d+(?:\.\d*)?\s*")
SERVER: Final = re.compile(
    r"https?://[\w.-]{1,200}(?::\d{2,5})?/?|(?:localhost|\w[\w-]*(?:\.[\w-]+){1,20}):\d{2,5}/?"
)
"""The address of a service rather than of a file."""

_LETTERS: Final = "abcdefghij"
"""How the parts of a text are told apart in the names of inputs."""

_PROMPTS: Final = frozenset({"prompt", "prompts", POSITIVE})
"""Words in titles for what is wanted."""

_ADDRESSES: Final = (("url",), ("url", "or", "path"))
"""The names of inputs for the address of a file."""

_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)


class Texts:
    """The names of the texts of a workflow."""

    def __init__(
        self,
        workflow: Workflow,
        roles: Roles,
        facts: Mapping[str, NodeFacts | None],
        titles: Titles,
        files: Files,
    ) -> None:
        self._workflow = workflow
        self._roles = roles
        self._facts = facts
        self._titles = titles
        self._files = files
        self._joints: dict[str, str | None] = {}

    def base(self, spot: Spot, own: Words) -> Base | None:
        """The name of a text that people read or write; None for a setting that happens to be a
        text.
        """
        node = spot.node
        value = str(node.values.get(spot.input, ""))
        if (instruction := self._instruction(spot, own)) is not None:
            return instruction
        side = self._side(spot, own, value)
        said = self._prompt_words(spot)
        if side not in (None, NEGATIVE) and not said and self._roles.finds(node):
            return Base(_TO_FIND, Rule.ROLE, role=True)
        joined = (
            self._roles.joins(node, spot.input)
            or self._joined_to(spot)
            or self._part_of_prompt(node)
        )
        if joined and side is not None and not self._titles.said[node.id]:
            sided = (NEGATIVE, "prompt") if side == NEGATIVE else ("prompt",)
            return Base((*sided, joined), Rule.ROLE, role=True)
        if side is not None:
            encoder = tuple(w for w in own if w not in PROMPT_FILLERS)
            if _ENCODERS.fullmatch(spot.input.lower()):
                encoder = tuple(w for w in own if w != "text")
            if side != NEGATIVE and side_in(self._titles.said[node.id]) == POSITIVE:
                side = POSITIVE
                twin = self._has_negative
            else:
                twin = said in self._negative_words if said else self._has_negative
            return self._prompt(side, said, () if spot.for_all else encoder, twin)
        if SERVER.fullmatch(value):
            return None
        if own == ("image",) and "url" in class_words(node.class_type):
            return self._files.linked(node)
        if own in _ADDRESSES and not value and _loads_media(node):
            return self._files.linked(node)
        if _ADDRESS.match(value) and (own in _ADDRESSES or GENERIC.issuperset(own)):
            return self._files.linked(node)
        if self._holds_file(node, own):
            return self._files.linked(node, "base64")
        if not PROMPT_FILLERS.issuperset(own):
            return None
        if said:
            generic = spot.alone or own == ("value",)
            whole = self._titles.said[node.id]
            return Base(whole, Rule.TITLE, role=True) if generic else None
        if "prompt" in self._titles.said[node.id] and not node.links:
            return Base(self._titles.said[node.id], Rule.TITLE, role=True)
        if node.links:
            if self._roles.makes_masks(node) and not self._roles.generates_alone(node):
                return Base(_TO_FIND, Rule.ROLE, role=True)
            return None
        return self._ended(node)

    def _joined_to(self, spot: Spot) -> str:
        """Where the only text that a node doesn't take from others stands: before ("prefix") or
        after ("suffix") them; empty if it isn't the only one.
        """
        stem, _, letter = spot.input.rpartition("_")
        if not stem or letter not in _LETTERS:
            return ""
        others = [f"{stem}_{each}" for each in _LETTERS if each != letter]
        linked = [name for name in others if name in spot.node.links]
        if not linked or any(name in spot.node.values for name in others):
            return ""
        return "prefix" if spot.input < min(linked) else "suffix"

    def _part_of_prompt(self, node: Node) -> str:
        """Whether a text without a title stands before ("prefix") or after ("suffix") one that is
        titled as the prompt, where both are joined; empty for all others.
        """
        uses = self._workflow.uses[node.id]
        if node.links or self._titles.said[node.id] or len(uses) != 1:
            return ""
        titled = self._titled_prompt(self._workflow.nodes[uses[0].node])
        if titled is None:
            return ""
        return "prefix" if uses[0].input < titled else "suffix"

    def _titled_prompt(self, joint: Node) -> str | None:
        """The only input of a node that joins texts to which one that is titled as the prompt is
        linked.
        """
        if joint.id not in self._joints:
            titled = [
                name
                for name, link in joint.links.items()
                if not _PROMPTS.isdisjoint(self._titles.said.get(link.node, ()))
            ]
            joins = family_of(joint.class_type) == ("concat",)
            self._joints[joint.id] = titled[0] if joins and len(titled) == 1 else None
        return self._joints[joint.id]

    def _instruction(self, spot: Spot, own: Words) -> Base | None:
        """The name of a text that tells a language model what to do, however its answer is used."""
        node = spot.node
        used, target = own, node
        fed = self._roles.fed(node) if PROMPT_FILLERS.issuperset(own) else None
        if fed is not None and len(self._workflow.uses[node.id]) == 1:
            used = words(fed.input)
            target = self._workflow.nodes[self._workflow.uses[node.id][0].node]
        if "system" in used and _TOLD.issuperset(used):
            what = used if used[1:] else ("system", "prompt")
        elif used == ("user", "prompt"):
            what = used
        elif target.id not in self._told or not PROMPT_FILLERS.issuperset(used):
            return None
        elif self._roles.describes_images(target):
            if used == ("text", "input"):
                return Base(own, Rule.INPUT)  # What to find, or what to answer.
            what = ("instruction",)
        else:
            what = ("user", "prompt")
        said = self._prompt_words(spot) if target is not node else ()
        if not _TOLD.isdisjoint(said):
            return Base(self._titles.said[node.id], Rule.TITLE, role=True)
        return Base(merge(said, what), Rule.TITLE if said else Rule.ROLE, role=True)

    @cached_property
    def _told(self) -> frozenset[str]:
        """The language models that are told what to do: those with a text for the system, and
        those that look at images. One that improves prompts is given a prompt.
        """
        return frozenset(
            node.id
            for node in self._workflow.nodes.values()
            if _IMPROVING.isdisjoint(class_words(node.class_type))
            and (
                any("system" in words(name) for name in (*node.values, *node.links))
                or self._roles.describes_images(node)
            )
        )

    def _holds_file(self, node: Node, own: Words) -> bool:
        """Whether a text is the content of the file that its node loads, as Base64."""
        spoken = class_words(node.class_type)
        return (
            "load" in spoken
            and not _BASE64.isdisjoint((*spoken, *own))
            and (_BASE64 | MEDIA_NOUNS | GENERIC | {"data"}).issuperset(own)
        )

    @cached_property
    def _has_negative(self) -> bool:
        """Whether the workflow has a negative prompt."""
        return any(
            isinstance(value, str)
            and not self._roles.is_show(node)
            and (
                side_in(words(name)) == NEGATIVE
                or (
                    self._roles.side(node) == NEGATIVE
                    and (
                        PROMPT_FILLERS.issuperset(words(name))
                        or self._roles.encodes(node)
                    )
                )
            )
            for node in self._workflow.nodes.values()
            for name, value in node.values.items()
        )

    @cached_property
    def _negative_words(self) -> frozenset[Words]:
        """What the titles of negative texts say beyond that they are such."""
        return frozenset(
            _beyond_prompt(self._titles.said[node.id])
            for node in self._workflow.nodes.values()
            if self._roles.side(node) == NEGATIVE
            and any(isinstance(value, str) for value in node.values.values())
        )

    def _ended(self, node: Node) -> Base | None:
        """The name of a text that isn't used as a prompt: its use."""
        end = self._roles.text_end(node)
        if end is None:
            return None
        target = self._workflow.nodes[end.node]
        used = words(end.input)
        if not PROMPT_FILLERS.issuperset(used):
            return Base(used, Rule.FED)
        if self._roles.makes_masks(target):
            return Base(_TO_FIND, Rule.FED, role=True)
        return Base(used, Rule.FED)

    def _prompt(self, side: str, said: Words, encoder: Words, twin: bool) -> Base:
        sided: Words = ("prompt",)
        if side == NEGATIVE or (side == POSITIVE and twin):
            sided = (side, "prompt")
        if encoder and sided == ("prompt",) and not said:
            return Base((*encoder, "prompt"), Rule.ROLE, role=True)
        rule = Rule.TITLE if said else Rule.ROLE
        whole = sided if "prompt" not in said else sided[:-1]
        return Base(merge(said, whole) + encoder, rule, role=True)

    def _prompt_words(self, spot: Spot) -> Words:
        return _beyond_prompt(self._titles.said[spot.node.id])

    def _side(self, spot: Spot, own: Words, value: str) -> str | None:
        """The side of the prompt that a text becomes; None for a setting that happens to be a
        text.
        """
        node = spot.node
        named = side_in(own)
        if named is not None and (PROMPT_FILLERS | _ENCODER_LETTERS).issuperset(own):
            return named
        if named is not None:
            return None
        encoder = _ENCODERS.fullmatch(spot.input.lower()) is not None
        if not PROMPT_FILLERS.issuperset(own) and not (
            encoder and self._roles.encodes(node)
        ):
            joins = {"string", "text", "prompt"}.intersection(own)
            if not joins or not node.links or not self._roles.side(node):
                return None
            rest = set(own) - PROMPT_FILLERS
            if any(len(each) > 2 for each in rest):
                return None
        if self._facts[node.class_type] is None and not (
            PROMPT_WORDS.intersection(own) or " " in value.strip()
        ):
            return None
        if _NUMBER.fullmatch(value):
            return None
        side = self._roles.side(node)
        if side in (POSITIVE, NEGATIVE):
            return side
        titled = side_in(words(split_mark(node.title)[1])) or _side_to_fill(value)
        if titled is not None:
            return titled
        if side is None and self._roles.encodes(node) and named is None:
            return NEUTRAL  # A single prompt for both sides is a prompt.
        return side if self.becomes_prompt(node) else None

    def becomes_prompt(self, node: Node) -> bool:
        """Whether a text without a side is a prompt, since an encoder takes it."""
        if self._roles.encodes(node):
            return True
        end = self._roles.text_end(node)
        return end is not None and self._roles.encodes(self._workflow.nodes[end.node])


def _loads_media(node: Node) -> bool:
    spoken = class_words(node.class_type)
    return "load" in spoken and not MEDIA_NOUNS.isdisjoint(spoken)


def _side_to_fill(value: str) -> str | None:
    """The side that a placeholder names: `{{negative_prompt}}`."""
    place = _PLACE.fullmatch(value)
    return side_in(words(place[1])) if place is not None else None


def _beyond_prompt(said: Words) -> Words:
    """The words of a title that don't only say that a text is a prompt."""
    return tuple(word for word in said if word not in PROMPT_FILLERS)
