"""Converts group nodes, which older pages made, to the subgraphs that replaced them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from viewcomfy_runtime.json_types import as_object

from ...catalog import NodeFacts
from ...errors import CodegenError, Diagnostic, place
from .document import (
    BYPASSED,
    INPUTS,
    MUTED,
    OUTPUTS,
    PageDocument,
    PageGraph,
    PageLink,
    PageNode,
    Port,
    Slot,
)
from .group_definitions import GroupDefinition
from .group_interface import Unfit

Lookup = Callable[[str], NodeFacts | None]

_STARTS: Final = ("workflow>", "workflow/")
"""Prefixes of the types of group nodes."""
_HINT: Final = "open it in ComfyUI, and use File > Export (API)"


def is_group_node(node: PageNode) -> bool:
    """Whether a node stands for a group of nodes that the file defines separately."""
    return node.class_type.startswith(_STARTS)


@dataclass(frozen=True, slots=True)
class Expanded:
    """A document with subgraphs instead of group nodes, and the problems of those that can't be
    expanded.
    """

    document: PageDocument
    faults: tuple[Diagnostic, ...] = ()


def expanded(document: PageDocument, facts: Lookup) -> Expanded:
    """The document without group nodes.

    As on the page, the inner nodes get the next free ids, and the subgraph the one after them.
    """
    hosts = [node for node in document.root.nodes.values() if is_group_node(node)]
    if not hosts:
        return Expanded(document)
    free = document.free_id
    ids: dict[str, PageNode] = {}
    definitions: dict[str, PageGraph] = {}
    faults: list[Diagnostic] = []
    for host in hosts:
        try:
            group = _group_of(host, document, facts)
            inner, instance = _subgraph(host, group, free)
        except Unfit as error:
            if host.mode not in (MUTED, BYPASSED):
                where = place(document.source, host.id, host.class_type)
                faults.append(Diagnostic(where, str(error), _HINT))
            continue
        free = int(instance.id) + 1
        definitions[inner.id] = inner
        ids[host.id] = instance
    root = _with_instances(document.root, ids)
    definitions = {**document.definitions, **definitions}
    return Expanded(
        replace(document, root=root, definitions=definitions), tuple(faults)
    )


def _group_of(host: PageNode, document: PageDocument, facts: Lookup) -> GroupDefinition:
    name = _name(host)
    described = as_object(document.extra.get("groupNodes")).get(name)
    if not isinstance(described, dict):
        raise Unfit(f"the file lacks the group {name!r} that this node stands for")
    try:
        return GroupDefinition(described, facts, document.source)
    except CodegenError as error:
        message = error.diagnostics[0].message
        raise Unfit(f"the file defines its group incorrectly: {message}") from error


def _name(host: PageNode) -> str:
    return host.class_type[len(_STARTS[0]) :]


def _with_instances(graph: PageGraph, ids: Mapping[str, PageNode]) -> PageGraph:
    """The graph with some of its nodes, identified by their ids, replaced by others."""
    links = {
        id: link._replace(
            origin=ids[link.origin].id if link.origin in ids else link.origin,
            target=ids[link.target].id if link.target in ids else link.target,
        )
        for id, link in graph.links.items()
    }
    nodes = [ids.get(id, node) for id, node in graph.nodes.items()]
    renumbered = {old: node.id for old, node in ids.items()}
    return replace(
        graph,
        nodes={node.id: node for node in nodes},
        links=links,
        renumbered={**graph.renumbered, **renumbered},
    )


def _subgraph(
    host: PageNode, group: GroupDefinition, free: int
) -> tuple[PageGraph, PageNode]:
    """The definition of a subgraph with the group's nodes and the host's values, and the node that
    stands for it.
    """
    shown = group.shown()
    nodes = group.nodes_with(shown.values(host))
    entries = [(slot, *shown.place(slot)) for slot in host.inputs]
    id = str(free + len(nodes))
    links: dict[str, PageLink] = {}
    targets: dict[tuple[int, int], str] = {}

    def link(origin: str, origin_slot: int, target: tuple[int, int]) -> None:
        number = str(len(links))
        links[number] = PageLink(origin, origin_slot, str(free + target[0]), target[1])
        targets[target] = number

    for origin, target in group.links:
        link(str(free + origin[0]), origin[1], target)
    for port, (_, number, slot) in enumerate(entries):
        link(INPUTS, port, (number, _with_slot(nodes, number, slot)))
    inner = [
        _renumbered(node, number, targets, free) for number, node in enumerate(nodes)
    ]
    leaving = {
        index: PageLink(str(free + number), slot, OUTPUTS, index)
        for index, (number, slot) in enumerate(shown.outputs)
    }
    ports = tuple(Port(slot.name, slot.type, slot.label) for slot, *_ in entries)
    graph = PageGraph(
        f"{host.class_type} {id}",
        _name(host),
        {node.id: node for node in inner},
        links,
        ports,
        leaving,
    )
    instance = replace(host, id=id, class_type=graph.id, values=None, named=None)
    return graph, instance


def _renumbered(
    node: PageNode, number: int, targets: Mapping[tuple[int, int], str], free: int
) -> PageNode:
    """The inner node with its id in the workflow and the links that end at its inputs."""
    inputs = tuple(
        replace(slot, link=targets.get((number, index)))
        for index, slot in enumerate(node.inputs)
    )
    return replace(node, id=str(free + number), inputs=inputs)


def _with_slot(nodes: list[PageNode], number: int, slot: int | Slot) -> int:
    """The index of an inner node's input; an input for a widget is added first."""
    if isinstance(slot, int):
        return slot
    node = nodes[number]
    nodes[number] = replace(node, inputs=(*node.inputs, slot))
    return len(node.inputs)
