"""Resolves a graph's links and the input that each one ends at. Files store both directions, which
may disagree in damaged files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from viewcomfy_runtime.json_types import JsonValue, as_list, as_object

from .document import (
    PageGraph,
    PageLink,
    PageNode,
    Slot,
    node_id,
    whole,
)

BROADCAST: Final = "ue:"
"""The prefix of the ids of links that the use-everywhere pack makes on export; the file lists them
separately.
"""
_KEYS: Final = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
_BROADCAST_KEYS: Final = ("upstream", "upstream_slot", "downstream", "downstream_slot")


def read_links(
    graph: Mapping[str, JsonValue], fault: Callable[[int], None]
) -> dict[str, PageLink]:
    """A graph's links by id; `fault` is called with the location of each link that lacks an end."""
    links: dict[str, PageLink] = {}
    for number, each in enumerate(as_list(broadcasts_of(graph))):
        link = _link([as_object(each).get(key) for key in _BROADCAST_KEYS])
        if link is not None:
            links[f"{BROADCAST}{number}"] = link
    listed = graph.get("links")
    entries = list(listed.values()) if isinstance(listed, dict) else as_list(listed)
    for index, each in enumerate(entries):
        if each is None:
            continue
        parts = (
            [each.get(key) for key in _KEYS]
            if isinstance(each, dict)
            else as_list(each)
        )
        id, link = node_id(parts[0] if parts else None), _link(parts[1:5])
        if id is None or link is None:
            fault(index)
        else:
            links[id if id not in links else f"{id}#{index}"] = link
    return links


def broadcasts_of(graph: Mapping[str, JsonValue]) -> JsonValue:
    """The file's list of the links that use-everywhere makes; None if it has none."""
    return as_object(graph.get("extra")).get("ue_links")


def _link(parts: list[JsonValue]) -> PageLink | None:
    """A link between two ends, each a node's id and an index; None if it isn't valid."""
    ids = [node_id(part) for part in parts]
    if len(ids) < 4 or None in ids:
        return None
    return PageLink(str(ids[0]), whole(parts[1]), str(ids[2]), whole(parts[3]))


def with_links(
    nodes: Mapping[str, PageNode], links: Mapping[str, PageLink]
) -> dict[str, PageNode]:
    """The nodes, with missing links of inputs filled in from the list of links.

    An input's own link takes precedence over the list, since pages have moved inputs without
    updating the list.
    """
    ends = {(link.target, link.target_slot): id for id, link in links.items()}
    return {id: _with_links(node, links, ends) for id, node in nodes.items()}


def _with_links(
    node: PageNode,
    links: Mapping[str, PageLink],
    ends: Mapping[tuple[str, int], str],
) -> PageNode:
    taken = {slot.link for slot in node.inputs}

    def found(index: int, slot: Slot) -> Slot:
        own = links.get(slot.link) if slot.link is not None else None
        other = ends.get((node.id, index))
        if other is None or other in taken or (own and own.target == node.id):
            return slot
        return replace(slot, link=other)

    inputs = tuple(found(index, slot) for index, slot in enumerate(node.inputs))
    return node if inputs == node.inputs else replace(node, inputs=inputs)


def beyond(graph: PageGraph) -> dict[str, list[tuple[int, str]]]:
    """By node, the links that end at inputs which the file doesn't list: the input's index and the
    link's id.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for id, link in graph.links.items():
        node = graph.nodes.get(link.target)
        if node is not None and link.target_slot >= len(node.inputs):
            found.setdefault(node.id, []).append((link.target_slot, id))
    return found
