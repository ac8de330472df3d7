"""Finds what images, videos and audio are used for, from the names of inputs or else of classes."""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

from ..catalog.vocabulary import class_words, family_of, vocabulary
from ..words import words
from .constant_roles import declared_name
from .kinds import UNPACKS, Kinds, has_word
from .workflow import Node

_MEDIA_TYPES: Final = frozenset({"IMAGE", "MASK", "VIDEO", "AUDIO"})

_PLAIN_SOCKETS: Final = frozenset("""
    image images pixels video videos audio audios input inputs any anything value data frame frames
    picture in obj object text string prompt model positive negative latent latents samples
    conditioning clip vae sigmas noise guider sampler net lora hooks options optional pipe basic
    settings embeds vision output destination init original orig origin img vid src first second on
    true false condition waveform file batch list encoder gen to from of by and the encode upscaled
    resized raw media rgb rgba bgr any1
    """.split())
"""Words in input names that say what is linked there, not what it is used for."""

_FRAMES: Final = {"0": "start", "-1": "end"}
"""The role of an image that guides the frame with this index."""

_MEDIA_WORDS: Final = frozenset(
    "image images video frames mask masks audio picture face".split()
)
_SPELLED_OUT: Final = {
    "ref": "reference",
    "bg": "background",
    "fg": "foreground",
    **dict.fromkeys(("图像", "图片", "画像", "이미지"), "image"),
    **dict.fromkeys(("视频", "影片", "動画", "비디오"), "video"),
    **dict.fromkeys(("音频", "音声", "오디오"), "audio"),
    **dict.fromkeys(("遮罩", "蒙版", "マスク", "마스크"), "mask"),
}


_COLORS: Final = frozenset({"color", "match"})
"""Words in the names of classes that give one image the colors of another."""

_REFERENCES: Final = frozenset({"ref", "reference"})

_POSING: Final = ("model", "image")
"""The image of a person who wears something, since no model is an image."""


class _Label(NamedTuple):
    """The words for a role, and their certainty: 2 if an input's name says so, 1 if its class does,
    0 if nothing does.
    """

    words: tuple[str, ...]
    sure: int


_NO_LABEL: Final = _Label((), 0)
_MASKED: Final = _Label(("mask",), 1)
"""The label of an image that is a mask itself, as long as nothing else uses it."""


class MediaRoles(Kinds):
    """The roles of media, computed in one pass against the data flow."""

    def label(self, node: Node) -> tuple[str, ...]:
        """The words for how the node's image, video or audio is used; empty if it has no special
        role.
        """
        labels = self._labels[node.id]
        # The mask of a loaded image says nothing about how the image is used.
        images = [label for kind, label in labels.items() if kind != "MASK"]
        return _surest(images or list(labels.values())).words

    @cached_property
    def _labels(self) -> dict[str, dict[str, _Label]]:
        """The role of each node's outputs, by output type."""
        found: dict[str, dict[str, _Label]] = {}
        for node in reversed(self._workflow.nodes.values()):
            labels: dict[str, list[_Label]] = {}
            for use in self._workflow.uses[node.id]:
                kind = self.link_type(node, use)
                if kind not in _MEDIA_TYPES and kind != "*":
                    continue
                target = self._workflow.nodes[use.node]
                label = self._use_label(target, use.input)
                if kind == "*" and _MEDIA_WORDS.isdisjoint(words(use.input)):
                    label = _NO_LABEL  # Not known to be an image.
                if not label.sure and (kept := self._kept(target, kind)):
                    label = found.get(target.id, {}).get(kept, _NO_LABEL)
                    if "map" in label.words and family_of(target.class_type):
                        label = _NO_LABEL  # What a map is made of is no map.
                labels.setdefault(kind, []).append(label)
            found[node.id] = {kind: _surest(every) for kind, every in labels.items()}
        return found

    def _use_label(self, target: Node, name: str) -> _Label:
        if any(other.endswith("_store") for other in target.values):
            return _NO_LABEL  # The background image of an editor.
        if declared := declared_name(target):
            return _Label(declared, 2)
        frame = _FRAMES.get(str(target.values.get("frame_idx")))
        if frame is not None and name == "image":
            return _Label((frame, name), 2)
        *groups, last = name.split(".")
        for each in (last, *reversed(groups[1:])):
            said = tuple(_SPELLED_OUT.get(part, part) for part in words(each))
            if said[1:] and said[0] == "input":
                said = said[1:]
            bare = {part.rstrip("0123456789") for part in said if len(part) > 1}
            if family_of(target.class_type) == ("crop",):
                bare -= {"source"}  # Whatever is cropped is its source.
            if not _PLAIN_SOCKETS.issuperset(bare - {""}) or said == _POSING:
                # An image is only borrowed for its colors.
                recolors = _COLORS.issubset(class_words(target.class_type))
                borrowed = recolors and not _REFERENCES.isdisjoint(said)
                return _Label(said, 1 if borrowed else 2)
        if _converts_to_mask(target):
            return _MASKED
        known = vocabulary().used_as(class_words(target.class_type), name)
        if known:
            return _Label(known, 1)
        facts = self._facts(target.class_type)
        # Nodes that turn an image into a latent give it no special role.
        made_from = facts is not None and facts.outputs[:1] == ("LATENT",)
        return _Label((), 1) if made_from else _NO_LABEL

    def _kept(self, target: Node, kind: str) -> str | None:
        """The type in which a value passed to `target` comes out again, unchanged or merely
        unpacked; None if it doesn't.
        """
        facts = self._facts(target.class_type)
        if kind == "VIDEO" and has_word(target, UNPACKS):
            return "IMAGE"
        if facts is None or kind == "*" or not {kind, "*"}.isdisjoint(facts.outputs):
            return kind
        return None


def _converts_to_mask(node: Node) -> bool:
    """Whether a node only takes an image's color for a mask, rather than finds a part of it. Its
    transparency is something else than the image.
    """
    spoken = class_words(node.class_type)
    return spoken[-3:] == ("image", "to", "mask") and (
        node.values.get("channel", "red") != "alpha"
    )


def _surest(labels: list[_Label]) -> _Label:
    """The label with the highest certainty, or no label if several different ones share it."""
    if _MASKED in labels and len(set(labels)) > 1:
        labels = [label for label in labels if label != _MASKED]
    highest = max((label.sure for label in labels), default=0)
    best = {label for label in labels if label.sure == highest}
    return best.pop() if len(best) == 1 else _NO_LABEL
