"""A widget: an input of a node that holds a value rather than a link."""

from __future__ import annotations

from typing import NamedTuple

from viewcomfy_runtime.json_types import JsonValue

from ..catalog import InputFacts, NodeFacts
from ..graph.workflow import Node, unwrapped


class Widget(NamedTuple):
    """An input that holds a value, and what is known about it (`declared`) and its class
    (`known`).
    """

    node: Node
    name: str
    value: JsonValue
    declared: InputFacts | None
    known: NodeFacts | None


def widget_of(node: Node, name: str, known: NodeFacts | None) -> Widget:
    """An input with the facts under the deployed choices or, if these don't add it, under any
    choices.
    """
    declared = None
    if known is not None:
        declared = known.input(name, node.values) or known.input(name)
    return Widget(node, name, unwrapped(node.values[name]), declared, known)
