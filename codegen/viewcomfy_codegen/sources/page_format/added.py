"""Reads widgets that the page or its user adds to a node, which its class doesn't declare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from viewcomfy_runtime.json_types import JsonValue

from ...catalog import NodeFacts
from ...catalog.unlisted import ADDED_INPUTS
from .document import PageNode
from .unknown_classes import Widgets

_CHOICES: Final = "CustomCombo"
_LORAS: Final = "Power Lora Loader (rgthree)"


def declared(facts: NodeFacts, class_type: str) -> NodeFacts:
    """The facts without the inputs that the page adds for certain choices: those have no fixed
    position, and no value unless the file names one.
    """
    added = ADDED_INPUTS.get(class_type)
    if added is None:
        return facts
    kept = {name: each for name, each in facts.inputs.items() if name not in added}
    return facts._replace(inputs=kept)


def read_entered(
    node: PageNode, rest: Sequence[JsonValue], widgets: Widgets
) -> Sequence[JsonValue]:
    """Add what was entered on the node; returns the part of `rest`, the values by position that no
    declared widget has, that is still unread.
    """
    if node.class_type == _CHOICES:
        _read_choices(rest, widgets)
    elif node.class_type == _LORAS:
        _read_loras(node, rest, widgets)
    else:
        return rest
    return ()


def _read_choices(rest: Sequence[JsonValue], widgets: Widgets) -> None:
    """Read the choices of a CustomCombo, and set the index of the chosen one."""
    options = list(rest[1:])
    chosen = widgets.values.get("choice")
    if chosen is None and options:
        widgets.values["choice"] = chosen = options[0]
    widgets.values["index"] = options.index(chosen) if chosen in options else 0
    for number, option in enumerate(options, 1):
        widgets.values[f"option{number}"] = option


def _read_loras(node: PageNode, rest: Sequence[JsonValue], widgets: Widgets) -> None:
    """Read the rows of a Power Lora Loader, which the page numbers anew, from its other values,
    which are headings and buttons.
    """
    separate = node.properties.get("Show Strengths") == "Separate Model & Clip"
    rows = [each for each in rest if isinstance(each, dict) and "lora" in each]
    for number, row in enumerate(rows, 1):
        sent = {name: each for name, each in row.items() if name != "strengthTwo"}
        if separate:
            second = row.get("strengthTwo")
            sent["strengthTwo"] = 1 if second is None else second
        widgets.values[f"lora_{number}"] = sent
