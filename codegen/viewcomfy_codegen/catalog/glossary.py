"""What inputs are for, in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from ..model import Origin
from .vocabulary import class_words

_NUMBERS: Final = frozenset({"integer", "number"})
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"text", "integer", "number", "flag", "choice", "media", "json"}),
    "number": _NUMBERS,
    "flag": frozenset({"flag"}),
    "text": frozenset({"text"}),
    "file": frozenset({"text", "choice"}),
}
"""The kinds of value that a pattern speaks of."""

_VERBS: Final = frozenset("""
    force show use enable disable keep clear save load is do auto add remove apply skip invert
    """.split())
"""Words at the start of what a pattern leaves: no sentence can be made of such a name by its end.
"""

_NO_EFFECT: Final = ("; has no effect.", "; have no effect.", "; leave it as it is.")


class SentenceOrigin(Origin):
    """What says what an input is for."""

    CLASS = "the glossary, on its class"
    FAMILY = "the glossary, on classes like its own"
    NAME = "the glossary, on its name"
    CHOICES = "the glossary, on choices of its name"
    PATTERN = "the glossary, on names like its own"
    SERVER = "your ComfyUI's tooltip"
    ROLE = "its role in the graph"
    IMAGE = "the image whose mask it is"
    NOTHING = "no source"


Told = tuple[str, SentenceOrigin]
"""A sentence, empty where nothing true can be said, and what says it."""


class Glossary:
    """Our own sentences on inputs: by class and name, by name, by a pattern with one `*`, and by
    role.

    `kind` is the name of the input's type in lower case: text, integer, number, flag, choice, media
    or json. What a name says
    elsewhere may be untrue of a choice: `1K` is not in pixels, a service's model not a file.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._classes: Mapping[str, Mapping[str, str]] = data["classes"]
        self._names: Mapping[str, str] = data["names"]
        self._patterns = [
            (*glob.partition("*")[::2], kind, sentence)
            for glob, kind, sentence in data["patterns"]
        ]
        self._families: list[tuple[str, Mapping[str, str]]] = [
            (word, sentences)
            for words, sentences in data["families"].items()
            for word in words.split()
        ]
        self._choices: Mapping[str, str] = data["choices"]
        self._roles: Mapping[str, str] = data["roles"]

    def sentence(
        self, class_type: str, plain: str, kind: str, tooltip: str = ""
    ) -> Told:
        """What an input of this plain name is for, and who says so; empty where nothing true can be
        said.

        `tooltip` is what the user's own server says: better than what is said of a name, no matter
        of which class.
        """
        known = self._classes.get(class_type, {}).get(plain)
        if known:
            return known, SentenceOrigin.CLASS
        if tooltip:
            return tooltip, SentenceOrigin.SERVER
        for word, sentences in self._families:
            if word in class_words(class_type) and plain in sentences:
                return sentences[plain], SentenceOrigin.FAMILY
        if kind == "choice" and (chosen := self._chosen(plain)):
            return chosen
        named = self._names.get(plain, "")
        if named and _fits(named, kind):
            return named, SentenceOrigin.NAME
        for start, end, wanted, sentence in self._patterns:
            if (
                kind in _KINDS[wanted]
                and len(plain) > len(start + end)
                and plain.startswith(start)
                and plain.endswith(end)
            ):
                rest = plain.removeprefix(start).removesuffix(end).strip("_")
                if len(rest) > 2 and rest.partition("_")[0] not in _VERBS:
                    spoken = rest.replace("_", " ")
                    several = spoken if spoken.endswith("s") else f"{spoken}s"
                    text = sentence.format(rest=spoken, several=several)
                    return text, SentenceOrigin.PATTERN
        return "", SentenceOrigin.NOTHING

    def on_name(self, name: str, kind: str) -> Told:
        """What is said of a parameter's name, or of as many of its last words as anything is said
        of.
        """
        rest = name
        while rest:
            said = self._names.get(rest, "")
            if said and _fits(said, kind):
                return said, SentenceOrigin.NAME
            rest = rest.partition("_")[2]
        return "", SentenceOrigin.NOTHING

    def _chosen(self, plain: str) -> Told | None:
        """What is said of a choice with this name, where that of other inputs would be untrue of
        it.
        """
        if plain in self._choices:
            return self._choices[plain], SentenceOrigin.CHOICES
        for glob, sentence in self._choices.items():
            start, star, end = glob.partition("*")
            if star and len(plain) > len(start + end) and plain.endswith(end):
                rest = plain.removesuffix(end).removeprefix(start).replace("_", " ")
                return sentence.format(rest=rest), SentenceOrigin.PATTERN
        return None

    def has_no_effect(self, class_type: str, plain: str) -> bool:
        """Whether an input changes nothing by its own sentence: notes, helpers and previews of the
        editor.
        """
        said = self._classes.get(class_type, {}).get(plain) or self._names.get(
            plain, ""
        )
        return said.endswith(_NO_EFFECT)

    def role(self, side: str) -> str:
        """What a text is for that becomes this side of the prompt."""
        return self._roles[side]

    def use(self, words: Iterable[str], noun: str) -> str:
        """What a file is for that is used as these words
        say; empty where nothing is known of that.
        """
        return next(
            (
                self._roles[f"{noun}:{word}"]
                for word in words
                if f"{noun}:{word}" in self._roles
            ),
            "",
        )


def _fits(sentence: str, kind: str) -> bool:
    """Whether a sentence on a name speaks of a value of this kind: a switch is no number, a number
    no switch.
    """
    first = sentence.partition(" ")[0]
    if first in ("Whether", "Turn", "Option"):
        return kind in ("flag", "choice", "text")
    if first in ("Number", "How", "Width", "Height", "Position", "Frame", "Pixels"):
        return kind not in ("flag", "media")
    return True


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(
        json.loads((files("viewcomfy_codegen.catalog") / "glossary.json").read_bytes())
    )
