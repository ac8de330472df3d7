"""The inputs to be named, and which words in their names need others."""

from __future__ import annotations

from typing import Final, NamedTuple

from viewcomfy_runtime.parameters.types import ParameterType

from ..graph.workflow import Node
from ..words import words
from .rules import Rule, Words, merge, unnumbered

GENERIC: Final = frozenset("""
    text texts value string prompt image images int integer float number num boolean bool input
    video audio file any model positive negative populated literal choice
    """.split())
"""Words for the kind of a value, which don't identify it."""

_WEAK: Final = frozenset("""
    strength weight weights scale name type mode direction channel tolerance threshold start end x y
    z amount index left right top bottom expand enabled enable version noise base ratio factor
    radius a b c d k resolution rotate kind function offset visibility algorithm text string value
    model int float number boolean choice min max url count power select idx
    sigma step
    """.split())
"""Words that say how a value acts but not on what, so they need the noun of their node."""

_OPENING: Final = frozenset(
    "start end low high strength weight first last model class".split()
)
_CLOSING: Final = frozenset(
    "at percent threshold model clip type step name strength index frame".split()
)
"""The first and last words of phrases that are as weak: `start_percent`, `low_threshold`,
`model_name`.
"""

MEDIA_NOUNS: Final = frozenset("""
    image images mask video audio picture photo frame frames img pixels sound music voice speech
    song imagem imagen immagine bild foto vídeo изображение видео 图像 图片 画像 이미지 视频 動画
    """.split())


class Spot(NamedTuple):
    """An input to be named; `alone` if it is its node's only one."""

    node: Node
    input: str
    type: ParameterType
    alone: bool
    label: Words = ()
    """The words of the input's own label, which isn't part of the workflow."""
    for_all: bool = False
    """Whether it also sets other inputs of its node, so its name doesn't mention its encoder."""
    hidden: bool = False
    """Whether it has no parameter of its own, so that all others take precedence."""


class Base(NamedTuple):
    """The name of an input unless another has the same one.

    `noun` is what a weak word needs, `words` the rest. `role` is true if the name says what the
    value is, so that a number follows it; `reserved` if the noun is needed only because Python
    reserves the word.
    """

    words: Words
    rule: Rule
    noun: Words = ()
    role: bool = False
    reserved: bool = False

    @property
    def name(self) -> Words:
        return merge(self.noun, self.words)


def own_words(name: str) -> Words:
    """The words of an input's name. Of one that a choice adds (`model.size.width`), those after the
    last dot, unless only a version follows it (`SD1.5`).
    """
    last = name.rpartition(".")[2]
    return words(name if last.isdecimal() else last) or words(name)


def is_weak(own: Words) -> bool:
    bare = tuple(word for word in unnumbered(own) if word) or own
    if len(bare) == 1:
        short = len(bare[0]) < 2 or (len(bare[0]) < 3 and bare == own)
        return bare[0] in _WEAK or (short and bare[0].isascii())
    if bare in (("model", "weight"), ("clip", "weight")):
        return True
    if len(bare) == 2 and bare[0] == "value" and len(bare[1]) < 2:
        return True
    if bare[1:] == ("val",) and bare[0] in GENERIC:
        return True
    if bare in (("is", "enable"), ("is", "enabled")):
        return True
    return len(bare) == 2 and bare[0] in _OPENING and bare[1] in _CLOSING


def only_numbers(said: Words) -> bool:
    return bool(said) and all(word.isdecimal() for word in said)
