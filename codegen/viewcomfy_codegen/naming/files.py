"""The names of files: their author's words, their use, or their kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from viewcomfy_runtime.parameters.types import Media

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words
from ..graph.roles import Roles
from ..graph.workflow import Node, Workflow
from .rules import Rule, Words, unnumbered
from .spots import GENERIC, MEDIA_NOUNS, Base, Spot, only_numbers, own_words
from .titles import Titles

_FRAMES: Final = frozenset("start end first last".split())
"""Words for a single frame of a video, which a whole video is not."""


_ENDINGS: Final = tuple(
    "图 图像 图片 照片 帧 视频 音频 声音 蒙版 遮罩 画像 動画 音声 マスク"
    " 이미지 비디오 오디오 마스크".split()
)
"""What words for files end with in languages without spaces."""

_SOUNDS: Final = frozenset("voice music speech song".split())
"""What a sound is: a name with such a word needs no other noun."""


class Files:
    """The names of the files of a workflow."""

    def __init__(
        self,
        workflow: Workflow,
        roles: Roles,
        facts: Mapping[str, NodeFacts | None],
        titles: Titles,
    ) -> None:
        self._workflow = workflow
        self._roles = roles
        self._facts = facts
        self._titles = titles

    def loaded_by(self, node: Node) -> Words:
        """The name of the file that a node loads; empty if it loads none."""
        facts = self._facts[node.class_type]
        if facts is None or node.links:
            return ()
        for name in node.values:
            declared = facts.inputs.get(name)
            if declared is not None and declared.upload:
                kind = Media(declared.upload)
                return self.base(node, kind, Spot(node, name, kind, True)).name
        return ()

    def base(self, node: Node, kind: Media, spot: Spot) -> Base:
        said = self._titles.said[node.id]
        facts = self._facts[node.class_type]
        makes_mask = facts is not None and facts.outputs == ("MASK",)
        noun = "mask" if makes_mask else _noun(kind)
        stem = unnumbered(said)
        alone = GENERIC.issuperset(stem) and self._titles.stems[stem] == 1
        if (
            said
            and not GENERIC.issuperset(said)
            and not only_numbers(said)
            and not alone
        ):
            if said[1:] and said[-1] == "input":
                said = said[:-1]
            if said[0].isdecimal():
                return Base((noun, *said), Rule.TITLE, role=True)
            return Base(_with_noun(said, noun), Rule.TITLE, role=True)
        label = self._roles.label(node)
        own = own_words(spot.input)
        if label and noun != "file":
            return Base(_as_media(label, noun), Rule.ROLE, role=True)
        if MEDIA_NOUNS.isdisjoint(own) and own != ("file",):
            return Base((*own, noun) if noun != "file" else own, Rule.INPUT, role=True)
        return Base((noun,), Rule.INPUT, role=True)

    def linked(self, node: Node, form: str = "url") -> Base | None:
        """The name of a text that stands for a file, in the form of its URL or its content: what
        the file is, and its use.
        """
        end = self._roles.text_end(node)
        openers = [self._workflow.nodes[end.node]] if end is not None else []
        if "load" in class_words(node.class_type):
            openers = [node]
        opener = next((each for each in (*openers, node) if _medium(each)), node)
        noun = _medium(opener)
        said = self._titles.said[opener.id] or self._titles.said[node.id]
        if noun and said and not GENERIC.issuperset(said) and not only_numbers(said):
            rest = tuple(word for word in said if word not in (form, noun))
            return Base((*rest, noun, form), Rule.TITLE, role=True)
        label = self._roles.label(opener) or self._roles.label(node)
        if label and noun:
            return Base((*_as_media(label, noun), form), Rule.ROLE, role=True)
        return Base((noun, form), Rule.ROLE, role=True) if noun else None


def _noun(kind: Media) -> str:
    noun = kind.media.partition("/")[0]
    return noun if noun in MEDIA_NOUNS else "file"


def _with_noun(said: Words, noun: str) -> Words:
    if MEDIA_NOUNS.intersection(word.rstrip("0123456789") for word in said):
        return said
    if said and not said[-1].isascii() and said[-1].endswith(_ENDINGS):
        return said
    return (*said, noun)


def _as_media(label: Words, noun: str) -> Words:
    """A role with the noun of what is actually loaded: an image that becomes `control_video` is a
    control image.
    """
    bare = tuple(word.rstrip("0123456789") or word for word in label)
    if "mask" in bare or "masks" in bare:
        rest = tuple(word for word in label if word not in ("image", "images"))
        return tuple("mask" if word == "masks" else word for word in rest)
    if noun == "audio" and not _SOUNDS.isdisjoint(bare):
        return label
    rest = tuple(
        word
        for word, plain in zip(label, bare, strict=True)
        if plain not in MEDIA_NOUNS | {"videos", "audios"}
        and not (noun == "video" and plain in _FRAMES)
    )
    return (*rest, noun)


def _medium(opener: Node) -> str:
    """The medium that a URL refers to, from the class that opens it."""
    for word in class_words(opener.class_type):
        if word.rstrip("s") in MEDIA_NOUNS:
            return word.rstrip("s")
    return ""
