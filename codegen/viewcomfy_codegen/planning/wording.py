"""Texts of a workflow and of its author for use in sentences."""

from __future__ import annotations

from typing import Final

from ..words import one_line

_LONGEST_QUOTE: Final = 80


def sentence_of(text: str) -> str:
    """The text as a sentence on one line."""
    plain = one_line(text)
    return plain if not plain or plain[-1] in ".!?…:;)" else f"{plain}."


def spoken(text: str) -> str:
    """A text of the workflow for use within a sentence: on one line, without unprintable
    characters, shortened if long.
    """
    plain = one_line(text)
    return (
        plain
        if len(plain) <= _LONGEST_QUOTE
        else plain[: _LONGEST_QUOTE - 1].rstrip() + "…"
    )
