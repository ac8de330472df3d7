"""Describes the purpose of inputs in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias, TypedDict

from ..model import Origin
from ..words import plain_name
from .data import shipped_data
from .patterns import KINDS, Patterns, Spelling
from .vocabulary import family_of, kind_words, noun_of

_SHORTEST: Final = 5
"""Singular and plural are treated alike only for names longer than this, in letters: `fp` is not
`fps`.
"""

_LOADED: Final = frozenset("model models checkpoint ckpt file".split())
"""Words that "model file" already implies."""

_HELD: Final = frozenset("""
    any api end first frame generator image images last reference start string switch text value
    video
    """.split())
"""Words that alone say nothing of which model it is or what it does."""

Sentences: TypeAlias = str | Sequence[Sequence[str]]
"""The description of a name: one sentence, or several by kind, of which the first applicable one is
used.
"""

_MEASURES: Final = (
    *("Amount of", "Angle", "Factor", "Height", "Horizontal", "Number of", "Pixels"),
    *("Share of", "Vertical", "Width"),
)
"""How sentences about numbers begin, which aren't true of words such as "landscape"."""

_NO_EFFECT: Final = ("; has no effect.", "; have no effect.", "; leave it as it is.")


class SentenceOrigin(Origin):
    """The source of an input's description."""

    CLASS = "the glossary, on its class"
    FAMILY = "the glossary, on classes like its own"
    NAME = "the glossary, on its name"
    CHOICES = "the glossary, on choices of its name"
    PATTERN = "the glossary, on names like its own"
    SERVER = "your ComfyUI's tooltip"
    ROLE = "its role in the graph"
    IMAGE = "the image whose mask it is"
    NOTHING = "no source"


SourcedSentence = tuple[str, SentenceOrigin]
"""A sentence, empty if nothing accurate is known, and its origin."""


class GlossaryData(TypedDict):
    """The content of glossary.json."""

    classes: Mapping[str, Mapping[str, str]]
    names: Mapping[str, Sentences]
    patterns: list[list[str]]
    families: Mapping[str, Mapping[str, str]]
    choices: Mapping[str, str]
    roles: Mapping[str, str]
    spelled: Mapping[str, str]


class Glossary:
    """Our own sentences about inputs: by class and name, by name, by a pattern with one `*`, and by
    role.

    `kind` is the input's type in lower case (text, integer, number, flag, choice, media or json),
    or file for a model file. Choices have sentences of their own, since those for a name may be
    wrong for them: `1K` isn't a number of pixels, and a service's model isn't a file. `{family}`
    stands for the noun of the class's family; `{noun}` falls back to the class's own words.
    """

    def __init__(self, data: GlossaryData) -> None:
        self._classes = data["classes"]
        self._names = data["names"]
        self._spelling = Spelling(data["spelled"])
        self._patterns = Patterns(data["patterns"], self._spelling)
        self._families = [
            (word, sentences)
            for words, sentences in data["families"].items()
            for word in words.split()
        ]
        self._choices = data["choices"]
        self._roles = data["roles"]

    def sentence(
        self, class_type: str, name: str, kind: str, tooltip: str = ""
    ) -> SourcedSentence:
        """The purpose of an input with this name and the origin of the sentence; empty if nothing
        accurate is known.

        `tooltip` is the text of the user's own server, which takes precedence over sentences that
        don't depend on the class.
        """
        plain = plain_name(name)
        known = self.of_class(class_type, plain)
        if known:
            return known, SentenceOrigin.CLASS
        if tooltip:
            return tooltip, SentenceOrigin.SERVER
        for word, sentences in self._families:
            said = sentences.get(plain, "")
            if said and word in kind_words(class_type) and _fits(said, kind):
                return said, SentenceOrigin.FAMILY
        if kind == "choice" and (chosen := self._chosen(plain)):
            return chosen
        named = self._named(plain, kind, class_type)
        if named:
            return named, SentenceOrigin.NAME
        patterned = self._patterns.sentence(name, kind)
        return patterned, (
            SentenceOrigin.PATTERN if patterned else SentenceOrigin.NOTHING
        )

    def on_name(self, name: str, kind: str) -> SourcedSentence:
        """A sentence about a parameter's name, or about as many of its last words as possible; for
        a switch, patterns come first, such as that for `enable_turbo`.
        """
        if kind == "flag" and (patterned := self._patterns.sentence(name, kind)):
            return patterned, SentenceOrigin.PATTERN
        rest = plain_name(name)
        if {"system", "prompt"} <= set(rest.split("_")):
            rest = "system_prompt"  # Of either side: it only says how to write one.
        while rest:
            said = self._named(rest, kind, "")
            if said:
                return said, SentenceOrigin.NAME
            rest = rest.partition("_")[2]
        return "", SentenceOrigin.NOTHING

    def spelled(self, words: Iterable[str]) -> str:
        """The words as spelled in prose."""
        return self._spelling.of(words)

    def _named(self, plain: str, kind: str, class_type: str) -> str:
        """The sentence for an input's name, singular or plural."""
        said = next(
            (self._names[each] for each in _numbers(plain) if each in self._names), ""
        )
        if isinstance(said, str):
            said = (("", said),)
        for wanted, sentence in said:
            if sentence and kind in KINDS[wanted] and _fits(sentence, kind):
                filled = self._filled(sentence, class_type)
                if filled:
                    return filled
        return ""

    def _filled(self, sentence: str, class_type: str) -> str:
        """The sentence with the nouns of the class filled in; empty if a required noun is
        unknown.
        """
        if "{" not in sentence:
            return sentence
        family = family_of(class_type) if class_type else ()
        nouns = noun_of(class_type) if class_type else ()
        nouns = () if _HELD.issuperset(nouns) else nouns
        noun = self.spelled(word for word in nouns if word not in _LOADED)
        if not (noun if "{noun}" in sentence else family):
            return ""
        text = sentence.format(family=self.spelled(family), noun=noun)
        return text[:1].upper() + text[1:]

    def _chosen(self, plain: str) -> SourcedSentence | None:
        """The sentence for a choice with this name, for which those for other kinds of input would
        be wrong.
        """
        if plain in self._choices:
            return self._choices[plain], SentenceOrigin.CHOICES
        for glob, sentence in self._choices.items():
            start, star, end = glob.partition("*")
            if star and len(plain) > len(start + end) and plain.endswith(end):
                rest = plain.removesuffix(end).removeprefix(start).replace("_", " ")
                return sentence.format(rest=rest), SentenceOrigin.PATTERN
        return None

    def of_class(self, class_type: str, plain: str) -> str:
        """The sentence for this input of this class only; empty if there is none."""
        return self._classes.get(class_type, {}).get(plain, "")

    def has_no_effect(self, class_type: str, plain: str) -> bool:
        """Whether an input has no effect, according to its sentence: notes, helpers and
        previews.
        """
        said = self.of_class(class_type, plain) or self._names.get(plain)
        return isinstance(said, str) and said.endswith(_NO_EFFECT)

    def role(self, side: str) -> str:
        """The purpose of a text that becomes this side of the prompt."""
        return self._roles[side]

    def use(self, words: Iterable[str], noun: str) -> str:
        """The purpose of a file used under these words, or an empty string if unknown."""
        return next(
            (
                self._roles[f"{noun}:{word}"]
                for word in words
                if f"{noun}:{word}" in self._roles
            ),
            "",
        )


def _numbers(name: str) -> Iterator[str]:
    """A name, then its plural or singular."""
    yield name
    if len(name) > _SHORTEST:
        yield name.removesuffix("s") if name.endswith("s") else f"{name}s"


def _fits(sentence: str, kind: str) -> bool:
    """Whether a sentence about a name applies to values of this kind, such as numbers or
    switches.
    """
    first = sentence.partition(" ")[0]
    if " file to " in sentence:
        return kind not in ("flag", "integer", "number")
    if first == "Whether" or sentence.startswith("Turn this"):
        return kind in ("flag", "choice", "text")
    if sentence.startswith("Which of its inputs"):
        return kind != "text"
    if first in ("How", "What", "Position", "Frame"):
        return kind not in ("flag", "media")
    if sentence.startswith(_MEASURES):
        return kind not in ("flag", "media", "text")
    return True


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(json.loads(shipped_data("glossary.json")))
