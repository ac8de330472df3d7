"""Which type an input has: what its class says, else what its name usually is, else what its value looks like."""

from __future__ import annotations

import re
from typing import Any, Final

from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Option,
    ParameterType,
    Refused,
    Text,
    accept,
)

from ..catalog import Catalog, InputFacts
from ..words import plain_name, words

_MEDIA_BY_EXTENSION: Final = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "bmp", "tiff"), "image/*"),
    **dict.fromkeys(("mp4", "webm", "mov", "mkv", "avi"), "video/*"),
    **dict.fromkeys(("wav", "mp3", "flac", "ogg", "m4a", "opus"), "audio/*"),
}
_MEDIA_WORDS: Final = frozenset({"image", "mask", "video", "audio", "picture", "photo"})

MODEL_FILE: Final = re.compile(
    r".\.(safetensors|sft|ckpt|pth?|bin|onnx|gguf|engine)$", re.IGNORECASE
)

_WIDEST: Final = 1e18
"""Floats beyond it are a widget's way to say that there is no bound."""

_SWITCHES: Final = frozenset(
    "enable disable enabled disabled on off yes no true false none always never before after"
    " left right top bottom center up down horizontal vertical width height x y z"
    " red green blue alpha fixed randomize increment decrement".split()
)
"""Choices that complete a whole (switches, sides, axes, channels); any other list may grow."""


def kind_of(
    name: str, value: Any, facts: InputFacts | None, catalog: Catalog
) -> tuple[ParameterType, str]:
    """The type of an input with this deployed value, and where it comes from; the value is always valid for it."""
    kind = _declared(facts, value) if facts is not None and facts.holds_value else None
    origin = "its class"
    if kind is None:
        kind, origin = _guessed(name, value, catalog), "its name, as elsewhere"
    if kind is not None and _fits(kind, value):
        return kind, origin
    if kind is not None:
        wider = _widened(kind, value)
        if _fits(wider, value):
            return wider, f"{origin}, less what the deployed value breaks"
    return _literal(value), "its deployed value"


def contradicts(facts: InputFacts, value: Any) -> bool:
    """Whether what a class says of an input refuses the deployed value, a file's name aside."""
    kind = _declared(facts, value) if facts.holds_value else None
    return kind is not None and not isinstance(kind, Media) and not _fits(kind, value)


def kind_wished(
    kind: ParameterType, wished: ParameterType, value: Any
) -> ParameterType:
    """The type that a user gave an input, as wide as its deployed value needs; ours where that says more, or all else fails."""
    if isinstance(wished, Text) and not isinstance(kind, Text):
        return kind
    for each in (wished, _widened(wished, value)):
        if _fits(each, value) or (isinstance(each, Media) and not value):
            return each
    return kind


def _declared(facts: InputFacts, value: Any) -> ParameterType | None:
    if facts.upload is not None and isinstance(value, str):
        return Media(facts.upload)
    match facts.value_type:
        case "INT":
            return Integer(_bound(facts.lo), _bound(facts.hi))
        case "FLOAT":
            return Number(_bound(facts.lo), _bound(facts.hi))
        case "STRING":
            return Text(facts.multiline or (isinstance(value, str) and "\n" in value))
        case "BOOLEAN":
            return Flag()
        case _:
            return _choices(facts, value)


def _bound(bound: int | float | None) -> int | float | None:
    if isinstance(bound, float):
        if not abs(bound) < _WIDEST:
            return None
        return int(bound) if bound.is_integer() else bound
    return bound


def _choices(facts: InputFacts, value: Any) -> ParameterType | None:
    if facts.multiselect:
        return Json("array")
    options = facts.choices
    if facts.files or not options or _is_file_elsewhere(value, options):
        return Text() if isinstance(value, str) else None
    strings = tuple(option for option in options if isinstance(option, str))
    if len(strings) == len(options):
        # One choice alone is what one machine has; others have more.
        whole_list = len(strings) > 1 and not facts.incomplete
        closed = facts.closed or (
            whole_list and {each.casefold() for each in strings} <= _SWITCHES
        )
        return Choice(_distinct(strings), open=not closed)
    whole = tuple(option for option in options if type(option) is int)
    if len(whole) == len(options):
        return Choice(_distinct(whole), open=not facts.closed)
    return None


def _is_file_elsewhere(value: Any, options: tuple[object, ...]) -> bool:
    """Whether the choices are what one machine had of the files that the workflow names."""
    return (
        isinstance(value, str)
        and value not in options
        and bool(MODEL_FILE.search(value))
    )


def _distinct(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple(dict.fromkeys(options))


def _guessed(name: str, value: Any, catalog: Catalog) -> ParameterType | None:
    """For an input that no class declares: what inputs of that name are elsewhere, where the value agrees."""
    if isinstance(value, str):
        media = _media(name, value)
        if media is not None:
            return Media(media)
        facts = catalog.guess(plain_name(name))
        if facts is not None and value in facts.choices:
            return _choices(facts, value)
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        # A whole number is no proof of an integer: "cfg": 6 is written for 6.0.
        facts = catalog.guess(plain_name(name))
        return Integer() if facts is not None and facts.type == "INT" else Number()
    return None


def _media(name: str, value: str) -> str | None:
    """The media of a file that is loaded: both its input's name and its own say so."""
    if (
        "/" in value
        or "\\" in value
        or _MEDIA_WORDS.isdisjoint(words(plain_name(name)))
    ):
        return None
    return _MEDIA_BY_EXTENSION.get(value.rpartition(".")[2].casefold())


def _fits(kind: ParameterType, value: Any) -> bool:
    """Whether `value` passes and is sent as it is, to the last bit."""
    if isinstance(kind, Media):
        return isinstance(value, str)
    try:
        accepted = accept(kind, value)
    except Refused:
        return False
    return type(accepted) is type(value)


def _widened(kind: ParameterType, value: Any) -> ParameterType:
    """The type without the bound that the deployed value breaks."""
    match kind:
        case Integer(lo, hi) | Number(lo, hi) if type(value) in (int, float):
            low = lo if lo is not None and value >= lo else None
            high = hi if hi is not None and value <= hi else None
            return type(kind)(low, high)
        case Choice(options, _):
            return Choice(options, open=True)
        case _:
            return kind


def _literal(value: Any) -> ParameterType:
    match value:
        case bool():
            return Flag()
        case str():
            return Text(multiline="\n" in value)
        case int():
            return Integer()
        case float():
            return Number()
        case list():
            return Json("array")
        case dict():
            return Json("object")
        case _:
            return Json()
