"""What a node's widgets hold, by the names of the inputs that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...catalog.facts import CONTROL, InputFacts, NodeFacts, is_page_name
from ...words import words
from .document import PageNode, Slot

CONTROLS: Final = frozenset({"fixed", "increment", "decrement", "randomize"})
"""What the widget behind a seed may say; it is never sent."""

_MARKS: Final = frozenset({"image", "video", "audio"})
"""What the button behind a file's name holds."""
_BUTTONS: Final = 3
"""Buttons before the widget of a scene that is loaded from a file, each with a place of its own."""
_MOST_BESIDE: Final = 64
"""Controls and buttons that are looked for on a node of an unknown class."""
_SIDES: Final = 4
"""Places behind a box for its left, top, width and height."""

_NUMBERS: Final = frozenset({"INT", "FLOAT"})
_DRAWN: Final = re.compile(r"\{[^{}]*\||/[/*]")
"""Alternatives, or a comment, in a text that is a dynamic prompt."""
_NOTHING: Final = object()
"""Stands for a value that the file does not have."""


@dataclass(slots=True)
class Widgets:
    """Values by input; `page_only` are the inputs that were left out, since the web page keeps them
    for itself.

    `assumed` are those that the file has no value for, and that their class's default stands in
    for. `drawn` are texts that the page would change each time it sends them.
    """

    values: dict[str, Any] = field(default_factory=dict)
    page_only: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)


class Untold(Exception):
    """The file does not tell which of a node's values belongs to which widget."""


def widgets_of(node: PageNode, facts: NodeFacts | None) -> Widgets:
    """The values of a node's widgets, as its class has them, else as the file itself tells.

    Raises Untold where neither does.
    """
    if facts is None:
        return _told(node)
    if node.values is None and node.named is not None:
        return _by_name(node.named, facts)
    places = _ByPlace(node.values or ())
    found = _Read(places, facts)
    if node.class_type == "CustomCombo":
        _options(places, found.widgets)
    if not found.misfit or facts.own:
        return found.widgets
    # The file is of another version of the class than the one that is known.
    return _by_name(node.named, facts) if node.named is not None else _told(node)


def _by_name(named: Mapping[str, Any], facts: NodeFacts) -> Widgets:
    found = _Read(_ByName(named), facts)
    _undeclared(named, facts, found.widgets)
    return found.widgets


class _ByName:
    """Values by name: nothing stands between them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def take(self, name: str) -> Any:
        return self._values.get(name, _NOTHING)

    def skip(self, count: int) -> None:
        pass

    def under(self, name: str) -> bool:
        """Whether there are values whose number the class leaves open, and yields to the caller."""
        return True


class _ByPlace:
    """Values by place: whatever has a widget takes one, the page's own as well."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._next = 0

    def take(self, name: str) -> Any:
        place = self._next
        self._next += 1
        return self._values[place] if place < len(self._values) else _NOTHING

    def skip(self, count: int) -> None:
        self._next += count

    def under(self, name: str) -> bool:
        return self._next >= len(self._values)

    def rest(self) -> Sequence[Any]:
        return self._values[self._next :]


class _Read:
    """Walks through a class's inputs in the page's order, and gives each widget its value.

    `misfit` is whether a number's place holds a text or a switch: the places are not those of this
    version of the class.
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
            raise Untold
        if not facts.is_widget:
            return
        if facts.value_type == "LOAD_3D" and any(map(_loads, among.values())):
            self._source.skip(_BUTTONS)
        value = self._value(name, facts)
        if facts.control is not None:
            self._source.skip(1)
        if facts.value_type == "BOUNDING_BOX":
            self._source.skip(_SIDES)
        if facts.branches and isinstance(value, str):
            self._all(facts.branches.get(value, {}), f"{name}.")

    def _value(self, name: str, facts: InputFacts) -> Any:
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


def default_of(facts: InputFacts) -> Any:
    """What a widget holds that nobody set; None where that is not known."""
    if facts.default is not None:
        return facts.default
    if facts.choices:
        return facts.choices[0]
    if facts.branches:
        return next(iter(facts.branches))
    return _EMPTY.get(facts.value_type)


_EMPTY: Final[Mapping[str, Any]] = {
    "INT": 0,
    "FLOAT": 0,
    "STRING": "",
    "BOOLEAN": False,
}


def _grows(facts: InputFacts) -> bool:
    """Whether the node has as many such widgets as its user wanted."""
    if facts.group is not None:
        return any(each.is_widget for each in facts.group.members.values())
    return facts.autogrow is not None and facts.autogrow.element.is_widget


def _loads(facts: InputFacts) -> bool:
    return facts.upload == "*/*"


def _options(places: _ByPlace, widgets: Widgets) -> None:
    """The choices of a CustomCombo, which its user writes on the node; what is chosen says its
    index.
    """
    rest = list(places.rest())
    options = rest[1:]
    chosen = widgets.values.get("choice")
    if chosen is None and options:
        widgets.values["choice"] = chosen = options[0]
    widgets.values["index"] = options.index(chosen) if chosen in options else 0
    for number, option in enumerate(options, 1):
        widgets.values[f"option{number}"] = option


def _undeclared(
    named: Mapping[str, Any], facts: NodeFacts | None, widgets: Widgets
) -> None:
    """Values whose names the class does not declare:
    widgets that its own script adds on the page.
    """
    for name, value in named.items():
        if name in widgets.values or name in widgets.page_only:
            continue
        declared = facts.input(name) if facts is not None else None
        if declared is not None:
            continue
        if _only_on_the_page(name, value):
            widgets.page_only.append(name)
        else:
            widgets.values[name] = value


def _only_on_the_page(name: str, value: object) -> bool:
    """Whether a value that no class declares is a button's, a control's or a preview's."""
    plain = name.partition("#")[0]
    return (
        value is None
        or plain in (CONTROL, "fixed")
        or is_page_name(plain)
        or plain.lower().endswith("preview")
        or ("upload" in words(plain) and isinstance(value, str) and value in _MARKS)
    )


def _told(node: PageNode) -> Widgets:
    """The values of a node whose class nobody knows, where the file names its widgets."""
    widgets = Widgets()
    if node.named is not None:
        _undeclared(node.named, None, widgets)
        return widgets
    slots = [slot for slot in node.inputs if slot.widget is not None]
    values = list(node.values or ())
    beside = _beside(slots, values)
    if beside is None:
        raise Untold
    place = 0
    for index, slot in enumerate(slots):
        widgets.values[str(slot.widget)] = values[place]
        place += 2 if index in beside else 1
    return widgets


def _beside(slots: Sequence[Slot], values: Sequence[Any]) -> set[int] | None:
    """Which widgets have a control or a button behind them, where one reading alone fits; else
    None.
    """
    more = len(values) - len(slots)
    if not 0 <= more <= _MOST_BESIDE:
        return None
    # For each number of places skipped so far: in how many ways, and the last of them.
    ways: dict[int, tuple[int, tuple[Any, ...]]] = {0: (1, ())}
    for index, slot in enumerate(slots):
        after: dict[int, tuple[int, tuple[Any, ...]]] = {}
        for skipped, (count, taken) in ways.items():
            place = index + skipped
            if not _fits(slot, values[place]):
                continue
            _add(after, skipped, count, taken)
            if skipped < more and _is_beside(slot, values[place + 1]):
                _add(after, skipped + 1, count, (index, taken))
        ways = after
    count, taken = ways.get(more, (0, ()))
    if count != 1:
        return None
    found: set[int] = set()
    while taken:
        found.add(taken[0])
        taken = taken[1]
    return found


def _add(
    ways: dict[int, tuple[int, tuple[Any, ...]]],
    skipped: int,
    count: int,
    taken: tuple[Any, ...],
) -> None:
    known = ways[skipped][0] if skipped in ways else 0
    ways[skipped] = (min(known + count, 2), taken)


def _fits(slot: Slot, value: object) -> bool:
    """Whether a widget of this type can hold the value."""
    if slot.type == "STRING":
        return isinstance(value, str)
    if slot.type == "BOOLEAN":
        return isinstance(value, bool)
    if slot.type in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return True


def _is_beside(slot: Slot, value: object) -> bool:
    """Whether the value belongs to the control behind a seed, or to the button behind a file's
    name.
    """
    if not isinstance(value, str):
        return False
    if slot.type == "INT":
        return value in CONTROLS
    return slot.type == "COMBO" and value in _MARKS
