"""Subgraphs where they are used: the graph that contains a node, and the path by which servers know
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ...errors import CodegenError, Diagnostic
from .document import BYPASSED, MUTED, PageDocument, PageGraph, PageNode

UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
"""The form of the ids of workflows and subgraphs."""
DEEPEST: Final = 100
"""Maximum nesting of subgraphs."""
MOST_NODES: Final = 500_000
"""Maximum number of nodes of a workflow after its subgraphs are expanded."""


@dataclass(eq=False, slots=True)
class Scope:
    """One use of a graph: the workflow itself, or a subgraph at `path`, represented by the node
    `host` of `outer`.
    """

    document: PageDocument
    graph: PageGraph
    path: str = ""
    host: PageNode | None = None
    outer: Scope | None = None
    _inside: dict[str, Scope] = field(default_factory=dict)

    def id_of(self, node: PageNode) -> str:
        """The id by which servers know the node."""
        return f"{self.path}:{node.id}" if self.path else node.id

    def inside(self, node: PageNode) -> Scope | None:
        """The subgraph that the node represents; None for an ordinary node."""
        graph = self.document.definitions.get(node.class_type)
        if graph is None:
            return None
        if node.id not in self._inside:
            self._inside[node.id] = Scope(
                self.document, graph, self.id_of(node), node, self
            )
        return self._inside[node.id]


def refuse_endless(document: PageDocument) -> None:
    """Raises CodegenError for subgraphs that contain themselves, or that expand to too many nodes
    or levels.
    """
    order = _inner_first(document)
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}
    for graph in (*order, document.root):
        used = [
            each.class_type
            for each in graph.nodes.values()
            if each.class_type in document.definitions
        ]
        sizes[graph.id] = len(graph.nodes) + sum(sizes[each] for each in used)
        depths[graph.id] = 1 + max((depths[each] for each in used), default=0)
    if sizes[document.root.id] > MOST_NODES:
        raise _refused(
            document, f"its subgraphs expand to more than {MOST_NODES:,} nodes"
        )
    if depths[document.root.id] > DEEPEST:
        raise _refused(document, f"its subgraphs are nested more than {DEEPEST} deep")


def _inner_first(document: PageDocument) -> list[PageGraph]:
    """The definitions in use, each after those that it uses. Raises CodegenError for a cycle."""
    done: dict[str, PageGraph] = {}
    trail: list[tuple[PageGraph, Iterator[str]]] = []
    open_: dict[str, None] = {}

    def uses(graph: PageGraph) -> Iterator[str]:
        kinds = dict.fromkeys(each.class_type for each in graph.nodes.values())
        return (kind for kind in kinds if kind in document.definitions)

    trail.append((document.root, uses(document.root)))
    while trail:
        graph, rest = trail[-1]
        following = next((each for each in rest if each not in done), None)
        if following is None:
            trail.pop()
            open_.pop(graph.id, None)
            if trail:
                done[graph.id] = graph
        elif following in open_:
            circle = [*open_][list(open_).index(following) :]
            names = [document.definitions[each].name or each for each in circle]
            raise _refused(
                document,
                f"the subgraph {' > '.join([*names, names[0]])} holds itself",
            )
        else:
            inner = document.definitions[following]
            open_[following] = None
            trail.append((inner, uses(inner)))
    return list(done.values())


def exported(root: Scope) -> Iterator[tuple[Scope, PageNode]]:
    """All ordinary nodes in active graphs, in the file's order, with subgraphs expanded in place.

    A muted or bypassed subgraph in the workflow itself has no nodes; one within another subgraph
    does, since the web page exports it nevertheless.
    """
    trail = [(root, iter(root.graph.nodes.values()))]
    while trail:
        scope, rest = trail[-1]
        node = next(rest, None)
        if node is None:
            trail.pop()
            continue
        inner = scope.inside(node)
        if inner is None:
            yield scope, node
        elif scope.outer is not None or node.mode not in (MUTED, BYPASSED):
            trail.append((inner, iter(inner.graph.nodes.values())))


def _refused(document: PageDocument, message: str) -> CodegenError:
    return CodegenError(
        Diagnostic(
            document.source,
            message,
            "open it in ComfyUI, and use File > Export (API)",
        )
    )
