"""The inputs, widgets and outputs that a group node shows, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from viewcomfy_runtime.json_types import JsonValue, as_object

from .document import PageNode, Slot
from .unknown_classes import CONTROLS
from .virtual import PRIMITIVE

End: TypeAlias = tuple[int, int]
"""One end of a link: an inner node's number, and the index of its input or output."""


class Unfit(Exception):
    """A group node that cannot be expanded; the message says why."""


class ShownWidget(NamedTuple):
    """A widget of an inner node, its type, and the number of values it takes up: more than one if a
    control or a button follows it.
    """

    node: int
    name: str
    type: str
    places: int
    control: bool = False


@dataclass(slots=True)
class Shown:
    """The inputs, widgets and outputs of a group node, by name, and the inner ones they lead to."""

    sockets: dict[str, End] = field(default_factory=dict)
    converted: dict[str, End] = field(default_factory=dict)
    widgets: dict[str, ShownWidget] = field(default_factory=dict)
    outputs: list[End] = field(default_factory=list)
    turned: list[ShownWidget] = field(default_factory=list)
    """The widgets that were converted to the inputs in `converted`."""

    def place(self, slot: Slot) -> tuple[int, int | Slot]:
        """The inner node and the input of it that an input of the group node leads to. Raises Unfit
        if there is no such input.
        """
        end = self.sockets.get(slot.name) or self.converted.get(slot.name)
        if end is not None:
            return end
        widget = self.widgets.get(slot.name)
        if widget is None:
            raise Unfit(f"the group that the file defines has no input {slot.name!r}")
        return widget.node, Slot(widget.name, widget.type, None, widget.name)

    def values(self, host: PageNode) -> dict[tuple[int, str], JsonValue]:
        """The inner widgets' values stored on the group node itself. Raises Unfit if they don't
        match the group's definition.
        """
        held = host.values or ()
        if host.named is not None:
            raise Unfit("its values have a form that group nodes don't support")
        widgets = list(self.widgets.values())
        plain = sum(each.places for each in widgets)
        if len(held) == plain + len(self.turned):
            widgets += self.turned
        elif held and len(held) != plain:
            raise Unfit("its values don't match the group that the file defines")
        found: dict[tuple[int, str], JsonValue] = {}
        place = 0
        for each in widgets if held else ():
            found[each.node, each.name] = held[place]
            if each.control and held[place + 1] not in CONTROLS:
                raise Unfit("its values don't match the group that the file defines")
            place += each.places
        return found


class Names:
    """Gives the inputs of inner nodes unique names on the group node."""

    def __init__(self, config: Mapping[str, JsonValue]) -> None:
        self._config = config
        self._seen: dict[str, int] = {}

    def of(self, number: int, node: PageNode, name: str) -> str:
        """A name for the input, reserved from then on."""
        slot = node.slot(name)
        said = said_of(self._config, number, "input", name).get("name")
        found = said if isinstance(said, str) else None
        found = found or (slot.label if slot is not None else None) or name
        key = found
        titled = node.class_type == PRIMITIVE and bool(node.title)
        if titled or found in self._seen:
            before = node.title or node.class_type
            key = found = f"{before} {name}"
            if found in self._seen:
                found = f"{before} {self._seen[found]} {name}"
        self._seen[key] = self._seen.get(key, 1) + 1
        return found


def said_of(
    config: Mapping[str, JsonValue], number: int, kind: str, name: str
) -> Mapping[str, JsonValue]:
    """The group author's settings for an input or output of an inner node."""
    node = as_object(config.get(str(number)))
    return as_object(as_object(node.get(kind)).get(name))
