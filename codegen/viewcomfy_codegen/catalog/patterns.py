"""Sentences for names of inputs that match a pattern with one `*`, and how words are spelled in
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..words import plain_name, words

_NUMBERS: Final = frozenset({"integer", "number"})
_ANY: Final = _NUMBERS | {"text", "flag", "choice", "media", "json", "file"}
KINDS: Final[Mapping[str, frozenset[str]]] = {
    **{kind: frozenset({kind}) for kind in _ANY},
    "": _ANY,
    "number": _NUMBERS,
    "listed": frozenset({"text", "choice", "file"}),
    "value": _ANY - {"flag"},
}
"""The kinds of value that each kind in a pattern or sentence covers."""

_VERBS: Final = frozenset("""
    force show use enable disable keep clear save load is do auto add remove apply skip invert
    offload unload reduce return reset
    """.split())
"""Words that, if the unmatched part of a name starts with them, rule out a pattern's sentence."""

_ACTIONS: Final = frozenset("""
    decode deesser denoise downscale encode inpaint quantize rescale resize resume retarget sharpen
    simplify smooth upscale
    """.split())
"""Words for what is done, which take no article."""

_ATTRIBUTIVE: Final = ("{rest} file", "{rest} frames", "{rest} model", "{rest} steps")
"""In these the unmatched part of a name only describes another noun."""

_OUTSIDE: Final = frozenset("after before if not when".split())
"""Words that don't begin what a pattern's sentence is about."""

_LIMITS: Final = frozenset({"max", "min"})

_RANKED: Final = frozenset("level mode".split())
"""Words that make a noun of the verb before them: a `filter_level` filters no level."""

_DANGLING: Final = frozenset("""
    max min longer shorter longest shortest larger smaller largest smallest high low start end first
    last next previous x y by to of at from in on with for is structured full accelerated
    global local master preset custom main initial final total default original horizontal vertical
    dynamic static upper lower inner outer mel var fixed after before and or
    """.split())
"""Words that, if the unmatched part ends with them, refer to what the pattern matched and so can't
stand alone.
"""

_DETERMINING: Final = frozenset(
    "all every each any no only a an as to in on by for from with of at away".split()
)
"""Words that aren't preceded by an article."""

_UNCOUNTED: Final = frozenset("""
    alpha audio cfg cuda debug dype fp16 fp32 fp8 bf16 freeu half memory nag noise rife sage sound
    teacache text transparency triton vram
    """.split())
_ABSTRACT: Final = ("ing", "ion", "ment", "ity", "ness")
"""Words, and endings of words, that aren't counted and so take no article after "use"."""

_COUNTED: Final = frozenset("""
    collection dimension edition extension illustration implementation option portion position
    question region session transition version
    """.split())
"""Words with such an ending that are counted nevertheless."""

_PLURAL: Final = frozenset("people children iter vertices".split())
_SINGULAR: Final = ("ss", "us", "is", "as")
"""Words in the plural without an s, and endings of words in the singular with one."""

_NUMBERED: Final = frozenset("""
    audio clip face frame group image layer level lora mask model part pass person prompt stage step
    style text video
    """.split())
"""Words whose number is spoken apart: `stage1` is "stage 1"."""

_USED: Final = "Whether to use {the_rest}."

_SHORTEST_REST: Final = 2
"""Letters that the unmatched part of a name has more than."""


_ABBREVIATION: Final = re.compile(r"[a-z]|[b-df-hj-np-tv-xz]+")


class Spelling:
    """How words are spelled in prose."""

    def __init__(self, spelled: Mapping[str, str]) -> None:
        self._spelled = spelled

    def of(self, words: Iterable[str]) -> str:
        """The words as spelled in prose: `ip adapter` becomes "IP-Adapter"."""
        text = " ".join(words)
        if text in self._spelled:
            return self._spelled[text]
        return " ".join(map(self._spelled_word, text.split()))

    def is_cryptic(self, word: str) -> bool:
        """Whether a word is a letter or an abbreviation that prose doesn't spell out."""
        return word not in self._spelled and _ABBREVIATION.fullmatch(word) is not None

    def _spelled_word(self, word: str) -> str:
        if word in self._spelled:
            return self._spelled[word]
        stem = word.rstrip("0123456789")
        if stem == word or not (stem in self._spelled or stem in _NUMBERED):
            return word
        return f"{self._spelled.get(stem, stem)} {word.removeprefix(stem)}"


class Patterns:
    """Sentences for names by their beginning or end; `rows` holds patterns, kinds of value, and
    sentences.

    A sentence takes what the `*` stands for: `{rest}` as it is, `{the_rest}` and `{a_rest}` with an
    article if it is counted, `{several}` in the plural, `{plural}` only if it is a plural itself.
    """

    def __init__(self, rows: Iterable[Sequence[str]], spelling: Spelling) -> None:
        self._patterns = [
            (*glob.partition("*")[::2], kind, sentence) for glob, kind, sentence in rows
        ]
        self._spelling = spelling

    def sentence(self, name: str, kind: str) -> str:
        """The sentence for names that match a pattern, by their own numbers or without any."""
        full, plain = "_".join(words(name)), plain_name(name)
        for start, end, wanted, sentence in self._patterns:
            if kind not in KINDS[wanted]:
                continue
            rest = _between(full, start, end) or _between(plain, start, end)
            if len(rest) == 1 and rest[0] in _ACTIONS and sentence == _USED:
                return f"Whether to {rest[0]}."
            if (
                rest
                and not self._spelling.is_cryptic(rest[-1])
                and _stands(rest, sentence, behind=start)
                and ("{plural}" not in sentence or _is_plural(rest))
            ):
                return self._with_rest(sentence, rest)
        parts = plain.split("_")
        if kind in _NUMBERS and "per" in parts[1:-1] and _is_plural(parts):
            return self._with_rest("Number of {rest}.", parts)
        return ""

    def _with_rest(self, sentence: str, rest: Sequence[str]) -> str:
        """A pattern's sentence with the unmatched part of the name filled in."""
        spoken = self._spelling.of(rest)
        if rest[0] in _DETERMINING or spoken[-1].isdecimal():
            sentence = sentence.replace("the {rest}", "{rest}")
        text = sentence.format(
            rest=spoken,
            plural=spoken,
            several=spoken if spoken.endswith("s") else f"{spoken}s",
            the_rest=f"the {spoken}" if _is_counted(rest) else spoken,
            a_rest=_with_article(spoken) if _is_counted(rest) else spoken,
        )
        return text[:1].upper() + text[1:]


def _stands(rest: Sequence[str], sentence: str, *, behind: str) -> bool:
    """Whether the unmatched part of a name can serve as a noun in the pattern's sentence."""
    first, last = rest[0], rest[-1]
    if first in _VERBS | _OUTSIDE or not _LIMITS.isdisjoint(rest[1:]):
        return False
    if last in _ACTIONS and not any(each in sentence for each in _ATTRIBUTIVE):
        return False
    if behind:
        return len(rest) > 1 or last not in _DETERMINING | _RANKED
    return first not in _LIMITS and last not in _DANGLING | _DETERMINING


def _with_article(spoken: str) -> str:
    return f"{'an' if spoken[0] in 'aeiouAEIO' else 'a'} {spoken}"


def _between(name: str, start: str, end: str) -> tuple[str, ...]:
    """The words of a name between the two ends of a pattern; empty if it doesn't match."""
    if not (name.startswith(start) and name.endswith(end)):
        return ()
    rest = name[len(start) : len(name) - len(end)].strip("_")
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
        or (noun.endswith(_ABSTRACT) and noun not in _COUNTED)
        or noun[-1].isdecimal()
        or _is_plural(said)
    )
