"""Reads the values of a node's widgets, by input name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import chain, compress
from typing import Final

from viewcomfy_runtime.json_types import JsonValue

from ...catalog import InputFacts, NodeFacts
from .added import declared, read_entered
from .document import PageNode
from .unknown_classes import (
    CONTROLS,
    Ambiguous,
    Widgets,
    is_setting,
    listed_widgets,
    read_added,
)

_BUTTONS: Final = 3
"""The number of buttons before the widget of a scene that is loaded from a file, each with a
position of its own.
"""
_SIDES: Final = 4
"""The number of values after a box, for its left, top, width and height."""

_NUMBERS: Final = frozenset({"INT", "FLOAT"})
_DRAWN: Final = re.compile(r"\{[^{}]*\||/[/*]")
"""Matches alternatives or a comment in a text that is a dynamic prompt."""


class _Nothing(Enum):
    """The value of a widget that the file doesn't have."""

    NOTHING = "nothing"


_NOTHING: Final = _Nothing.NOTHING


def widgets_of(node: PageNode, facts: NodeFacts | None) -> Widgets:
    """The values of a node's widgets, according to its class or else to the file itself.

    Raises Ambiguous if neither suffices.
    """
    if facts is None:
        return listed_widgets(node)
    facts = declared(facts, node.class_type)
    if node.values is None and node.named is not None:
        return _by_name(node.named, facts)
    places = _ByPlace(_without_sockets(node.values or (), facts))
    found = _Read(places, facts)
    rest = read_entered(node, places.rest(), found.widgets)
    if not facts.own and (found.misfit or _has_other_widgets(node, facts, rest)):
        # The file was saved with another version of the class than the known one.
        if node.named is not None:
            return _by_name(node.named, facts)
        try:
            return listed_widgets(node)
        except Ambiguous:
            if found.misfit:
                raise
    found.widgets.unread = not facts.own and any(map(is_setting, rest))
    return found.widgets


def _has_other_widgets(
    node: PageNode, facts: NodeFacts, rest: Sequence[JsonValue]
) -> bool:
    """Whether the file names widgets that the known version of the class doesn't have."""
    listed = (slot.widget for slot in node.inputs if slot.widget is not None)
    saved = node.named if node.named is not None and rest else ()
    return any(
        facts.input(name) is None and not facts.is_page_only(name)
        for name in chain(listed, saved)
    )


def _without_sockets(
    values: Sequence[JsonValue], facts: NodeFacts
) -> Sequence[JsonValue]:
    """The values without those of inputs that are only sockets today but were widgets when an older
    page saved the file, which is recognized by the number of values.
    """
    inputs = [each for each in facts.inputs.values() if not each.page_only]
    if not any(each.force_input for each in inputs):
        return values
    kept: list[bool] = []
    for each in inputs:
        if each.force_input or each.is_widget:
            kept.append(not each.force_input)
            if each.control is not None:
                kept.append(True)
    return list(compress(values, kept)) if len(values) == len(kept) else values


def _by_name(named: Mapping[str, JsonValue], facts: NodeFacts) -> Widgets:
    found = _Read(_ByName(named), facts)
    read_added(named, facts, found.widgets)
    return found.widgets


class _ByName:
    """Values by name, with nothing between them."""

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        self._values = values

    def take(self, name: str) -> JsonValue | _Nothing:
        return self._values[name] if name in self._values else _NOTHING

    def skip(self, count: int) -> None:
        pass

    def control(self) -> bool:
        return True

    def under(self, name: str) -> bool:
        """Whether a variable number of widgets can occur here without shifting the values that
        follow.
        """
        return True


class _ByPlace:
    """Values by position: every widget takes up a position, including those for the page only."""

    def __init__(self, values: Sequence[JsonValue]) -> None:
        self._values = values
        self._next = 0

    def take(self, name: str) -> JsonValue | _Nothing:
        place = self._next
        self._next += 1
        return self._values[place] if place < len(self._values) else _NOTHING

    def skip(self, count: int) -> None:
        self._next += count

    def control(self) -> bool:
        """Take the value at the next position, and tell whether it can be that of a control."""
        value = self.take("")
        if isinstance(value, str):
            return not value or value in CONTROLS
        return not _is_number(value)

    def under(self, name: str) -> bool:
        return self._next >= len(self._values)

    def rest(self) -> Sequence[JsonValue]:
        return self._values[self._next :]


class _Read:
    """Goes through a class's inputs in the page's order, and assigns each widget its value.

    `misfit` is true if a value's type is wrong for its position, such as a string for a number, so
    that the file must be from another version of the class.
    """

    def __init__(self, source: _ByName | _ByPlace, facts: NodeFacts) -> None:
        self._source = source
        self.widgets = Widgets()
        self.misfit = False
        self._all(facts.inputs, "")

    def _all(self, inputs: Mapping[str, InputFacts], before: str) -> None:
        for name, facts in inputs.items():
            self._one(f"{before}{name}", facts, inputs)

    def _one(
        self, name: str, facts: InputFacts, among: Mapping[str, InputFacts]
    ) -> None:
        if _grows(facts) and not self._source.under(name):
            raise Ambiguous
        if not facts.is_widget:
            return
        if facts.value_type == "LOAD_3D" and any(map(_loads, among.values())):
            self._source.skip(_BUTTONS)
        value = self._value(name, facts)
        if facts.control is not None and not self._source.control():
            self.misfit = True
        if facts.value_type == "BOUNDING_BOX":
            self._source.skip(_SIDES)
        if facts.branches and isinstance(value, str):
            self._all(facts.branches.get(value, {}), f"{name}.")

    def _value(self, name: str, facts: InputFacts) -> JsonValue | _Nothing:
        value = self._source.take(name)
        if facts.page_only:
            self.widgets.page_only.append(name)
            return value
        if value is not _NOTHING:
            self.widgets.values[name] = value
            if facts.value_type in _NUMBERS and isinstance(value, bool | str):
                self.misfit = True
            if (
                facts.dynamic_prompts
                and isinstance(value, str)
                and _DRAWN.search(value)
            ):
                self.widgets.drawn.append(name)
            return value
        value = default_of(facts)
        if value is not None:
            self.widgets.values[name] = value
            self.widgets.assumed.append(name)
        return value


def default_of(facts: InputFacts) -> JsonValue:
    """The default value of a widget that nobody set; None if unknown."""
    if facts.default is not None:
        return facts.default
    if facts.choices:
        return facts.choices[0]
    if facts.branches:
        return next(iter(facts.branches))
    return _EMPTY.get(facts.value_type)


_EMPTY: Final[Mapping[str, JsonValue]] = {
    "INT": 0,
    "FLOAT": 0,
    "STRING": "",
    "BOOLEAN": False,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _grows(facts: InputFacts) -> bool:
    """Whether the node can have any number of such widgets."""
    if facts.group is not None:
        return any(each.is_widget for each in facts.group.members.values())
    return facts.autogrow is not None and facts.autogrow.element.is_widget


def _loads(facts: InputFacts) -> bool:
    return facts.upload == "*/*"
