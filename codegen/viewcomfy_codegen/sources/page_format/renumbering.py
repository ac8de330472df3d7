"""Ids that occur twice in a file: the page gives such nodes new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .document import OUTPUTS, PageGraph, is_whole, mapping, whole


class Renumbering:
    """Gives nodes of definitions whose ids occurred before in the file new ones, as the page
    does.
    """

    def __init__(self, document: Mapping[str, Any], graphs: list[PageGraph]) -> None:
        self._taken = set(graphs[0].nodes)
        highest = whole(document.get("last_node_id"))
        highest = max(highest, whole(mapping(document.get("state")).get("lastNodeId")))
        for graph in graphs:
            highest = max([highest, *(whole(id) for id in graph.nodes)])
        self.free = highest + 1

    def __call__(self, graph: PageGraph) -> PageGraph:
        changed: dict[str, str] = {}
        for id in graph.nodes:
            if id in self._taken and is_whole(id):
                changed[id] = str(self.free)
                self.free += 1
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
