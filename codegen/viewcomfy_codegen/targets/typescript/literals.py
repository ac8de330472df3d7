"""Turns values into TypeScript source, formatted as prettier would. This is the only place where
values become code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...model import Identifier
from ...words import one_line
from ..python.rendering import json_text, span
from ..templates import Code
from ..texts import quoted, wrapped

WIDTH: Final = 80

LARGEST_EXACT: Final = 2**53 - 1
"""Beyond this, JavaScript numbers cannot represent every whole number."""


def literal(value: Any) -> Code:
    """A text or a whole number as an expression that evaluates to it."""
    match value:
        case Code():
            return value
        case Identifier():
            return Code(value)
        case str():
            return Code(quoted(value, _escape))
        case int() if not isinstance(value, bool):
            return Code(f"{value}n" if abs(value) > LARGEST_EXACT else str(value))
        case _:
            raise TypeError(f"{type(value).__name__} has no literal")


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}"


def raw_json(entries: Mapping[str, Any], depth: int = 1) -> Code:
    """An object as JSON text in a raw template literal, one entry per line to this depth.

    In JSON, backquotes and dollar signs occur only in strings, where both can be escaped.
    """
    text = _by_line(entries, depth)
    safe = text.replace("`", "\\u0060").replace("${", "\\u0024{")
    return Code(f"String.raw`{safe}`")


def _by_line(value: Any, depth: int) -> str:
    if not depth or not isinstance(value, Mapping) or not value:
        return json_text(value)
    lines = (
        f"{json_text(name)}: {_by_line(each, depth - 1)}"
        for name, each in value.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def union(name: str, members: Iterable[str], *, exported: bool = True) -> Code:
    """A union type of `members`, which are code, on one line if it fits."""
    options = list(members) or ["never"]
    head = f"{'export ' if exported else ''}type {name} ="
    flat = f"{' | '.join(options)};"
    if span(f"{head} {flat}")[1] <= WIDTH:
        return Code(f"{head} {flat}")
    if len(options) == 1 or span(f"  {flat}")[1] <= WIDTH:
        return Code(f"{head}\n  {flat}")
    return Code(head + "".join(f"\n  | {each}" for each in options) + ";")


def comment(paragraphs: Iterable[str], indent: int = 0) -> Code:
    """A documentation comment, on one line if it fits; otherwise its paragraphs are wrapped."""
    texts = [text for text in map(_comment_text, paragraphs) if text]
    margin = " " * indent
    if len(texts) == 1 and indent + len("/**  */") + span(texts[0])[1] <= WIDTH:
        return Code(f"/** {texts[0]} */")
    room = WIDTH - indent - len(" * ")
    lines = [
        line
        for number, text in enumerate(texts)
        for line in (*([""] if number else []), *wrapped(text, room))
    ]
    body = "".join(f"\n{margin} * {line}".rstrip() for line in lines)
    return Code(f"/**{body}\n{margin} */")


_TAG: Final = re.compile(r"(?:(?<=\s)|(?<=\{)|^)@")


def _comment_text(text: str) -> str:
    """Text on one line, without unprintable characters or anything that ends the comment or starts
    a tag.
    """
    if isinstance(text, Code):
        return text
    plain = one_line(text)
    if "@" not in plain and "*/" not in plain:
        return plain
    return _TAG.sub(r"\\@", plain.replace("*/", "*\\/"))


_LONGEST_QUOTE: Final = 200


def comment_value(value: Any) -> str:
    """A default for a comment, as code within its text; long ones are cut."""
    text = json_text(value)
    if len(text) > _LONGEST_QUOTE:
        text = f"{text[: _LONGEST_QUOTE - 1]}…"
    return f"`{text.replace('`', chr(0x2019))}`"
