"""Finds the values of inner widgets that a subgraph shows where it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_list

from .document import INPUTS, PageGraph, PageNode
from .flow import Written
from .subgraphs import Scope
from .unknown_classes import Ambiguous, Widgets

_OWN: Final = "-1"
"""The inner node id of an entry that stands for an input of the subgraph itself."""

_DRAWN: Final = "$$"
"""The prefix of pseudo-widgets that the page draws and that hold no value."""


class Promotion:
    """Finds the values of a subgraph's widgets; `widgets` returns the values of an ordinary node's
    own.
    """

    def __init__(self, widgets: Callable[[PageNode], Widgets]) -> None:
        self._widgets = widgets
        self._shown: dict[PageGraph, dict[str, tuple[PageNode, str]]] = {}
        self._held: dict[
            PageNode, tuple[JsonObject, dict[tuple[str, str], JsonValue]]
        ] = {}

    def value(self, scope: Scope, port: str) -> Written | None:
        """The value of a subgraph's input that has no link: the host's value, or else the inner
        widget's.
        """
        while scope.host is not None:
            shown = self._inner(scope)
            if port not in shown:
                return None
            held, older = self._host(scope)
            if port in held:
                return Written(held[port])
            node, widget = shown[port]
            if (node.id, widget) in older:
                return Written(older[node.id, widget])
            inner = scope.inside(node)
            if inner is None:
                try:
                    values = self._widgets(node).values
                except Ambiguous:
                    return None
                return Written(values[widget]) if widget in values else None
            scope, port = inner, widget
        return None

    def over(
        self, scope: Scope, node: PageNode, widgets: Widgets
    ) -> Mapping[str, JsonValue]:
        """The values that older files store on the host for widgets that aren't inputs of the
        subgraph.
        """
        _, older = self._host(scope) if scope.host is not None else ({}, {})
        return {
            name: older[node.id, name]
            for name in (widgets.values if older else ())
            if (node.id, name) in older
        }

    def _inner(self, scope: Scope) -> dict[str, tuple[PageNode, str]]:
        """For each input of a subgraph that is a widget, the first inner widget linked to it."""
        graph = scope.graph
        if graph not in self._shown:
            found: dict[str, tuple[PageNode, str]] = {}
            by_link = {
                slot.link: (node, slot)
                for node in graph.nodes.values()
                for slot in node.inputs
                if slot.link is not None
            }
            for id, link in graph.links.items():
                if link.origin != INPUTS or id not in by_link:
                    continue
                node, slot = by_link[id]
                if slot.widget is None or link.origin_slot >= len(graph.ports):
                    continue
                inner = scope.inside(node)
                if inner is None:
                    shown = (node, slot.widget)
                elif slot.name in self._inner(inner):
                    shown = (node, slot.name)
                else:
                    continue
                found.setdefault(graph.ports[link.origin_slot].name, shown)
            self._shown[graph] = found
        return self._shown[graph]

    def _host(
        self, scope: Scope
    ) -> tuple[JsonObject, dict[tuple[str, str], JsonValue]]:
        """The values on the host: by the subgraph's inputs and, in older files, by inner node and
        widget.
        """
        host = scope.host
        assert host is not None
        if host not in self._held:
            shown = self._inner(scope)
            ports = [each.name for each in scope.graph.ports if each.name in shown]
            self._held[host] = _held(host, ports, scope.graph)
        return self._held[host]


def _held(
    host: PageNode, ports: list[str], graph: PageGraph
) -> tuple[JsonObject, dict[tuple[str, str], JsonValue]]:
    if host.values is None:
        named = host.named or {}
        return {name: named[name] for name in ports if name in named}, {}
    entries = [
        (str(each[0]), each[1])
        for each in as_list(host.properties.get("proxyWidgets"))
        if isinstance(each, list) and len(each) >= 2 and isinstance(each[1], str)
        if not each[1].startswith(_DRAWN)
    ]
    own = [entry for entry in entries if entry[0] == _OWN]
    for listed in (entries, own):
        if host.values and len(host.values) == len(listed):
            pairs = list(zip(listed, host.values, strict=True))
            held = {name: value for (id, name), value in pairs if id == _OWN}
            older = {
                (graph.renumbered.get(id, id), name): value
                for (id, name), value in pairs
                if id != _OWN
            }
            return held, older
    return dict(zip(ports, host.values, strict=False)), {}
