"""Reads decoded JSON into a web page's document."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from viewcomfy_runtime.json_types import JsonValue, as_list, as_object

from ...errors import CodegenError, Diagnostic
from ..json_text import EXPORT_HINT
from .document import (
    OUTPUTS,
    PageDocument,
    PageGraph,
    PageNode,
    Port,
    Slot,
    node_id,
    type_of,
    whole,
)
from .linking import broadcasts_of, read_links, with_links
from .renumbering import Renumbering


def read_document(document: Mapping[str, JsonValue], source: str) -> PageDocument:
    """The document in a JSON value; `source` is the file's name for messages.

    Raises CodegenError listing everything that is wrong with its structure.
    """
    reader = _Reader(source)
    root = reader.graph(document, "")
    definitions: dict[str, PageGraph] = {}
    described = as_object(document.get("definitions")).get("subgraphs")
    for index, each in enumerate(as_list(described)):
        where = f"definitions.subgraphs[{index}]"
        id = as_object(each).get("id")
        if not isinstance(id, str):
            reader.fault(where, "a subgraph's definition needs an id")
            continue
        definitions.setdefault(id, reader.graph(as_object(each), where))
    if reader.faults:
        raise CodegenError(*reader.faults)
    renumber = Renumbering(document, root)
    definitions = {id: renumber(graph) for id, graph in definitions.items()}
    extra = as_object(document.get("extra"))
    return PageDocument(source, root, definitions, extra, renumber.free)


def read_nodes(values: list[JsonValue], source: str) -> list[PageNode]:
    """Nodes that a file defines separately from any graph, numbered from 0.

    Raises CodegenError listing everything that is wrong with them.
    """
    reader = _Reader(source)
    numbered: list[JsonValue] = [
        {**as_object(each), "id": id} for id, each in enumerate(values)
    ]
    nodes = list(reader.graph({"nodes": numbered}, "").nodes.values())
    if reader.faults:
        raise CodegenError(*reader.faults)
    return nodes


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class _Reader:
    """Reads graphs and collects everything that is wrong with them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []

    def fault(self, where: str, message: str) -> None:
        self.faults.append(Diagnostic(f"{self.source}: {where}", message, EXPORT_HINT))

    def graph(self, value: Mapping[str, JsonValue], where: str) -> PageGraph:
        inside = f"{where}." if where else ""
        nodes: dict[str, PageNode] = {}
        for index, each in enumerate(as_list(value.get("nodes"))):
            node = self._node(each, f"{inside}nodes[{index}]")
            if node is None:
                continue
            if node.id in nodes:
                place = f"{inside}nodes[{index}]"
                self.fault(place, f"the id {node.id} also belongs to another node")
            nodes[node.id] = node
        links = read_links(
            value, lambda index: self._no_ends(f"{inside}links[{index}]")
        )
        nodes = with_links(nodes, links)
        leaving = {
            each.target_slot: each for each in links.values() if each.target == OUTPUTS
        }
        ports = tuple(
            Port(
                _text(each.get("name")), type_of(each), _text(each.get("label")) or None
            )
            for each in map(as_object, as_list(value.get("inputs")))
        )
        return PageGraph(
            _text(value.get("id")) if where else "",
            _text(value.get("name")),
            nodes,
            links,
            ports if where else (),
            leaving,
            groups=tuple(as_list(value.get("groups"))),
            broadcasts=broadcasts_of(value) is not None,
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
            whole(value.get("mode")),
            _text(value.get("title")),
            tuple(map(_slot, map(as_object, as_list(value.get("inputs"))))),
            tuple(map(type_of, map(as_object, as_list(value.get("outputs"))))),
            tuple(saved) if isinstance(saved, list) else None,
            named if isinstance(named, dict) else None,
            as_object(value.get("properties")),
            _position(value.get("pos")),
        )

    def _no_ends(self, where: str) -> None:
        self.fault(
            where, "a link needs its id, and the node and the number at both ends"
        )


def _slot(value: Mapping[str, JsonValue]) -> Slot:
    widget = value.get("widget")
    named = as_object(widget).get("name")
    return Slot(
        _text(value.get("name")),
        type_of(value),
        node_id(value.get("link")),
        named if isinstance(named, str) else None,
        _text(value.get("label")) or None,
    )


def _position(value: object) -> tuple[float, float] | None:
    parts = value if isinstance(value, list) else list(as_object(value).values())
    numbers = [part for part in parts[:2] if isinstance(part, int | float)]
    if len(numbers) < 2:
        return None
    try:
        x, y = map(float, numbers)
    except OverflowError:
        return None
    return (x, y) if isfinite(x) and isfinite(y) else None
