"""A ComfyUI workflow in API format: its nodes and links, and queries about its graph."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeGuard

from viewcomfy_runtime.json_types import ApiNode, ApiWorkflow, JsonObject, JsonValue


class Link(NamedTuple):
    """The source of an input: an output of another node."""

    node: str
    output: int


class Use(NamedTuple):
    """The destination of an output: an input of a node."""

    node: str
    input: str
    output: int


class Node(NamedTuple):
    """A node: its class, its title in the editor, the values set in it, and its links."""

    id: str
    class_type: str
    title: str
    values: JsonObject
    links: dict[str, Link]
    raw: ApiNode


@dataclass(frozen=True)
class Workflow:
    """The nodes by id, in order of data flow."""

    nodes: dict[str, Node]

    @cached_property
    def uses(self) -> dict[str, tuple[Use, ...]]:
        """For each node, the inputs that read its outputs, in order of data flow."""
        found: dict[str, list[Use]] = {id: [] for id in self.nodes}
        for node in self.nodes.values():
            for name, link in sorted(node.links.items()):
                if link.node in found:
                    found[link.node].append(Use(node.id, name, link.output))
        return {id: tuple(uses) for id, uses in found.items()}

    @cached_property
    def used_by_one(self) -> set[str]:
        """The nodes whose outputs all go to one other node."""
        return {
            id for id, uses in self.uses.items() if len({use.node for use in uses}) == 1
        }

    def leading_to(self, ends: set[str]) -> set[str]:
        """The nodes from which data flows to any of `ends`, including these."""
        reached = set(ends)
        pending = list(ends)
        while pending:
            for link in self.nodes[pending.pop()].links.values():
                if link.node in self.nodes and link.node not in reached:
                    reached.add(link.node)
                    pending.append(link.node)
        return reached

    @property
    def graph(self) -> ApiWorkflow:
        """The nodes as ComfyUI accepts them, without other entries, which it rejects."""
        return {node.id: node.raw for node in self.nodes.values()}


def is_link(value: object) -> TypeGuard[list[JsonValue]]:
    """Whether ComfyUI treats `value` as a link: a list of a node's id and an output's index.

    Source: `is_link` in ComfyUI's comfy_execution/graph_utils.py.
    """
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int | float)
    )


_NUMBERS: Final = re.compile(r"(\d+)")


def natural(id: str) -> tuple[tuple[str, int], ...]:
    """A sort key for ids in natural order: 9 before 10, 57:8 before 57:10; different ids have
    different keys.
    """
    parts = _NUMBERS.split(id)
    numbers = (
        int(part) if part.isascii() and len(part) < 4000 else 0 for part in parts[1::2]
    )
    return (
        *(
            (text, number)
            for text, number in zip(parts[::2], [*numbers, -1], strict=True)
        ),
        (id, -1),
    )


def ordered(nodes: dict[str, Node]) -> tuple[list[str], list[str]]:
    """All ids in order of data flow, ties sorted by id, followed by those in or behind a cycle; and
    the latter alone.
    """
    sources = {
        id: {link.node for link in node.links.values() if link.node in nodes}
        for id, node in nodes.items()
    }
    waiting = {id: len(found) for id, found in sources.items()}
    targets: dict[str, list[str]] = {id: [] for id in nodes}
    for id, found in sources.items():
        for each in found:
            targets[each].append(id)
    ready = [(natural(id), id) for id, count in waiting.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, id = heapq.heappop(ready)
        order.append(id)
        for target in targets[id]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, (natural(target), target))
    rest = sorted(nodes.keys() - set(order), key=natural)
    return order + rest, rest


def unwrapped(value: JsonValue) -> JsonValue:
    """A list as its user knows it, which ComfyUI writes as
    `{"__value__": […]}` so as not to take it for a link.
    """
    if (
        isinstance(value, dict)
        and value.keys() == {"__value__"}
        and isinstance(value["__value__"], list)
    ):
        return value["__value__"]
    return value
