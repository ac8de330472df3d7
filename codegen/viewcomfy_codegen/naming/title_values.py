"""Values in titles: what a node is set to, which a call may change, is no name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..graph.workflow import Node

_VALUE: Final = re.compile(
    r"(?<![\w.])(\d+)\s*[x×]\s*(\d+)(?![\w.])"  # a size
    r"|(?<![\w.])(\d+\.\d+)(?![\w.])"
    r"|(?<![\w.])(\d+)\s*(?:fps|px|steps|frames|seconds)\b"
    r"|[#=:(\[]\s*(-?\d+(?:\.\d+)?|\w+)\s*[)\]]?\s*$",
    re.IGNORECASE,
)
"""A value in a title: what its node is set to, which a call may change."""

_MAY_SAY_VALUE: Final = re.compile(r"[\d#=:(\[]")


_DIGITS: Final = 6
"""How many decimals count: the page shows 0.3 for 0.30000000000000004."""

_LONGEST: Final = 40
"""The longest text, in characters, that a title can say as a value."""


def without_values(text: str, node: Node) -> str:
    """A title's text without its node's own values; most titles say none."""
    if _MAY_SAY_VALUE.search(text) is None:
        return text
    values = frozenset(_values(node))
    return _VALUE.sub(
        lambda found: " " if _says_only(found, values) else found[0], text
    )


def _values(node: Node) -> Iterator[str | float]:
    """What a title of the node could say: its short texts and its numbers."""
    for value in node.values.values():
        if isinstance(value, str) and len(value) <= _LONGEST:
            yield value.casefold()
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            if (number := _number(value)) is not None:
                yield number


def _says_only(found: re.Match[str], values: frozenset[str | float]) -> bool:
    said = [each for each in found.groups() if each is not None]
    return all(each.casefold() in values or _number(each) in values for each in said)


def _number(value: int | float | str) -> float | None:
    if isinstance(value, str) and len(value) > _LONGEST:
        return None
    try:
        return round(float(value), _DIGITS)
    except (ValueError, OverflowError):
        return None
