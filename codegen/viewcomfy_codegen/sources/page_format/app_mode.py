"""Reads App mode: the inputs and outputs that a workflow's author chose to show to users,
in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from viewcomfy_runtime.json_types import JsonValue, as_list, as_object
from viewcomfy_runtime.parameters.key import WireKey

from ...errors import Diagnostic
from .curation import Curation
from .document import (
    PageDocument,
    PageGraph,
    PageLink,
    PageNode,
    node_id,
)
from .subgraphs import UUID, Scope
from .virtual import PRIMITIVE

Ids: TypeAlias = tuple[str, ...]
Place: TypeAlias = tuple[Scope, PageNode]

_HINT: Final = "choose it again in ComfyUI's App mode, and save"


@dataclass(slots=True)
class AppMode:
    """The inputs shown by an app, the nodes of its outputs, and a note about entries that the
    workflow lacks.
    """

    inputs: list[WireKey] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)


def app_of(
    document: PageDocument, curation: Curation, graph: Mapping[str, object]
) -> AppMode | None:
    """The app that the file describes; None if it has none."""
    data = as_object(document.extra.get("linearData"))
    inputs, outputs = as_list(data.get("inputs")), as_list(data.get("outputs"))
    if not inputs and not outputs:
        return None
    places = _Places(curation)
    app = AppMode()
    shown: dict[WireKey, None] = {}
    everywhere: set[tuple[str, str]] = set()
    for ids, widget in dict.fromkeys(map(_input, inputs)):
        if not places.is_whole(ids):
            if (ids[-1], widget) in everywhere:
                continue
            everywhere.add((ids[-1], widget))
        found = dict.fromkeys(_keys(places, curation, ids, widget))
        if not found:
            name = f"{':'.join(ids)} {widget}"
            app.notes.append(_missing(document, f"the input {name}"))
        shown |= found
    app.inputs += shown
    ends: dict[str, None] = {}
    for ids in dict.fromkeys(map(_output, outputs)):
        nodes = [scope.id_of(node) for scope, node in places.of(ids)]
        if not nodes:
            app.notes.append(_missing(document, f"the output {':'.join(ids)}"))
        ends |= dict.fromkeys(id for id in nodes if id in graph)
    app.outputs += ends
    return app


def _missing(document: PageDocument, what: str) -> Diagnostic:
    return Diagnostic(
        document.source,
        f"App mode shows {what}, but the workflow has no such value or node",
        _HINT,
        "note",
    )


def _input(entry: JsonValue) -> tuple[Ids, str]:
    """A node's path of ids, and the name of a widget, which is stored separately or at the end of
    the id.
    """
    parts = as_list(entry) or [entry]
    ids = _parts(parts[0])
    widget = parts[1] if len(parts) > 1 and isinstance(parts[1], str) else None
    if len(ids) > 1 and widget in (None, ids[-1]):
        return ids[:-1], ids[-1]
    return ids, widget or ""


def _output(entry: JsonValue) -> Ids:
    return _parts(entry if not isinstance(entry, list) else (entry or [None])[0])


def _parts(id: JsonValue) -> Ids:
    """The path of ids, without the leading id of the workflow itself."""
    parts = tuple((node_id(id) or "").split(":"))
    return parts[1:] if len(parts) > 1 and UUID.fullmatch(parts[0]) else parts


class _Places:
    """The nodes of all graphs wherever they are used, by their ids."""

    def __init__(self, curation: Curation) -> None:
        self._by_path: dict[str, Place] = {}
        self._by_id: dict[str, list[Place]] = {}
        self._fed_by: dict[PageGraph, dict[str, list[PageLink]]] = {}
        for scope in curation.scopes():
            renumbered = scope.graph.renumbered
            for id, node in scope.graph.nodes.items():
                self._by_path[scope.id_of(node)] = scope, node
                if id not in renumbered:
                    self._by_id.setdefault(id, []).append((scope, node))
            for id, now in renumbered.items():
                place = scope, scope.graph.nodes[now]
                self._by_id.setdefault(id, []).append(place)

    def of(self, ids: Ids) -> list[Place]:
        """The nodes with an id: the one with this whole path, or else all whose path ends with its
        last part.
        """
        if self.is_whole(ids):
            return [self._by_path[":".join(ids)]]
        return self._by_id.get(ids[-1], [])

    def is_whole(self, ids: Ids) -> bool:
        """Whether an id is the whole path of a node."""
        whole = self._by_path.get(":".join(ids))
        return whole is not None and ids[-1] not in whole[0].graph.renumbered

    def links_from(self, graph: PageGraph, id: str) -> list[PageLink]:
        """The links that originate at a node."""
        if graph not in self._fed_by:
            found: dict[str, list[PageLink]] = {}
            for link in graph.links.values():
                found.setdefault(link.origin, []).append(link)
            self._fed_by[graph] = found
        return self._fed_by[graph].get(id, [])


def _keys(
    places: _Places, curation: Curation, ids: Ids, widget: str
) -> Iterator[WireKey]:
    """The inputs that a widget sets: its node's own, or those fed by a subgraph's input or a
    primitive.
    """
    for scope, node in places.of(ids):
        inner = scope.inside(node)
        if inner is not None:
            yield from curation.fed(inner, widget)
        elif node.class_type == PRIMITIVE:
            for link in places.links_from(scope.graph, node.id):
                target = scope.graph.nodes.get(link.target)
                if target is not None:
                    yield from _written(scope, curation, target, link.target_slot)
        elif curation.holds(key := WireKey(scope.id_of(node), widget)):
            yield key


def _written(
    scope: Scope, curation: Curation, target: PageNode, slot: int
) -> Iterator[WireKey]:
    """The inputs that a primitive sets through a link."""
    if not 0 <= slot < len(target.inputs):
        return
    name = target.inputs[slot].name
    inner = scope.inside(target)
    if inner is not None:
        yield from curation.fed(inner, name)
    elif curation.holds(key := WireKey(scope.id_of(target), name)):
        yield key
