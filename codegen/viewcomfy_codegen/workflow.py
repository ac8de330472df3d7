"""A ComfyUI workflow in API format: its nodes, its links, and questions about their graph."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from .errors import CodegenError, Diagnostic
from .reading import EXPORT_HINT, place, read_json

DEEPEST: Final = 50
"""How deeply a value may be nested: far more than any node's, far less than any decoder's limit."""


class Link(NamedTuple):
    """Where an input takes its value from: an output of another node."""

    node: str
    output: int


class Use(NamedTuple):
    """Where an output goes: an input of a node."""

    node: str
    input: str
    output: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its class, its title in the editor, the values that were set in it and its links."""

    id: str
    class_type: str
    title: str
    values: dict[str, Any]
    links: dict[str, Link]
    raw: dict[str, Any]


@dataclass(frozen=True)
class Workflow:
    """The nodes by id, in the order of the flow of data."""

    nodes: dict[str, Node]

    @cached_property
    def uses(self) -> dict[str, tuple[Use, ...]]:
        """For each node where its outputs go, in the order of the flow."""
        found: dict[str, list[Use]] = {id: [] for id in self.nodes}
        for node in self.nodes.values():
            for name, link in sorted(node.links.items()):
                if link.node in found:
                    found[link.node].append(Use(node.id, name, link.output))
        return {id: tuple(uses) for id, uses in found.items()}

    def leading_to(self, ends: set[str]) -> set[str]:
        """The nodes from which data flows to one of `ends`, those included."""
        reached = set(ends)
        pending = list(ends)
        while pending:
            for link in self.nodes[pending.pop()].links.values():
                if link.node in self.nodes and link.node not in reached:
                    reached.add(link.node)
                    pending.append(link.node)
        return reached

    @property
    def graph(self) -> dict[str, Any]:
        """The nodes as ComfyUI takes them; nothing else, since it refuses what is no node."""
        return {node.id: node.raw for node in self.nodes.values()}


def read_workflow(data: bytes, source: str) -> tuple[Workflow, list[Diagnostic]]:
    """The workflow in `data`, and what its author should know; `source` names the file in messages.

    Raises CodegenError for what is no workflow in API format, telling apart what people export by mistake.
    """
    entries = _entries(read_json(data, source), source)
    errors: list[Diagnostic] = []
    notes: list[Diagnostic] = []
    nodes: dict[str, Node] = {}
    for id, entry in entries.items():
        if not isinstance(entry, dict) or "class_type" not in entry:
            notes += _note_on_leftover(id, entry, source)
            continue
        node, faults = _node(id, entry, source)
        errors += faults
        nodes[id] = node
    if errors:
        raise CodegenError(*errors)
    if not nodes:
        raise CodegenError(Diagnostic(source, "there is no node in it", EXPORT_HINT))
    notes += _dangling(nodes, source)
    order, cyclic = _ordered(nodes)
    if cyclic:
        notes.append(_cycle(cyclic, source))
    return Workflow({id: nodes[id] for id in order}), notes


def _entries(document: Any, source: str) -> dict[str, Any]:
    """The nodes by id within the document; the formats that people take for a workflow are told apart."""
    if isinstance(document, dict) and isinstance(document.get("prompt"), dict):
        if "class_type" not in document["prompt"]:
            document = document["prompt"]
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        message = f"this is JSON, but {kind} where a workflow has nodes by id"
    elif isinstance(document.get("nodes"), list) and "links" in document:
        message = (
            "this workflow was saved for ComfyUI's web page; the API format is needed"
        )
    elif document.get("file_type") == "view_comfy":
        raise CodegenError(
            Diagnostic(
                source,
                "this is a view_comfy.json, ViewComfy's description of an app",
                "pass the workflow_api.json that it was made from",
            )
        )
    else:
        return document
    raise CodegenError(Diagnostic(source, message, EXPORT_HINT))


def _note_on_leftover(id: str, entry: Any, source: str) -> Iterator[Diagnostic]:
    if isinstance(entry, dict) and "inputs" in entry:
        yield Diagnostic(
            place(source, id, None),
            "looks like a node but has no class_type; it is left out",
            "remove it, or export the workflow again",
            "note",
        )


def _node(id: str, entry: dict[str, Any], source: str) -> tuple[Node, list[Diagnostic]]:
    class_type, inputs, meta = (
        entry["class_type"],
        entry.get("inputs", {}),
        entry.get("_meta"),
    )
    faults: list[Diagnostic] = []
    if not isinstance(class_type, str) or not class_type:
        message = "class_type must be the name of a node class"
        faults.append(Diagnostic(place(source, id, None), message, EXPORT_HINT))
    if not isinstance(inputs, dict):
        message = "inputs must be an object of names and values"
        faults.append(Diagnostic(place(source, id, class_type), message, EXPORT_HINT))
        inputs = {}
    links = {name: _link(value) for name, value in inputs.items() if is_link(value)}
    values = {name: value for name, value in inputs.items() if name not in links}
    for name, value in values.items():
        if isinstance(value, dict | list) and _too_deep(value):
            where = place(source, id, class_type, "inputs", name)
            message = f"the value is nested more than {DEEPEST} levels deep"
            faults.append(Diagnostic(where, message, "simplify it in ComfyUI"))
    title = meta.get("title") if isinstance(meta, dict) else None
    node = Node(
        id,
        str(class_type),
        title if isinstance(title, str) else "",
        values,
        links,
        entry,
    )
    return node, faults


def is_link(value: object) -> bool:
    """Whether ComfyUI takes `value` for a link: a list of a node's id and an output's number.

    Source: `is_link` in ComfyUI's comfy_execution/graph_utils.py.
    """
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int | float)
    )


def _link(value: list[Any]) -> Link:
    return Link(value[0], int(value[1]))


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


def _dangling(nodes: dict[str, Node], source: str) -> Iterator[Diagnostic]:
    for node in nodes.values():
        for name, link in node.links.items():
            if link.node not in nodes:
                yield Diagnostic(
                    place(source, node.id, node.class_type, "inputs", name),
                    f"is linked to node {link.node}, which is not in the workflow",
                    "ComfyUI will refuse to run this; connect the input and export again",
                    "warning",
                )


def _cycle(nodes: list[str], source: str) -> Diagnostic:
    some = ", ".join(nodes[:5]) + (", …" if len(nodes) > 5 else "")
    return Diagnostic(
        source,
        f"the links of some nodes form a circle (among {some})",
        "ComfyUI will refuse to run this; break the circle and export again",
        "warning",
    )


_NUMBERS: Final = re.compile(r"(\d+)")


def natural(id: str) -> tuple[Any, ...]:
    """A key that sorts ids as people count: 9 before 10, 57:8 before 57:10; any two ids differ in it."""
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


def _ordered(nodes: dict[str, Node]) -> tuple[list[str], list[str]]:
    """The ids along the flow of data, ties by id; and those in or behind a circle, which come last."""
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
