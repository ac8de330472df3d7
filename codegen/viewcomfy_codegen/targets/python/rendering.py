"""Turns values into Python source, formatted as black would. This is the only place where values
become code.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Final

from jinja2 import Template

from ...model import Identifier
from ...words import one_line
from ..templates import Code, environment
from ..texts import quoted, wrapped

WIDTH: Final = 88
MARGIN: Final = 4


def span(text: str) -> tuple[int, int]:
    """The smallest and largest number of columns that black may count for `text`."""
    if text.isascii():
        return len(text), len(text)
    low = high = 0
    for char in text:
        code = ord(char)
        narrow = code < 0x300 or 0x370 <= code < 0x483
        wide = (
            0x3041 <= code <= 0x3096
            or 0x30A1 <= code <= 0x30FA
            or 0x4E00 <= code <= 0x9FA5
        )
        low += 1 if narrow else 2 if wide else 0
        high += 1 if narrow else 2
    return low, high


def fits(text: str, used: int = 0) -> bool:
    """Whether `text` fits a line after `used` columns."""
    return used + span(text)[1] <= WIDTH


def literal(value: Any) -> Code:
    """`value` as a Python expression on one line that evaluates to it: JSON values, and tuples of
    them.
    """
    match value:
        case Code():
            return value
        case Identifier():
            return Code(value)
        case str():
            return Code(_text(value))
        case None | bool() | int():
            return Code(repr(value))
        case float():
            return Code(repr(value).replace("e+", "e"))
        case list():
            return Code(f"[{', '.join(map(literal, value))}]")
        case dict():
            pairs = (f"{literal(key)}: {literal(item)}" for key, item in value.items())
            return Code(f"{{{', '.join(pairs)}}}")
        case _:
            raise TypeError(f"{type(value).__name__} has no literal")


def text_lines(value: Any, indent: int) -> list[Code]:
    """`value` as one expression in parentheses, line by line: a text that doesn't fit on one line
    is split behind its line breaks, and between words; every other value stays in one piece.
    """
    flat = literal(value)
    if not isinstance(value, str) or fits(flat, indent):
        return [flat]
    room = WIDTH - indent - len('""')
    pieces: list[str] = []
    used = room + 1
    for word in filter(None, _WORDS.findall(value)):
        length = len(_text(word)) - len('""')
        if used + length > room:
            pieces.append("")
            used = 0
        pieces[-1] += word
        used = room + 1 if word.endswith("\n") else used + length
    return [Code(_text(piece)) for piece in pieces]


_WORDS: Final = re.compile(r"[^ \n]* *\n?")
"""A word with the spaces and the line break behind it."""


def _text(value: str) -> str:
    return quoted(value, _escape)


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def laid_out(value: Any, indent: int, before: int, after: int) -> Code:
    """`value` as an expression that starts `before` characters into a line and is followed by
    `after` more.

    Lists and objects that do not fit are split, one item per line, with trailing commas.
    """
    flat = literal(value)
    if fits(flat, before + after) or not isinstance(value, list | dict) or not value:
        return flat
    margin = " " * (indent + 4)
    if isinstance(value, list):
        lines = [laid_out(item, indent + 4, indent + 4, 1) for item in value]
        opening, closing = "[", "]"
    else:
        opening, closing = "{", "}"
        lines = []
        for key, item in value.items():
            head = f"{literal(key)}: "
            lines.append(
                Code(head + laid_out(item, indent + 4, indent + 4 + len(head), 1))
            )
    body = "".join(f"{margin}{line},\n" for line in lines)
    return Code(f"{opening}\n{body}{' ' * indent}{closing}")


def call(
    name: str, arguments: Sequence[str], indent: int, before: int, after: int
) -> Code:
    """A call, or a subscript if `name` ends in `[`, split into one argument per line if it does not
    fit.
    """
    opening, closing = ("", "]") if name.endswith("[") else ("(", ")")
    flat = f"{name}{opening}{', '.join(arguments)}{closing}"
    if fits(flat, before + after):
        return Code(flat)
    margin = " " * (indent + 4)
    body = "".join(f"{margin}{argument},\n" for argument in arguments)
    return Code(f"{name}{opening}\n{body}{' ' * indent}{closing}")


def docstring(text: str, indent: int) -> Code:
    """A docstring on one line if it fits; otherwise `text` is wrapped, with the closing quotes on
    their own line.
    """
    lines = [_docstring_text(line) for line in text.split("\n")]
    flat = " ".join(lines)
    if indent + len(flat) + len('""""""') <= WIDTH:
        return Code(f'"""{flat}"""')
    lines[0] = '"""' + lines[0]
    parts = [part for line in lines for part in wrapped(line, WIDTH - indent)]
    if len(parts) == 1:  # Black leaves the quotes on a line that fits without them.
        parts = [*wrapped(parts[0], WIDTH - indent - len('"""'))]
    if len(parts) == 1:
        return Code(f'{parts[0]}"""')
    return Code(f"\n{' ' * indent}".join([*parts, '"""']))


def _docstring_text(text: str) -> str:
    """Text on one line, without unprintable characters or anything that could end the docstring or
    start an escape.
    """
    plain = one_line(text)
    return plain.replace("\\", "\\\\").replace(
        '"', '\\"' if '""' in plain or plain.endswith('"') else '"'
    )


def json_text(value: Any, indent: int | None = None) -> str:
    """`value` as JSON on one line or indented; unprintable characters are escaped."""
    if indent is None:
        plain = isinstance(value, str)
        text = encode_basestring(value) if plain else _JSON.encode(value)
    else:
        file = io.StringIO()
        _write(value, "\n", " " * indent, file.write)
        text = file.getvalue()
    return text if text.isprintable() else _JSON_UNPRINTED.sub(_json_escaped, text)


_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _write(value: Any, margin: str, step: str, write: Callable[[str], object]) -> None:
    """Writes indented JSON as the standard encoder does, in less time."""
    if not value or not isinstance(value, dict | list):
        write(_JSON.encode(value))
        return
    inner = separator = margin + step
    if isinstance(value, dict):
        write("{")
        for key, item in value.items():
            start = f"{separator}{encode_basestring(key)}: "
            separator = f",{inner}"
            if isinstance(item, str):
                write(start + encode_basestring(item))
            else:
                write(start)
                _write(item, inner, step, write)
        write(margin + "}")
    else:
        write("[")
        for item in value:
            write(separator)
            _write(item, inner, step, write)
            separator = f",{inner}"
        write(margin + "]")


_JSON_UNPRINTED: Final = re.compile(r"[^\n\x20-\x7e]")


def _json_escaped(found: re.Match[str]) -> str:
    char = found[0]
    return char if char.isprintable() else json.dumps(char)[1:-1]


def render(template: str, **context: Any) -> str:
    """The rendered template: everything that is neither Code nor an Identifier becomes a
    literal.
    """
    return _template(template).render(context)


@cache
def _template(name: str) -> Template:
    return environment(literal, {"docstring": docstring}).get_template(name)
