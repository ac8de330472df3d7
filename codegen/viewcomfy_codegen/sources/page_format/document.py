"""A page's document as data: graphs of nodes and links, in the one form that the rest works on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

INPUTS: Final = "-10"
"""The origin of links that come into a subgraph from where it is used."""
OUTPUTS: Final = "-20"
"""The target of links that leave a subgraph."""

ALWAYS: Final = 0
MUTED: Final = 2
BYPASSED: Final = 4


class PageLink(NamedTuple):
    """A link from an output to an input, both by their node's id and their number."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int


_LONGEST_TYPE: Final = 1000
"""Characters of a type, which may be a list of those that an input takes."""

_WHOLE: Final = re.compile(r"-?\d{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Slot:
    """An input of a node as the file lists it: the id of its link, and the widget that it stands
    for.
    """

    name: str
    type: str
    link: str | None = None
    widget: str | None = None
    label: str | None = None


class Port(NamedTuple):
    """An input of a subgraph, and what its author called it."""

    name: str
    type: str
    label: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PageNode:
    """One node of a graph; `values` and `named` are its widgets' values by place and by name, where
    the file has them.
    """

    id: str
    class_type: str
    mode: int
    title: str
    inputs: tuple[Slot, ...]
    outputs: tuple[str, ...]
    values: tuple[Any, ...] | None
    named: Mapping[str, Any] | None
    properties: Mapping[str, Any]
    position: tuple[float, float] | None = None
    _by_name: dict[str, Slot] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.inputs:
            self._by_name.setdefault(each.name, each)

    def slot(self, name: str) -> Slot | None:
        """The input of this name."""
        return self._by_name.get(name)


@dataclass(frozen=True, slots=True, eq=False)
class PageGraph:
    """The workflow itself (its id is empty) or the definition of a subgraph.

    `leaving` holds the links to the subgraph's outputs by their number, `renumbered` the new ids of
    nodes whose ids occurred before in the file. `broadcasts` is whether the file lists what the
    pack use-everywhere links in it.
    """

    id: str
    name: str
    nodes: Mapping[str, PageNode]
    links: Mapping[str, PageLink]
    ports: tuple[Port, ...] = ()
    leaving: Mapping[int, PageLink] = field(default_factory=dict)
    renumbered: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[Any, ...] = ()
    broadcasts: bool = False


@dataclass(frozen=True, slots=True)
class PageDocument:
    """A file as ComfyUI's web page saves it."""

    source: str
    root: PageGraph
    definitions: Mapping[str, PageGraph]
    extra: Mapping[str, Any]
    free_id: int = 1
    """The lowest number above the ids of all nodes."""


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, or else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value if it is a list, or else an empty one."""
    return value if isinstance(value, list) else []


def node_id(value: object) -> str | None:
    """A node's or a link's id as text, since files use numbers and texts interchangeably."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if float(value).is_integer() else str(value)


def whole(value: object, other: int = 0) -> int:
    """The whole number that an id, a slot or a mode is; `other` for anything else."""
    text = node_id(value)
    return int(text) if text is not None and _WHOLE.fullmatch(text) else other


def is_whole(id: str) -> bool:
    """Whether an id is a whole number, as the page gives them."""
    return _WHOLE.fullmatch(id) is not None


def type_of(value: Mapping[str, Any]) -> str:
    """The type of an input or output; a list of choices is COMBO, and what is not said fits
    everything.
    """
    found = value.get("type")
    if isinstance(found, str):
        return found[:_LONGEST_TYPE]
    return "COMBO" if isinstance(found, list) else "*"
