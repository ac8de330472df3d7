"""What inputs are for, in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from ..model import Origin
from .data import shipped_data
from .vocabulary import class_words, family_of, noun_of

_NUMBERS: Final = frozenset({"integer", "number"})
_ANY: Final = _NUMBERS | {"text", "flag", "choice", "media", "json", "file"}
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{kind: frozenset({kind}) for kind in _ANY},
    "": _ANY,
    "number": _NUMBERS,
    "listed": frozenset({"text", "choice", "file"}),
}
"""The kinds of value that a pattern, or one of several sentences on a name, speaks of."""

_VERBS: Final = frozenset("""
    force show use enable disable keep clear save load is do auto add remove apply skip invert
    """.split())
"""Words at the start of what a pattern leaves: no sentence can be made of such a name by its end.
"""

_DANGLING: Final = frozenset("""
    max min longer shorter longest shortest larger smaller largest smallest high low start end first
    last next previous x y by to of at from in on with for is structured full accelerated
    """.split())
"""Words at the end of what a pattern leaves that speak of a thing which the name's end was."""

_DETERMINING: Final = frozenset(
    "all every each any no only a an as to in on by".split()
)
"""Words before which no article stands."""

_SHORTEST: Final = 5
"""Names of more letters are the same thing in the singular and the plural; `fp` is not `fps`."""

_LOADED: Final = frozenset("model models checkpoint ckpt file".split())
"""Words that "model file" says already."""

Sentences: TypeAlias = str | Sequence[Sequence[str]]
"""What is said of a name: one sentence, or several by kind, of which the first that fits counts."""

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

    `kind` is the name of the input's type in lower case (text, integer, number, flag, choice, media
    or json), or file for a model file. What a name says elsewhere may be untrue of a choice: `1K`
    is not in pixels, a service's model not a file. `{family}` stands for what classes like the
    input's are called, `{noun}` also for its class's own words.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._classes: Mapping[str, Mapping[str, str]] = data["classes"]
        self._names: Mapping[str, Sentences] = data["names"]
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
        self._spelled: Mapping[str, str] = data["spelled"]

    def sentence(
        self, class_type: str, plain: str, kind: str, tooltip: str = ""
    ) -> Told:
        """What an input of this plain name is for, and who says so; empty where nothing true can be
        said.

        `tooltip` is what the user's own server says: better than what is said of a name, no matter
        of which class.
        """
        known = self.of_class(class_type, plain)
        if known:
            return known, SentenceOrigin.CLASS
        if tooltip:
            return tooltip, SentenceOrigin.SERVER
        for word, sentences in self._families:
            if word in class_words(class_type) and plain in sentences:
                return sentences[plain], SentenceOrigin.FAMILY
        if kind == "choice" and (chosen := self._chosen(plain)):
            return chosen
        named = self._named(plain, kind, class_type)
        if named:
            return named, SentenceOrigin.NAME
        patterned = self._patterned(plain, kind)
        return patterned, (
            SentenceOrigin.PATTERN if patterned else SentenceOrigin.NOTHING
        )

    def on_name(self, name: str, kind: str) -> Told:
        """What is said of a parameter's name, or of as many of its last words as anything is said
        of; of a switch, what it is called first: `enable_turbo`.
        """
        if kind == "flag" and (patterned := self._patterned(name, kind)):
            return patterned, SentenceOrigin.PATTERN
        rest = name
        while rest:
            said = self._named(rest, kind, "")
            if said:
                return said, SentenceOrigin.NAME
            rest = rest.partition("_")[2]
        return "", SentenceOrigin.NOTHING

    def spelled(self, words: Iterable[str]) -> str:
        """The words as people write them within a sentence: `ip adapter` is the IP-Adapter."""
        text = " ".join(words)
        if text in self._spelled:
            return self._spelled[text]
        return " ".join(self._spelled.get(word, word) for word in text.split())

    def _named(self, plain: str, kind: str, class_type: str) -> str:
        """What is said of an input by its name, in the singular or the plural."""
        said = next(
            (self._names[each] for each in _numbers(plain) if each in self._names), ""
        )
        if isinstance(said, str):
            said = (("", said),)
        for wanted, sentence in said:
            if sentence and kind in _KINDS[wanted] and _fits(sentence, kind):
                filled = self._filled(sentence, class_type)
                if filled:
                    return filled
        return ""

    def _filled(self, sentence: str, class_type: str) -> str:
        """The sentence with the nouns of the class; empty where it needs one that there is not."""
        if "{" not in sentence:
            return sentence
        family = family_of(class_type) if class_type else ()
        nouns = noun_of(class_type) if class_type else ()
        noun = self.spelled(word for word in nouns if word not in _LOADED)
        if not (noun if "{noun}" in sentence else family):
            return ""
        text = sentence.format(family=self.spelled(family), noun=noun)
        return text[:1].upper() + text[1:]

    def _patterned(self, plain: str, kind: str) -> str:
        """What is said of names like this one."""
        for start, end, wanted, sentence in self._patterns:
            if (
                kind in _KINDS[wanted]
                and len(plain) > len(start + end)
                and plain.startswith(start)
                and plain.endswith(end)
            ):
                rest = plain.removeprefix(start).removesuffix(end).strip("_")
                if len(rest) > 2 and self._stands(rest.split("_"), behind=start):
                    return self._with_rest(sentence, rest.split("_"))
        return ""

    def _stands(self, rest: Sequence[str], *, behind: str) -> bool:
        """Whether what a pattern leaves of a name can stand for a thing in its sentence."""
        if rest[0] in _VERBS:
            return False
        return bool(behind) or rest[-1] not in _DANGLING | _DETERMINING

    def _with_rest(self, sentence: str, rest: Sequence[str]) -> str:
        """A pattern's sentence with what it leaves of the name."""
        if rest[0] in _DETERMINING:
            sentence = sentence.replace("the {rest}", "{rest}")
        spoken = self.spelled(rest)
        several = spoken if spoken.endswith("s") else f"{spoken}s"
        text = sentence.format(rest=spoken, several=several)
        return text[:1].upper() + text[1:]

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

    def of_class(self, class_type: str, plain: str) -> str:
        """What is said of an input of this class alone; empty where that is nothing."""
        return self._classes.get(class_type, {}).get(plain, "")

    def has_no_effect(self, class_type: str, plain: str) -> bool:
        """Whether an input changes nothing by its own sentence: notes, helpers and previews of the
        editor.
        """
        said = self.of_class(class_type, plain) or self._names.get(plain)
        return isinstance(said, str) and said.endswith(_NO_EFFECT)

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


def _numbers(name: str) -> Iterator[str]:
    """A name, then as it would be of one rather than several, or the other way round."""
    yield name
    if len(name) > _SHORTEST:
        yield name.removesuffix("s") if name.endswith("s") else f"{name}s"


def _fits(sentence: str, kind: str) -> bool:
    """Whether a sentence on a name speaks of a value of this kind: a switch is no number, a number
    no switch.
    """
    first = sentence.partition(" ")[0]
    if " file to " in sentence:
        return kind not in ("flag", "integer", "number")
    if first == "Whether" or sentence.startswith("Turn this"):
        return kind in ("flag", "choice", "text")
    if first in ("Number", "How", "What", "Position", "Frame"):
        return kind not in ("flag", "media")
    if first in ("Width", "Height", "Pixels", "Horizontal", "Vertical"):
        return kind not in ("flag", "media", "text")
    return True


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(json.loads(shipped_data("glossary.json")))
