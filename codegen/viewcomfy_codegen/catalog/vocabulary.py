"""The field's terms for kinds of node classes, as data, for meanings that only the class
conveys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypedDict

from ..words import words
from .data import shipped_data

Words = tuple[str, ...]


class VocabularyData(TypedDict):
    """The content of vocabulary.json; patterns and names are words separated by spaces."""

    families: list[list[str]]
    owners: list[list[str]]
    uses: list[list[str]]
    describing: list[list[str]]
    declaring: list[list[str]]
    holding: list[tuple[str, str, str, str, int]]
    plain: list[str]
    numbered: list[str]
    tunings: list[str]
    packs: list[str]
    fillers: list[str]


class Holding(NamedTuple):
    """What an input holds, in plain words, as long as another input of its node, the switch, is in
    this state.
    """

    words: Words
    switch: str
    state: int


class Vocabulary:
    """Nouns for families of classes, the classes whose inputs may have a bare name, and the roles
    of files by class.

    A pattern is a set of words that a class's name contains, in any order; the first match is used.
    """

    def __init__(self, data: VocabularyData) -> None:
        self._families = [
            (frozenset(pattern.split()), words(noun))
            for pattern, noun in data["families"]
        ]
        self._owners = [
            (frozenset(names.split()), [frozenset(each.split()) for each in patterns])
            for names, *patterns in data["owners"]
        ]
        self._uses = [
            (frozenset(pattern.split()), name, words(role))
            for pattern, name, role in data["uses"]
        ]
        self._describing = [
            (frozenset(pattern.split()), frozenset(names.split()))
            for pattern, names in data["describing"]
        ]
        self._declaring = [
            (frozenset(pattern.split()), name, value)
            for pattern, name, value in data["declaring"]
        ]
        self._holding = [
            (frozenset(pattern.split()), name, Holding(words(held), switch, state))
            for pattern, name, held, switch, state in data["holding"]
        ]
        self.plain: Final = frozenset(data["plain"])
        self.numbered: Final = frozenset(data["numbered"])
        """Names of models that end in a number of their own."""
        self.tunings: Final = frozenset(data["tunings"])
        self.packs: Final = frozenset(data["packs"])
        self.fillers: Final = frozenset(data["fillers"])

    def family(self, class_words: Words) -> Words:
        """The short name for nodes of this class; empty if only the class's own words
        describe it.
        """
        present = frozenset(class_words)
        for pattern, noun in self._families:
            if pattern <= present:
                return noun
        return ()

    @property
    def ranks(self) -> int:
        """The number of ranks of owners."""
        return len(self._owners)

    def owns(self, class_words: Words, name: str, rank: int) -> bool:
        """Whether a class has priority for this name without a prefix: `width` is the size of the
        generated image.

        Classes that resize also own it, at a higher rank number: lower ranks are asked first.
        """
        names, patterns = self._owners[rank]
        present = frozenset(class_words)
        return name in names and any(pattern <= present for pattern in patterns)

    def used_as(self, class_words: Words, name: str) -> Words:
        """The role of a file that a class takes at this input."""
        present = frozenset(class_words)
        for pattern, taken, role in self._uses:
            if taken == name and pattern <= present:
                return role
        return ()

    def describes(self, class_words: Words, name: str) -> bool:
        """Whether an input with this name only describes, for people, what a node of this class
        takes.
        """
        present = frozenset(class_words)
        return any(
            name in names and pattern <= present for pattern, names in self._describing
        )

    def declares(self, class_words: Words) -> tuple[str, str] | None:
        """The inputs in which a node of this class, which declares an input of the workflow for
        people, holds that input's name and its value; None for other classes.
        """
        present = frozenset(class_words)
        for pattern, name, value in self._declaring:
            if pattern <= present:
                return name, value
        return None

    def holds(self, class_words: Words, name: str) -> Holding | None:
        """What an input with this name holds if its class calls it by a letter only."""
        present = frozenset(class_words)
        for pattern, held, holding in self._holding:
            if held == name and pattern <= present:
                return holding
        return None

    def noun(self, class_words: Words) -> Words:
        """The family's noun, or else at most two descriptive words of the class's name."""
        family = self.family(class_words)
        if family:
            return family
        telling = _without(class_words, self.packs | self.fillers)
        if not telling and {"model", "loader"} <= set(class_words):
            return ("model",)
        return telling[:2] or _without(class_words, self.packs)[:2]


def _without(parts: Sequence[str], dropped: frozenset[str]) -> Words:
    """The words without the dropped ones and without single letters, which are packs' prefixes."""
    telling = (part for part in parts if part not in dropped)
    return tuple(dict.fromkeys(part for part in telling if not _is_letter(part)))


def _is_letter(part: str) -> bool:
    return len(part) == 1 and part.isascii() and part.isalpha()


_INITIALS: Final = re.compile(
    r"(?!VAE|CLIP|LLM|VLM|TTS|SAM|RGB|URL|GIF|SVG|PSD|SDXL|LTX|LTXV|GGUF|DINO)[A-Z]{2,4}_[A-Z][a-z]"
)
"""A pack's initials before the name of a class: `DF_Random`."""


@lru_cache(maxsize=2048)
def class_words(class_type: str) -> Words:
    """The words of a class's name, without a pack's name appended to it."""
    bare = class_type.split("|")[0].split("//")[0].split("(")[0].rpartition(": ")[2]
    return words(bare) or words(class_type)


@lru_cache(maxsize=2048)
def kind_words(class_type: str) -> frozenset[str]:
    """The words of a class's name, without the numbers of versions that they end in."""
    return frozenset(word.rstrip("0123456789") for word in class_words(class_type))


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The vocabulary shipped with the package."""
    return Vocabulary(json.loads(shipped_data("vocabulary.json")))


@lru_cache(maxsize=2048)
def what_it_does(class_type: str) -> Words:
    """At most three words for what a node of this class does, without the pack's own."""
    spoken = class_words(class_type)
    return _without(spoken, vocabulary().packs | {"node", "simple", "apply"})[:3]


@lru_cache(maxsize=2048)
def family_of(class_type: str) -> Words:
    """The short name for nodes of this class; empty if only the class's own words describe it."""
    return vocabulary().family(class_words(class_type))


@lru_cache(maxsize=2048)
def noun_of(class_type: str) -> Words:
    """The short name for a node of this class, without the initials of its pack."""
    spoken = class_words(class_type)
    if family_of(class_type) or not _INITIALS.match(class_type):
        return vocabulary().noun(spoken)
    return vocabulary().noun(spoken[1:] or spoken)


@lru_cache(maxsize=2048)
def declared_by(class_type: str) -> tuple[str, str] | None:
    """The inputs in which a node that declares an input of the workflow holds its name and value;
    None for other classes.
    """
    return vocabulary().declares(class_words(class_type))


@lru_cache(maxsize=8192)
def held_by(class_type: str, name: str) -> Holding | None:
    """What an input holds that its class calls by a letter only; None for all others."""
    return vocabulary().holds(class_words(class_type), name)
