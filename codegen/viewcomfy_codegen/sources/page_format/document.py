"""Decoded JSON into a page's document: graphs of nodes and links, in the one form that the rest
works on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Final, NamedTuple

from ...errors import CodegenError, Diagnostic
from ..json_text import EXPORT_HINT

INPUTS: Final = "-10"
"""The origin of links that come into a subgraph from where it is used."""
OUTPUTS: Final = "-20"
"""The target of links that leave a subgraph."""

ALWAYS: Final = 0
MUTED: Final = 2
BYPASSED: Final = 4

_WHOLE: Final = re.compile(r"-?\d{1,15}", re.ASCII)


class PageLink(NamedTuple):
    """A link from an output to an input, both by their node's id and their number."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int


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

    def slot(self, name: str) -> Slot | None:
        """The input of this name."""
        return next((each for each in self.inputs if each.name == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class PageGraph:
    """The workflow itself (its id is empty) or the definition of a subgraph.

    `leaving` holds the links to the subgraph's outputs by their number, `renumbered` the new ids of
    nodes whose ids occurred before in the file.
    """

    id: str
    name: str
    nodes: Mapping[str, PageNode]
    links: Mapping[str, PageLink]
    ports: tuple[Port, ...] = ()
    leaving: Mapping[int, PageLink] = field(default_factory=dict)
    renumbered: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class PageDocument:
    """A file as ComfyUI's web page saves it."""

    source: str
    root: PageGraph
    definitions: Mapping[str, PageGraph]
    extra: Mapping[str, Any]
    notes: tuple[Diagnostic, ...] = ()


def is_page_format(document: object) -> bool:
    """Whether a JSON value is a workflow as the web page saves it."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def read_document(document: Mapping[str, Any], source: str) -> PageDocument:
    """The document in a JSON value; `source` names the file in messages.

    Raises CodegenError with all that is wrong in its structure.
    """
    reader = _Reader(source)
    root = reader.graph(document, "")
    definitions: dict[str, PageGraph] = {}
    described = mapping(document.get("definitions")).get("subgraphs")
    for index, each in enumerate(sequence(described)):
        where = f"definitions.subgraphs[{index}]"
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            reader.fault(where, "a subgraph's definition needs an id")
            continue
        definitions.setdefault(each["id"], reader.graph(each, where))
    if reader.faults:
        raise CodegenError(*reader.faults)
    renumber = _Renumber(document, [root, *definitions.values()])
    return PageDocument(
        source,
        root,
        {id: renumber(graph) for id, graph in definitions.items()},
        mapping(document.get("extra")),
        tuple(reader.notes),
    )


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def node_id(value: object) -> str | None:
    """A node's or a link's id as text: numbers and texts stand for each other."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(int(value)) if float(value).is_integer() else str(value)


def _number(value: object, other: int = 0) -> int:
    text = node_id(value)
    return int(text) if text is not None and _WHOLE.fullmatch(text) else other


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class _Reader:
    """Reads graphs, and collects what is wrong with them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []

    def fault(self, where: str, message: str) -> None:
        self.faults.append(Diagnostic(f"{self.source}: {where}", message, EXPORT_HINT))

    def graph(self, value: Mapping[str, Any], where: str) -> PageGraph:
        inside = f"{where}." if where else ""
        nodes: dict[str, PageNode] = {}
        for index, each in enumerate(sequence(value.get("nodes"))):
            node = self._node(each, f"{inside}nodes[{index}]")
            if node is None:
                continue
            if node.id in nodes:
                place = f"{inside}nodes[{index}]"
                self.fault(place, f"the id {node.id} belongs to another node too")
            nodes[node.id] = node
        links = dict(self._links(value.get("links"), f"{inside}links"))
        leaving = {
            each.target_slot: each for each in links.values() if each.target == OUTPUTS
        }
        ports = tuple(
            Port(
                _text(each.get("name")), type_of(each), _text(each.get("label")) or None
            )
            for each in map(mapping, sequence(value.get("inputs")))
        )
        return PageGraph(
            _text(value.get("id")) if where else "",
            _text(value.get("name")),
            nodes,
            links,
            ports if where else (),
            leaving,
            groups=tuple(sequence(value.get("groups"))),
        )

    def _node(self, value: object, where: str) -> PageNode | None:
        if not isinstance(value, dict):
            self.fault(where, "a node must be an object")
            return None
        id, class_type = node_id(value.get("id")), value.get("type")
        if id is None:
            self.fault(where, "the node has no id")
            return None
        if not isinstance(class_type, str) or not class_type:
            self.fault(f"{where} (id {id})", "the node has no type")
            return None
        saved = value.get("widgets_values")
        named = value.get("widgets_values_named")
        if isinstance(saved, dict):
            saved, named = None, saved
        return PageNode(
            id,
            class_type,
            _number(value.get("mode")),
            _text(value.get("title")),
            tuple(map(_slot, map(mapping, sequence(value.get("inputs"))))),
            tuple(map(type_of, map(mapping, sequence(value.get("outputs"))))),
            tuple(saved) if isinstance(saved, list) else None,
            named if isinstance(named, dict) else None,
            mapping(value.get("properties")),
            _position(value.get("pos")),
        )

    def _links(self, value: object, where: str) -> Iterator[tuple[str, PageLink]]:
        entries = list(value.values()) if isinstance(value, dict) else sequence(value)
        for index, each in enumerate(entries):
            if each is None:
                continue
            if isinstance(each, dict):
                parts = [each.get(key) for key in _LINK_KEYS]
            else:
                parts = sequence(each)[:5]
            ids = [node_id(part) for part in parts]
            if len(ids) < 5 or None in ids:
                self.fault(
                    f"{where}[{index}]",
                    "a link needs its id, and the node and the number at both ends",
                )
                continue
            id, origin, _, target, _ = (str(part) for part in ids)
            yield id, PageLink(origin, _number(parts[2]), target, _number(parts[4]))


_LINK_KEYS: Final = ("id", "origin_id", "origin_slot", "target_id", "target_slot")


def _slot(value: Mapping[str, Any]) -> Slot:
    widget = value.get("widget")
    named = mapping(widget).get("name")
    return Slot(
        _text(value.get("name")),
        type_of(value),
        node_id(value.get("link")),
        named if isinstance(named, str) else None,
        _text(value.get("label")) or None,
    )


def type_of(value: Mapping[str, Any]) -> str:
    """The type of an input or output; a list of choices is COMBO, and what is not said fits
    everything.
    """
    found = value.get("type")
    return (
        found if isinstance(found, str) else "COMBO" if isinstance(found, list) else "*"
    )


def _position(value: object) -> tuple[float, float] | None:
    parts = value if isinstance(value, list) else list(mapping(value).values())
    if len(parts) < 2 or not all(isinstance(part, int | float) for part in parts[:2]):
        return None
    try:
        x, y = float(parts[0]), float(parts[1])
    except OverflowError:
        return None
    return (x, y) if isfinite(x) and isfinite(y) else None


class _Renumber:
    """Gives nodes of definitions whose ids occurred before
    in the file new ones, as the page does.
    """

    def __init__(self, document: Mapping[str, Any], graphs: list[PageGraph]) -> None:
        self._taken = set(graphs[0].nodes)
        highest = _number(document.get("last_node_id"))
        highest = max(
            highest, _number(mapping(document.get("state")).get("lastNodeId"))
        )
        for graph in graphs:
            highest = max([highest, *(_number(id) for id in graph.nodes)])
        self._next = highest + 1

    def __call__(self, graph: PageGraph) -> PageGraph:
        changed: dict[str, str] = {}
        for id in graph.nodes:
            if id in self._taken and _WHOLE.fullmatch(id):
                changed[id] = str(self._next)
                self._next += 1
            self._taken.add(changed.get(id, id))
        if not changed:
            return graph
        links = {
            id: link._replace(
                origin=changed.get(link.origin, link.origin),
                target=changed.get(link.target, link.target),
            )
            for id, link in graph.links.items()
        }
        nodes = {
            changed.get(id, id): replace(node, id=changed.get(id, id))
            for id, node in graph.nodes.items()
        }
        leaving = {
            each.target_slot: each for each in links.values() if each.target == OUTPUTS
        }
        return replace(
            graph, nodes=nodes, links=links, leaving=leaving, renumbered=changed
        )
