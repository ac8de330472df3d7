"""What kinds of node classes are called in this field, as data: where the meaning lies in the class
alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from ..words import words
from .data import shipped_data

Words = tuple[str, ...]


class Vocabulary:
    """Nouns for families of classes, whose inputs own a bare name, and what a class uses a file as.

    A pattern holds words that a class has, in any order; the first pattern that a class matches
    counts.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
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
        self.plain: Final = frozenset(data["plain"])
        self.packs: Final = frozenset(data["packs"])
        self.fillers: Final = frozenset(data["fillers"])

    def family(self, class_words: Words) -> Words:
        """What nodes of this class are called in short; empty where only the class's own words say
        it.
        """
        present = frozenset(class_words)
        for pattern, noun in self._families:
            if pattern <= present:
                return noun
        return ()

    @property
    def ranks(self) -> int:
        """How many ranks of owners there are."""
        return len(self._owners)

    def owns(self, class_words: Words, name: str, rank: int) -> bool:
        """Whether an input of this name, bare, is the one of such a class: `width` is the size of
        what is made.

        What resizes owns it too, but gives way to what makes: the lower rank is asked first.
        """
        names, patterns = self._owners[rank]
        present = frozenset(class_words)
        return name in names and any(pattern <= present for pattern in patterns)

    def used_as(self, class_words: Words, name: str) -> Words:
        """What a class uses the file as that it takes at this input."""
        present = frozenset(class_words)
        for pattern, taken, role in self._uses:
            if taken == name and pattern <= present:
                return role
        return ()

    def describes(self, class_words: Words, name: str) -> bool:
        """Whether an input of this name only describes, for people, what a node of such a class
        takes.
        """
        present = frozenset(class_words)
        return any(
            name in names and pattern <= present for pattern, names in self._describing
        )

    def noun(self, class_words: Words) -> Words:
        """The family's noun, else at most two words of the class that say what it is."""
        family = self.family(class_words)
        if family:
            return family
        telling = _without(class_words, self.packs | self.fillers)
        if not telling and {"model", "loader"} <= set(class_words):
            return ("model",)
        return telling[:2] or _without(class_words, self.packs)[:2]


def _without(parts: Sequence[str], dropped: frozenset[str]) -> Words:
    """The words but for these and for single letters, which are some pack's mark."""
    telling = (part for part in parts if part not in dropped)
    return tuple(dict.fromkeys(part for part in telling if not _is_letter(part)))


def _is_letter(part: str) -> bool:
    return len(part) == 1 and part.isascii() and part.isalpha()


@lru_cache(maxsize=2048)
def class_words(class_type: str) -> Words:
    """The words of a class's name, without the pack that some write behind it."""
    bare = class_type.split("|")[0].split("//")[0].split("(")[0].rpartition(": ")[2]
    return words(bare) or words(class_type)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The vocabulary that the package ships."""
    return Vocabulary(json.loads(shipped_data("vocabulary.json")))


@lru_cache(maxsize=2048)
def what_it_does(class_type: str) -> Words:
    """At most three words for what a node of this class does: its own, without the pack's."""
    spoken = class_words(class_type)
    return _without(spoken, vocabulary().packs | {"node", "simple", "apply"})[:3]


@lru_cache(maxsize=2048)
def family_of(class_type: str) -> Words:
    """What nodes of this class are called in short; empty
    where only the class's own words say it.
    """
    return vocabulary().family(class_words(class_type))


@lru_cache(maxsize=2048)
def noun_of(class_type: str) -> Words:
    """What a node of this class is called in short."""
    return vocabulary().noun(class_words(class_type))
