"""Texts as all languages write them: quoted, and wrapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_ESCAPES: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\"}


def quoted(text: str, escape: Callable[[int], str]) -> str:
    """A string in double quotes, unless single quotes need fewer escapes. `escape` writes an
    unprintable character by its code point.
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    if not text.isprintable() or "\\" in text:
        text = "".join(
            _ESCAPES.get(char) or (char if char.isprintable() else escape(ord(char)))
            for char in text
        )
    return quote + text.replace(quote, "\\" + quote) + quote


def wrapped(text: str, width: int) -> list[str]:
    """The words of a text on as many lines as they need; `textwrap` takes several times as long."""
    found: list[str] = []
    for word in text.split():
        if found and len(found[-1]) + 1 + len(word) <= width:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found
