"""Which inputs people set for each run, and which ones they rarely change."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.types import (
    Integer,
    Media,
    ParameterType,
    Text,
)

from ..catalog import InputFacts
from ..catalog.vocabulary import class_words, family_of
from ..graph.roles import Roles
from ..graph.workflow import Node
from ..naming.texts import SERVER
from ..words import words
from .declared_types import is_model_file
from .input_words import MAKING, SIZES, WEAK
from .rare_names import Words, is_rare_by_name
from .slots import Slots
from .widget import Widget

_FILES: Final = frozenset(
    "ckpt vae clip lora unet model config control net controlnet ipadapter file encoder upscale"
    " style".split()
)
_GLUE: Final = frozenset(
    "delimiter separator linebreak addition clean whitespace find comparison operation multiple"
    " of purge library".split()
)
"""Words for how values are combined, compared or released."""

_RARE_ALONE: Final = frozenset(
    "device dtype precision cache offload debug unload log print memory timeout api"
    " format moderation auto normalization".split()
)


def is_rare(widget: Widget, kind: ParameterType, roles: Roles, slots: Slots) -> bool:
    """Whether people rarely change an input: model files, devices, how a result is saved,
    internals.
    """
    node, name, value, facts, known = widget
    parts = _without_number(words(name))
    if isinstance(kind, Media) or (facts is not None and facts.choices_from):
        return False
    if _loads_model(node, parts, value, facts):
        return True
    if isinstance(value, str) and SERVER.fullmatch(value):
        return True
    if "seed" in parts and isinstance(kind, Integer):
        return not kind.random or node.values.get("add_noise") in ("disable", False)
    if isinstance(kind, Text) and _is_source(node, parts):
        return False
    if roles.names_files(node):
        return True
    if slots.is_empty(name) or slots.is_in_table(name) or slots.is_count(name):
        return True
    if isinstance(value, str) and roles.joins(node, name):
        return True
    if _is_for_nothing(node, name):
        return True
    if roles.is_math(node) or _GLUE.issuperset(parts) or _parses(node):
        return True
    if roles.only_shows(node) or (roles.saves(node) and SIZES.isdisjoint(parts)):
        return True  # Prompts and steps, too: they are only written down there.
    makes = not MAKING.isdisjoint(parts)
    advanced = facts is not None and facts.advanced and not makes
    if roles.generates_alone(node) and _RARE_ALONE.isdisjoint(parts):
        return advanced
    if known is not None and known.output_node and not makes:
        return True
    return is_rare_by_name(node, parts, value, kind, known, advanced)


def _is_source(node: Node, parts: Words) -> bool:
    """Whether a text names what its node loads and nothing before it does: a URL, a folder."""
    spoken = set(class_words(node.class_type))
    loads = "load" in spoken and not _MEDIA.isdisjoint(
        word.removesuffix("s") for word in spoken
    )
    named = not _SOURCES.isdisjoint(parts[-1:]) and parts not in WEAK
    return loads and named and not node.links


_MEDIA: Final = frozenset("image video audio mask".split())

_SOURCES: Final = frozenset("url path directory folder".split())


def _is_for_nothing(node: Node, name: str) -> bool:
    """Whether an input is about an image that nothing supplies: `strength_2` beside `image_1`
    alone.
    """
    number = name.rpartition("_")[2]
    return (
        number.isdecimal()
        and f"image_{number}" not in node.links
        and "image_1" in node.links
        and not name.startswith("image_")
    )


def _parses(node: Node) -> bool:
    """Whether a node only takes texts apart, or fetches files before anything is made."""
    spoken = class_words(node.class_type)
    if "downloader" in spoken:
        return not node.links
    return not {"parser", "parse", "formatter", "json"}.isdisjoint(spoken)


def _without_number(parts: Words) -> Words:
    while len(parts) > 1 and parts[-1].isdecimal():
        parts = parts[:-1]
    return parts


def _loads_model(
    node: Node, parts: Words, value: object, facts: InputFacts | None
) -> bool:
    if (facts is not None and facts.files) or is_model_file(value):
        return True
    if not isinstance(value, str):
        return False
    if parts == ("lora",) and family_of(node.class_type) == parts:
        return True
    loader = "loader" in class_words(node.class_type)
    if parts[1:] == ("file",) and loader and _MEDIA.isdisjoint(parts):
        return True
    if parts[-1:] != ("name",):
        return False
    return (loader and len(parts) == 1) or not _FILES.isdisjoint(parts)
