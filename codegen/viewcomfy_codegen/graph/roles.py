"""Finds the roles of nodes in the graph: the prompt that a text becomes, or the use of an image."""

from __future__ import annotations

from collections.abc import Iterator

from .constant_roles import (
    PRIMITIVE,
    ConstantRoles,
    Fed,
    declared_name,
    held_words,
)
from .media_roles import MediaRoles
from .text_roles import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    SIDE_WORDS,
    TextRoles,
    side_in,
)
from .workflow import Link, Node

__all__ = [
    "NEGATIVE",
    "NEUTRAL",
    "POSITIVE",
    "PRIMITIVE",
    "SIDE_WORDS",
    "Fed",
    "Roles",
    "declared_name",
    "held_words",
    "side_in",
    "sources",
]


class Roles(TextRoles, MediaRoles, ConstantRoles):
    """The roles of the nodes of one workflow."""


def sources(node: Node) -> Iterator[Link]:
    """The node's links, sorted by input name, an order that doesn't change on re-export."""
    for _, link in sorted(node.links.items()):
        yield link
