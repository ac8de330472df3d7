"""Gives new ids to nodes whose ids occur twice in a file, as the page does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from viewcomfy_runtime.json_types import JsonValue, as_object

from .document import OUTPUTS, PageGraph, is_whole, whole


class Renumbering:
    """Gives new ids to nodes in definitions whose ids occurred earlier in the file. Like the page,
    it counts up from the last id assigned or encountered, skipping those in use.
    """

    def __init__(self, document: Mapping[str, JsonValue], root: PageGraph) -> None:
        self._taken = set(root.nodes)
        self._last = max(
            whole(document.get("last_node_id")),
            whole(as_object(document.get("state")).get("lastNodeId")),
        )

    @property
    def free(self) -> int:
        """The lowest number above all ids so far."""
        return 1 + max([self._last, *map(whole, self._taken)])

    def _next(self) -> str:
        self._last += 1
        while str(self._last) in self._taken:
            self._last += 1
        return str(self._last)

    def __call__(self, graph: PageGraph) -> PageGraph:
        changed: dict[str, str] = {}
        for id in graph.nodes:
            if id in self._taken and is_whole(id):
                changed[id] = self._next()
            else:
                self._last = max(self._last, whole(id))
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
