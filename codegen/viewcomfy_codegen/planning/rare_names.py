"""Which inputs people rarely change, by their names and the classes of their nodes."""

from __future__ import annotations

import re
from typing import Final

from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Number,
    ParameterType,
    Text,
)

from ..catalog import NodeFacts
from ..catalog.vocabulary import class_words, family_of
from ..graph.workflow import Node
from ..words import words
from .input_words import (
    BOUNDS,
    CUTTING,
    EXTENTS,
    LIMITS,
    PLACED,
    PROGRAMS,
    RARE,
    SAID,
    STRENGTHS,
    SWITCHING,
    WANTED_CHOICES,
    WEAK,
)

Words = tuple[str, ...]

_SETTING: Final = re.compile(
    r"[a-z0-9][a-z0-9_.:-]*|None|Disabled|Enabled|[A-Z0-9]+(?:_[A-Z0-9]+)+|\w+\.\w+"
)
"""A text that is one of several settings rather than something that a person wrote."""


def is_rare_by_name(
    node: Node,
    parts: Words,
    value: object,
    kind: ParameterType,
    known: NodeFacts | None,
    advanced: bool,
) -> bool:
    """Whether people rarely change an input with these words in its name; `advanced` if its class
    says so.
    """
    if _is_hint(node, parts) or _is_place(parts, kind):
        return True
    if isinstance(kind, Text) and kind.multiline:
        return not PROGRAMS.isdisjoint(parts)
    if not STRENGTHS.isdisjoint(parts):
        return not BOUNDS.isdisjoint(parts)
    if not RARE.isdisjoint(parts) and not _is_making(parts):
        return True
    if parts == ("resolution",) and (
        family_of(node.class_type) in _READINGS
        or "preprocessor" in class_words(node.class_type)
    ):
        return True
    taken = parts == ("num", "frames") or (parts == ("length",) and known is not None)
    if taken and works_on_images(node, known):
        return True
    if _is_tuning(node, parts, kind):
        return True
    if advanced or _is_work(node, parts, known) or _is_internal(node, parts):
        return True
    if _of_masks(node) and isinstance(kind, Integer | Number | Flag | Choice):
        return "force" not in parts or EXTENTS.isdisjoint(parts)
    return _is_technical(parts, kind) or (
        known is None and isinstance(kind, Text) and _is_setting(parts, value)
    )


def _is_tuning(node: Node, parts: Words, kind: ParameterType) -> bool:
    """Whether an input tunes how a node works inside: the lower end of a schedule, the width of a
    blur, an attention.
    """
    if not isinstance(kind, Integer | Number | Flag):
        return False
    spoken = set(class_words(node.class_type))
    if not spoken.isdisjoint(_INSIDE) and "guidance" not in spoken:
        return True
    last = parts[-1] if parts else ""
    if last in LIMITS and isinstance(kind, Number):
        return True
    return last == "sigma" or (last == "steps" and "encode" in spoken)


_INSIDE: Final = frozenset("attention cache compile increment teacache".split())
"""Words in the names of classes that only work for others."""

_READINGS: Final = frozenset(
    {(each,) for each in "canny depth lineart pose scribble softedge".split()}
)
"""Families of nodes that read edges, depths or poses from an image to control another."""


def works_on_images(node: Node, known: NodeFacts | None) -> bool:
    """Whether a node processes given images rather than creating latents of a given number."""
    if known is not None:
        return not _IMAGES.isdisjoint(known.outputs) and any(
            known.inputs[link].type in _IMAGES
            for link in node.links
            if link in known.inputs
        )
    return _LATENTS.isdisjoint(class_words(node.class_type)) and any(
        not _FRAMES.isdisjoint(words(link)) for link in node.links
    )


_PARTS: Final = frozenset({"encode", "decode", "tile"})
_IMAGES: Final = frozenset({"IMAGE", "VIDEO", "MASK"})
_FRAMES: Final = frozenset("image images video frames pixels".split())
_LATENTS: Final = frozenset("sampler latent encode conditioning to".split())


def _is_hint(node: Node, parts: Words) -> bool:
    """Whether a size is only information for a model, as text encoders and schedulers take it, or a
    limit, and nothing of that size is created.
    """
    if not EXTENTS.intersection(parts):
        return False
    spoken = set(class_words(node.class_type))
    encodes = "encode" in spoken and not {"to", "video"} <= spoken
    return (
        not LIMITS.isdisjoint(parts)
        or encodes
        or "scheduler" in spoken
        or {"model", "sampling"} <= spoken
    )


def _is_place(parts: Words, kind: ParameterType) -> bool:
    """Whether an input says where or how something is done rather than what is made."""
    if {"x", "y"}.intersection(parts) and isinstance(kind, Integer | Number):
        if parts[-1] in ("x", "y", "offset"):
            return PLACED.issuperset({*parts} - {"x", "y"})
    if parts[-1:] == ("type",) or parts[-2:] in (("start", "step"), ("end", "step")):
        return True
    return parts in WEAK


def _is_making(parts: Words) -> bool:
    """Whether a name with a rarely changed word nevertheless says what is made."""
    making = {"width", "height", "steps", "cfg", "denoise", "megapixels", "frames"}
    return bool(making.intersection(parts)) and CUTTING.isdisjoint(parts)


def _is_work(node: Node, parts: Words, known: NodeFacts | None) -> bool:
    """Whether an input says how much of its data a node processes at once."""
    if parts[-2:] != ("batch", "size"):
        return False
    return not _PARTS.isdisjoint(parts) or works_on_images(node, known)


def _is_internal(node: Node, parts: Words) -> bool:
    """Whether an input is an internal of a node that loads a checkpoint, splits texts, makes
    frames in between, or finds regions and redraws them.
    """
    if not {"checkpoint", "tokenizer"}.isdisjoint(class_words(node.class_type)):
        return True
    if family_of(node.class_type) == ("interpolation",) and "scale" in parts:
        return True
    return family_of(node.class_type)[-1:] == ("detailer",) and "max" in parts


def _of_masks(node: Node) -> bool:
    return family_of(node.class_type) in (("mask",), ("crop",), ("uncrop",))


def _is_technical(parts: Words, kind: ParameterType) -> bool:
    """Whether a switch or choice is one that a workflow's author sets once rather than its users
    for each run.
    """
    if isinstance(kind, Choice):
        return WANTED_CHOICES.isdisjoint(parts)
    if isinstance(kind, Flag):
        return SWITCHING.isdisjoint(parts)
    return isinstance(kind, Json)


def _is_setting(parts: Words, value: object) -> bool:
    """Whether a text of an unknown class looks like one of several choices."""
    return (
        isinstance(value, str)
        and _SETTING.fullmatch(value) is not None
        and SAID.isdisjoint(parts)
    )
