"""The inputs that are to be named, and the words in their names that need others beside them."""

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
"""Words for what a value is; they do not say which one."""

_WEAK: Final = frozenset("""
    strength weight weights scale name type mode direction channel tolerance threshold start end x y
    z amount index left right top bottom expand enabled enable version noise base ratio factor
    radius a b c d k resolution rotate kind function offset visibility algorithm text string value
    model int float number boolean choice min max
    """.split())
"""Words that say how a value acts but not on what: they need the noun of what their node is."""

_OPENING: Final = frozenset(
    "start end low high strength weight first last model class".split()
)
_CLOSING: Final = frozenset(
    "at percent threshold model clip type step name strength index frame".split()
)
"""How phrases begin and end that are as weak: `start_percent`, `low_threshold`, `model_name`."""

MEDIA_NOUNS: Final = frozenset("""
    image images mask video audio picture photo frame frames img pixels sound music voice speech
    song imagem imagen immagine bild foto vídeo изображение видео 图像 图片 画像 이미지 视频 動画
    """.split())


class Spot(NamedTuple):
    """An input of a node that is to be named; `alone` when it is the node's only one."""

    node: Node
    input: str
    type: ParameterType
    alone: bool
    label: Words = ()
    """What its user wrote for the input itself, elsewhere than in the workflow."""
    for_all: bool = False
    """Whether its value sets other inputs of its node, too: it says nothing of its own encoder."""
    hidden: bool = False
    """Whether it has no parameter of its own: it gives way to all others."""


class Base(NamedTuple):
    """What an input is called as long as no other wants that name.

    `noun` is what a weak word needs, `words` the rest; `role` when the whole says what the value
    is, so that numbers stand behind it; `reserved` when only Python needs the noun.
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
    """The words of an input's name; of one that a choice brings (`model.size.width`), those behind
    the last dot, unless only a version stands there (`SD1.5`).
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
    return len(bare) == 2 and bare[0] in _OPENING and bare[1] in _CLOSING


def only_numbers(said: Words) -> bool:
    return bool(said) and all(word.isdecimal() for word in said)
