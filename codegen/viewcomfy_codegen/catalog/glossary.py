"""Describes the purpose of inputs in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias, TypedDict

from ..model import Origin
from ..words import plain_name, words
from .data import shipped_data
from .vocabulary import family_of, kind_words, noun_of

_NUMBERS: Final = frozenset({"integer", "number"})
_ANY: Final = _NUMBERS | {"text", "flag", "choice", "media", "json", "file"}
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{kind: frozenset({kind}) for kind in _ANY},
    "": _ANY,
    "number": _NUMBERS,
    "listed": frozenset({"text", "choice", "file"}),
    "value": _ANY - {"flag"},
}
"""The kinds of value that each kind in a pattern or sentence covers."""

_VERBS: Final = frozenset("""
    force show use enable disable keep clear save load is do auto add remove apply skip invert
    """.split())
"""Words that, if the unmatched part of a name starts with them, rule out a pattern's sentence."""

_DANGLING: Final = frozenset("""
    max min longer shorter longest shortest larger smaller largest smallest high low start end first
    last next previous x y by to of at from in on with for is structured full accelerated
    global local master preset custom main initial final total default original horizontal vertical
    dynamic static upper lower inner outer mel var
    """.split())
"""Words that, if the unmatched part ends with them, refer to what the pattern matched and so can't
stand alone.
"""

_DETERMINING: Final = frozenset(
    "all every each any no only a an as to in on by".split()
)
"""Words that aren't preceded by an article."""

_UNCOUNTED: Final = frozenset("""
    alpha audio cfg cuda debug dype fp16 fp32 fp8 bf16 freeu half memory nag noise rife sage sound
    teacache text transparency triton vram
    """.split())
_ABSTRACT: Final = ("ing", "ion", "ment", "ity", "ness")
"""Words, and endings of words, that aren't counted and so take no article after "use"."""

_PLURAL: Final = frozenset("people children iter vertices".split())
_SINGULAR: Final = ("ss", "us", "is", "as")
"""Words in the plural without an s, and endings of words in the singular with one."""

_NUMBERED: Final = frozenset("""
    audio clip face frame group image layer level lora mask model part pass person prompt stage step
    style text video
    """.split())
"""Words whose number is spoken apart: `stage1` is "stage 1"."""

_SHORTEST: Final = 5
"""Singular and plural are treated alike only for names longer than this, in letters: `fp` is not
`fps`.
"""

_SHORTEST_REST: Final = 2
"""Letters that the unmatched part of a name has more than."""

_LOADED: Final = frozenset("model models checkpoint ckpt file".split())
"""Words that "model file" already implies."""

_HELD: Final = frozenset("string text value".split())
"""Words that alone say nothing of what a model does."""

Sentences: TypeAlias = str | Sequence[Sequence[str]]
"""The description of a name: one sentence, or several by kind, of which the first applicable one is
used.
"""

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


Told = tuple[str, SentenceOrigin]
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
        self._patterns = [
            (*glob.partition("*")[::2], kind, sentence)
            for glob, kind, sentence in data["patterns"]
        ]
        self._families = [
            (word, sentences)
            for words, sentences in data["families"].items()
            for word in words.split()
        ]
        self._choices = data["choices"]
        self._roles = data["roles"]
        self._spelled = data["spelled"]

    def sentence(
        self, class_type: str, name: str, kind: str, tooltip: str = ""
    ) -> Told:
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
            if plain in sentences and word in kind_words(class_type):
                return sentences[plain], SentenceOrigin.FAMILY
        if kind == "choice" and (chosen := self._chosen(plain)):
            return chosen
        named = self._named(plain, kind, class_type)
        if named:
            return named, SentenceOrigin.NAME
        patterned = self._patterned(name, kind)
        return patterned, (
            SentenceOrigin.PATTERN if patterned else SentenceOrigin.NOTHING
        )

    def on_name(self, name: str, kind: str) -> Told:
        """A sentence about a parameter's name, or about as many of its last words as possible; for
        a switch, patterns come first, such as that for `enable_turbo`.
        """
        if kind == "flag" and (patterned := self._patterned(name, kind)):
            return patterned, SentenceOrigin.PATTERN
        rest = plain_name(name)
        while rest:
            said = self._named(rest, kind, "")
            if said:
                return said, SentenceOrigin.NAME
            rest = rest.partition("_")[2]
        return "", SentenceOrigin.NOTHING

    def spelled(self, words: Iterable[str]) -> str:
        """The words as spelled in prose: `ip adapter` becomes "IP-Adapter"."""
        text = " ".join(words)
        if text in self._spelled:
            return self._spelled[text]
        return " ".join(map(self._spelled_word, text.split()))

    def _spelled_word(self, word: str) -> str:
        if word in self._spelled:
            return self._spelled[word]
        stem = word.rstrip("0123456789")
        if stem == word or not (stem in self._spelled or stem in _NUMBERED):
            return word
        return f"{self._spelled.get(stem, stem)} {word.removeprefix(stem)}"

    def _named(self, plain: str, kind: str, class_type: str) -> str:
        """The sentence for an input's name, singular or plural."""
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

    def _patterned(self, name: str, kind: str) -> str:
        """The sentence for names that match a pattern, by their own numbers or without any."""
        full = words(name)
        plain = tuple(plain_name(name).split("_"))
        for start, end, wanted, sentence in self._patterns:
            if kind not in _KINDS[wanted]:
                continue
            rest = _between(full, start, end) or _between(plain, start, end)
            if (
                rest
                and self._stands(rest, behind=start)
                and ("{plural}" not in sentence or _is_plural(rest))
            ):
                return self._with_rest(sentence, rest)
        if kind in _NUMBERS and "per" in plain[1:-1] and _is_plural(plain):
            return self._with_rest("Number of {rest}.", plain)
        return ""

    def _stands(self, rest: Sequence[str], *, behind: str) -> bool:
        """Whether the unmatched part of a name can serve as a noun in the pattern's sentence."""
        if rest[0] in _VERBS:
            return False
        return bool(behind) or rest[-1] not in _DANGLING | _DETERMINING

    def _with_rest(self, sentence: str, rest: Sequence[str]) -> str:
        """A pattern's sentence with the unmatched part of the name filled in."""
        spoken = self.spelled(rest)
        if rest[0] in _DETERMINING or spoken[-1].isdecimal():
            sentence = sentence.replace("the {rest}", "{rest}")
        text = sentence.format(
            rest=spoken,
            plural=spoken,
            several=spoken if spoken.endswith("s") else f"{spoken}s",
            the_rest=f"the {spoken}" if _is_counted(rest) else spoken,
        )
        return text[:1].upper() + text[1:]

    def _chosen(self, plain: str) -> Told | None:
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


def _between(name: Sequence[str], start: str, end: str) -> tuple[str, ...]:
    """The words of a name between the two ends of a pattern; empty if it doesn't match."""
    text = "_".join(name)
    if not (text.startswith(start) and text.endswith(end)):
        return ()
    rest = text[len(start) : len(text) - len(end)].strip("_")
    return tuple(rest.split("_")) if len(rest) > _SHORTEST_REST else ()


def _is_plural(said: Sequence[str]) -> bool:
    """Whether the words name several things: `faces`, `faces_per_image`."""
    noun = said[said.index("per") - 1] if "per" in said[1:] else said[-1]
    regular = len(noun) > 2 and noun.endswith("s") and not noun.endswith(_SINGULAR)
    return regular or noun in _PLURAL


def _is_counted(said: Sequence[str]) -> bool:
    """Whether the words name one thing that takes an article: a style image, but no caching."""
    noun = said[-1]
    return not (
        said[0] in _DETERMINING
        or noun in _UNCOUNTED
        or noun.endswith(_ABSTRACT)
        or noun[-1].isdecimal()
        or _is_plural(said)
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
    if first in ("Number", "How", "What", "Position", "Frame"):
        return kind not in ("flag", "media")
    if first in ("Width", "Height", "Pixels", "Horizontal", "Vertical"):
        return kind not in ("flag", "media", "text")
    return True


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """The glossary that the package ships."""
    return Glossary(json.loads(shipped_data("glossary.json")))
