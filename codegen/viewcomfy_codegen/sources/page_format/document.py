"""A web page's document as data: graphs of nodes and links, in one normalized form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from viewcomfy_runtime.json_types import JsonValue

INPUTS: Final = "-10"
"""The origin of links that enter a subgraph from outside."""
OUTPUTS: Final = "-20"
"""The target of links that leave a subgraph."""

ALWAYS: Final = 0
MUTED: Final = 2
BYPASSED: Final = 4


class PageLink(NamedTuple):
    """A link from an output to an input, each identified by node id and index."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int


_LONGEST_TYPE: Final = 1000
"""Maximum length in characters of a type, which may be a list of the types that an input
accepts.
"""

_LONGEST_PACK: Final = 100
"""Maximum length in characters of a pack's id in messages."""

_WHOLE: Final = re.compile(r"-?\d{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Slot:
    """An input of a node as listed in the file, with the id of its link and the name of its
    widget.
    """

    name: str
    type: str
    link: str | None = None
    widget: str | None = None
    label: str | None = None


class Port(NamedTuple):
    """An input of a subgraph, and the label that its author gave it."""

    name: str
    type: str
    label: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PageNode:
    """A node of a graph; `values` and `named` are its widgets' values by position and by name, if
    the file has them.
    """

    id: str
    class_type: str
    mode: int
    title: str
    inputs: tuple[Slot, ...]
    outputs: tuple[str, ...]
    values: tuple[JsonValue, ...] | None
    named: Mapping[str, JsonValue] | None
    properties: Mapping[str, JsonValue]
    position: tuple[float, float] | None = None
    _by_name: dict[str, Slot] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.inputs:
            self._by_name.setdefault(each.name, each)

    @property
    def pack(self) -> str:
        """The id of the pack that the class belongs to, such as `comfyui-kjnodes`, if the file has
        it.
        """
        for key in ("cnr_id", "aux_id"):
            id = self.properties.get(key)
            if isinstance(id, str) and id:
                return id[:_LONGEST_PACK]
        return ""

    def slot(self, name: str) -> Slot | None:
        """The input with this name; None if there is none."""
        return self._by_name.get(name)


@dataclass(frozen=True, slots=True, eq=False)
class PageGraph:
    """The workflow itself (with an empty id) or the definition of a subgraph.

    `leaving` contains the links to the subgraph's outputs by output index, and `renumbered` the new
    ids of nodes whose ids occurred earlier in the file. `broadcasts` tells whether the file lists
    the links that the use-everywhere pack makes.
    """

    id: str
    name: str
    nodes: Mapping[str, PageNode]
    links: Mapping[str, PageLink]
    ports: tuple[Port, ...] = ()
    leaving: Mapping[int, PageLink] = field(default_factory=dict)
    renumbered: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[JsonValue, ...] = ()
    broadcasts: bool = False


@dataclass(frozen=True, slots=True)
class PageDocument:
    """A file as saved by ComfyUI's web page."""

    source: str
    root: PageGraph
    definitions: Mapping[str, PageGraph]
    extra: Mapping[str, JsonValue]
    free_id: int = 1
    """The lowest number above the ids of all nodes."""


def node_id(value: object) -> str | None:
    """A node's or link's id as text, since files use numbers and strings interchangeably; None if
    it isn't valid.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value) if type(value) is int else None


def whole(value: object, other: int = 0) -> int:
    """An id, index or mode as a whole number; `other` for anything else."""
    text = node_id(value)
    return int(text) if text is not None and _WHOLE.fullmatch(text) else other


def is_whole(id: str) -> bool:
    """Whether an id is a whole number, like those that the page assigns."""
    return _WHOLE.fullmatch(id) is not None


def type_of(value: Mapping[str, JsonValue]) -> str:
    """The type of an input or output: COMBO for a list of choices, and a wildcard if
    unspecified.
    """
    found = value.get("type")
    if isinstance(found, str):
        return found[:_LONGEST_TYPE]
    return "COMBO" if isinstance(found, list) else "*"
