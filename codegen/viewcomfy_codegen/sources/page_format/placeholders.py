"""Fills placeholders in the names of saved files: `%KSampler.seed%` stands for a widget's value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from viewcomfy_runtime.json_types import JsonObject

from .document import PageNode
from .virtual import PRIMITIVE

FILE_NAME: Final = "filename_prefix"
"""The input whose placeholders the page fills on export."""

_PLACEHOLDER: Final = re.compile(r"%([^%]+)%")
_DATE: Final = re.compile(r"%date:[^%]*%")
_UNFIT: Final = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
"""Characters not allowed in file names."""

_LONGEST: Final = 255
"""Maximum length in characters of a value to be filled in; longer values are not."""


class Placeholders:
    """Fills placeholders with the values of widgets in the workflow; `values` returns those of one
    node.
    """

    def __init__(
        self,
        nodes: Callable[[], Iterable[PageNode]],
        values: Callable[[PageNode], JsonObject],
    ) -> None:
        self._nodes = nodes
        self._values = values
        self._called: dict[str, PageNode] | None = None

    def filled(self, text: str) -> str:
        """The text with its placeholders filled in; those that don't refer to a widget are kept."""
        return _PLACEHOLDER.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        name, dot, widget = found[1].partition(".")
        node = self._by_name().get(name) if dot else None
        if node is None:
            return found[0]
        values = (
            {"value": node.values[0]}
            if node.class_type == PRIMITIVE and node.values
            else self._values(node)
        )
        text = _text(values[widget]) if widget in values else ""
        fits = widget in values and len(text) <= _LONGEST
        return _UNFIT.sub("_", text) if fits else found[0]

    def _by_name(self) -> dict[str, PageNode]:
        """Nodes by their name for placeholders, or else by title."""
        if self._called is None:
            nodes = list(self._nodes())
            self._called = {node.title: node for node in reversed(nodes) if node.title}
            self._called |= {_name(node): node for node in reversed(nodes)}
        return self._called


def is_dated(text: str) -> bool:
    """Whether the page inserts the date of each run into the text."""
    return _DATE.search(text) is not None


def _name(node: PageNode) -> str:
    name = node.properties.get("Node name for S&R")
    return name if isinstance(name, str) else node.class_type


def _text(value: object) -> str:
    """A value as the page formats it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
