"""Reads widgets' values using only what the file says about them, for classes that are unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from viewcomfy_runtime.json_types import JsonObject, JsonValue

from ...catalog.facts import CONTROL
from ...catalog.node_facts import NodeFacts, is_page_name
from ...words import words
from .document import PageNode, Slot

CONTROLS: Final = frozenset({"fixed", "increment", "decrement", "randomize"})
"""Possible values of the control widget behind a seed; they are never sent."""

_MARKS: Final = frozenset({"image", "video", "audio"})
"""The value of the button behind a file's name."""
_MOST_BESIDE: Final = 64
"""Maximum number of controls and buttons considered on a node of an unknown class."""
_NUMBERS: Final = frozenset({"INT", "FLOAT"})


@dataclass(slots=True)
class Widgets:
    """Values by input; `page_only` are the inputs that were left out because only the web page uses
    them.

    `assumed` are inputs without a value in the file, which got their class's default. `drawn` are
    texts that the page would change each time it sends them. `unread` tells whether the file has
    values that belong to no widget of the class as far as it is known.
    """

    values: JsonObject = field(default_factory=dict)
    page_only: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    unread: bool = False


class Ambiguous(Exception):
    """The file doesn't say which of a node's values belongs to which widget."""


def read_added(
    named: Mapping[str, JsonValue], facts: NodeFacts | None, widgets: Widgets
) -> None:
    """Add the values of widgets that were added on the page: rows of a list that its user extended,
    and names that the class doesn't declare, which come from its script.
    """
    for name, value in named.items():
        if name in widgets.values or name in widgets.page_only:
            continue
        if facts is not None and facts.input(name) and not _is_row(name, facts, named):
            continue
        if _only_on_the_page(name, value):
            widgets.page_only.append(name)
        else:
            widgets.values[name] = value


def _is_row(name: str, facts: NodeFacts, named: Mapping[str, JsonValue]) -> bool:
    """Whether a name such as `rows.0.strength` belongs to a list that can be extended."""
    parts = name.split(".")
    lists = (facts.input(".".join(parts[:end]), named) for end in range(1, len(parts)))
    return any(each is not None and (each.group or each.autogrow) for each in lists)


def _only_on_the_page(name: str, value: object) -> bool:
    """Whether an undeclared value belongs to a button, a control or a preview."""
    plain = name.partition("#")[0]
    return (
        value is None
        or plain in (CONTROL, "fixed")
        or is_page_name(plain)
        or (plain.lower().endswith("preview") and not isinstance(value, bool))
        or _is_button(plain, value)
    )


def is_setting(value: object) -> bool:
    """Whether a value can be that of a widget which a server needs, and not of a button."""
    return value not in (None, "") and not (isinstance(value, str) and value in _MARKS)


def _is_button(name: str, value: object) -> bool:
    return "upload" in words(name) and isinstance(value, str) and value in _MARKS


def listed_widgets(node: PageNode) -> Widgets:
    """The values of a node of an unknown class, if the file names its widgets."""
    widgets = Widgets()
    if node.named is not None:
        read_added(node.named, None, widgets)
        return widgets
    slots = [slot for slot in node.inputs if slot.widget is not None]
    values = list(node.values or ())
    beside = _beside(slots, values)
    if beside is None:
        raise Ambiguous
    place = 0
    for index, slot in enumerate(slots):
        name, value = str(slot.widget), values[place]
        if _is_button(name, value):
            widgets.page_only.append(name)
        else:
            widgets.values[name] = value
        place += 2 if index in beside else 1
    return widgets


def _beside(slots: Sequence[Slot], values: Sequence[JsonValue]) -> set[int] | None:
    """The indexes of widgets followed by a control or a button; None unless exactly one reading
    fits.
    """
    more = len(values) - len(slots)
    if not 0 <= more <= _MOST_BESIDE:
        return None
    # For each number of places skipped so far: the number of ways, and the last one found.
    ways: dict[int, _Way] = {0: (1, None)}
    for index, slot in enumerate(slots):
        after: dict[int, _Way] = {}
        for skipped, (count, taken) in ways.items():
            place = index + skipped
            if not _fits(slot, values[place]):
                continue
            _add(after, skipped, count, taken)
            if skipped < more and _is_beside(slot, values[place + 1]):
                _add(after, skipped + 1, count, (index, taken))
        ways = after
    count, taken = ways.get(more, (0, None))
    if count != 1:
        return None
    found: set[int] = set()
    while taken is not None:
        index, taken = taken
        found.add(index)
    return found


_Taken: TypeAlias = "tuple[int, _Taken] | None"
"""The indexes of a reading as a linked list, the last one first."""

_Way: TypeAlias = "tuple[int, _Taken]"


def _add(ways: dict[int, _Way], skipped: int, count: int, taken: _Taken) -> None:
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
    """Whether the value belongs to the control behind a seed, or to a button such as the one behind
    a file's name.
    """
    if not isinstance(value, str):
        return value is None
    if slot.type == "INT":
        return value in CONTROLS
    return slot.type == "COMBO" and value in _MARKS
