"""The type of an input that no class declares: guessed from its name or its value.

Placeholders, which programs that fill in a workflow replace, are also recognized here.
"""

from __future__ import annotations

import re
from typing import Final

from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
)

from ..catalog import Catalog, InputFacts
from ..catalog.facts import DYNAMIC_COMBO
from ..words import plain_name, words
from .declared_types import choices_of, is_model_file

_MEDIA_BY_EXTENSION: Final = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "bmp", "tiff"), "image/*"),
    **dict.fromkeys(("mp4", "webm", "mov", "mkv", "avi"), "video/*"),
    **dict.fromkeys(("wav", "mp3", "flac", "ogg", "m4a", "opus"), "audio/*"),
}

_MEDIA_WORDS: Final = frozenset({"image", "mask", "video", "audio", "picture", "photo"})

_PLACEHOLDER: Final = re.compile(
    r"%[^%]+%|\{\{.*\}\}|\$?\{[^{}]*\}|\$\w+|__\w+|<<?[\w .-]+>>?|\[\[[\w .-]+\]\]"
)
"""What programs fill in: `%sampler%`, `{{width}}`, `${seed}`, `__INT__steps`, `<PROMPT>`."""

_SHOUTED: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""How programs that fill in workflows spell their placeholders: `PARAM_WIDTH`, `SEED_VALUE`."""

_PAIRS: Final = (
    ("enable", "disable"),
    ("enabled", "disabled"),
    ("yes", "no"),
    ("on", "off"),
    ("true", "false"),
)
"""Switches that are written as words: a value with either word can have the other."""

_LONGEST_OPTION: Final = 60
"""Longer texts with spaces are prose, which needs several lines."""

_COUNTED: Final = frozenset(
    "layer layers latents level levels block blocks tiles token tokens steps frames num"
    " colors seed".split()
)
"""Words in the names of counts, and of what a number selects."""

_MEASURED: Final = frozenset("""
    width height w h size side res resolution pixels len length
    n count ctx idx index samples iterations iters threads views poses
    points cycles grid
    """.split())
"""The last words of names of sizes and counts, which are whole if the value is."""

_SHARES: Final = frozenset("opacity transparency visibility strength intensity".split())
"""The last words of names of shares of 1, which other classes count in percent."""


def guessed_type(name: str, value: object, catalog: Catalog) -> ParameterType | None:
    """The type of an input that no class declares: that of inputs with its name in other classes,
    if its value fits.
    """
    if isinstance(value, str):
        media = _media(name, value)
        if media is not None:
            return Media(media)
        return _guessed_text(
            value, catalog.guess(plain_name(name.rpartition(".")[2]), value)
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return Integer() if _is_whole(name, value, catalog) else Number()
    return None


def _is_whole(name: str, value: int, catalog: Catalog) -> bool:
    """Whether an input that holds a whole number takes no others: `"cfg": 6` stands for 6.0."""
    plain = plain_name(name.rpartition(".")[2])
    last = plain.rpartition("_")[2]
    if value == 1 and last in _SHARES:
        return False
    facts = catalog.guess(plain, value)
    if facts is None and last in _MEASURED:
        return True
    known = facts is not None and facts.type == "INT"
    return known or not _COUNTED.isdisjoint(words(name))


def _guessed_text(value: str, facts: InputFacts | None) -> ParameterType | None:
    """The type of a text: an open choice if inputs with its name are choices elsewhere."""
    for pair in _PAIRS:
        if value in pair:
            return Choice(pair, open=True)
    if facts is not None and value in facts.choices:
        return choices_of(facts, value)
    if facts is not None and facts.type == "COMBO" and _is_an_option(value):
        return None if facts.files else Choice((value,), open=True)
    prose = " " in value and len(value) > _LONGEST_OPTION
    multiline = facts is not None and facts.type == "STRING" and facts.multiline
    return Text(multiline=True) if prose or multiline else None


def _is_an_option(value: str) -> bool:
    """Whether a text could be in a list of choices: a short line that is neither a placeholder nor
    a model file.
    """
    return (
        0 < len(value) <= _LONGEST_OPTION
        and value.isprintable()
        and not (is_placeholder(value) or is_model_file(value))
    )


def _media(name: str, value: str) -> str | None:
    """The MIME pattern of a file that is loaded, if both the input's name and the value imply
    one.
    """
    if (
        "/" in value
        or "\\" in value
        or _MEDIA_WORDS.isdisjoint(words(plain_name(name)))
    ):
        return None
    return _MEDIA_BY_EXTENSION.get(value.rpartition(".")[2].casefold())


def literal_type(value: object) -> ParameterType:
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


def placed_number(
    name: str, value: object, catalog: Catalog
) -> Integer | Number | None:
    """The type that replaces a placeholder if inputs with its name are numbers in most classes."""
    if not isinstance(value, str) or not is_placeholder(value):
        return None
    plain = plain_name(name)
    facts = catalog.guess(plain, value) or catalog.guess(plain, 0)
    match facts.type if facts is not None else "":
        case "INT":
            return Integer()
        case "FLOAT":
            return Number()
        case _:
            return None


def stands_for_a_choice(value: object, facts: InputFacts) -> bool:
    return (
        isinstance(value, str)
        and facts.value_type in ("COMBO", DYNAMIC_COMBO)
        and value not in facts.choices
        and is_placeholder(value)
        and not any(_SHOUTED.fullmatch(str(choice)) for choice in facts.choices)
    )


def is_placeholder(value: object) -> bool:
    """Whether a value is a placeholder that a program replaces."""
    return isinstance(value, str) and bool(
        _PLACEHOLDER.fullmatch(value) or _SHOUTED.fullmatch(value)
    )
