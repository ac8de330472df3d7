"""Reads what an author wrote on the page about a workflow's inputs: labels, names of subgraphs,
titles of groups.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from viewcomfy_runtime.json_types import as_list, as_object
from viewcomfy_runtime.parameters.key import WireKey

from ...graph.workflow import is_link
from ...naming.surroundings import Surroundings
from ...planning.author import Label
from ...words import words
from .document import INPUTS, PageGraph, PageNode
from .subgraphs import Scope

_GENERIC: Final = frozenset(
    "value values text string int integer float number boolean bool input any".split()
)
"""Words for kinds of values; a label of only these says no more than the input's own name."""
_ASIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MOST_FRAMES: Final = 1000
"""Maximum number of groups per canvas that are searched for nodes."""

_COUNTED: Final = re.compile(r"_\d+$")


class Curation:
    """Reads labels and names; `graph` is the converted workflow, whose values are the possible
    parameters.
    """

    def __init__(self, root: Scope, graph: Mapping[str, object]) -> None:
        self._root = root
        self._graph = graph
        self._fed: dict[PageGraph, dict[str, list[tuple[PageNode, str]]]] = {}

    def labels(self, shown: Collection[WireKey] = ()) -> dict[WireKey, Label]:
        """The inputs' labels; outer labels, which are closer to the user, override inner ones.

        `shown` are the inputs that App mode shows, with the labels they have there.
        """
        found: dict[WireKey, Label] = {}
        for scope in self.scopes():
            if scope.host is not None:
                for port in scope.graph.ports:
                    slot = scope.host.slot(port.name)
                    said = (slot.label if slot is not None else None) or port.label
                    origin = f"its label on the subgraph {subgraph_name(scope)!r}"
                    for key in self.fed(scope, port.name):
                        text = said or _renamed(port.name, key)
                        if text and _tells(text, key):
                            found.setdefault(key, Label(_trimmed(text), origin))
        for scope in self.scopes():
            for node in scope.graph.nodes.values():
                if scope.inside(node) is not None:
                    continue
                for slot in node.inputs:
                    key = WireKey(scope.id_of(node), slot.name)
                    if slot.label and self.holds(key) and _tells(slot.label, key):
                        where = "in App mode" if key in shown else "on the node"
                        label = Label(_trimmed(slot.label), f"its label {where}")
                        found.setdefault(key, label)
        return found

    def scopes(self) -> Iterator[Scope]:
        """All uses of graphs: the workflow itself first, and outer ones before inner ones."""
        pending = deque([self._root])
        while pending:
            scope = pending.popleft()
            yield scope
            inner = (scope.inside(node) for node in scope.graph.nodes.values())
            pending.extend(each for each in inner if each is not None)

    def holds(self, key: WireKey) -> bool:
        """Whether the workflow has a value under this key that a call can set."""
        inputs = as_object(as_object(self._graph.get(key.node)).get("inputs"))
        return key.name in inputs and not is_link(inputs[key.name])

    def fed(self, scope: Scope, port: str) -> Iterator[WireKey]:
        """The inputs that a subgraph's input sets, at any depth."""
        if scope.graph not in self._fed:
            self._fed[scope.graph] = _fed(scope.graph)
        for node, name in self._fed[scope.graph].get(port, ()):
            inner = scope.inside(node)
            if inner is not None:
                yield from self.fed(inner, name)
            elif self.holds(key := WireKey(scope.id_of(node), name)):
                yield key

    def around(self) -> dict[str, Surroundings]:
        """The surroundings of each node in the workflow."""
        found: dict[str, Surroundings] = {}
        for scope in self.scopes():
            names = tuple(subgraph_name(each) for each in _hosts(scope))
            frames = list(_frames(scope.graph))
            for node in scope.graph.nodes.values():
                id = scope.id_of(node)
                if id in self._graph:
                    group = _frame(node, frames)
                    if names or group:
                        found[id] = Surroundings(names, group)
        return found

    def positions(self) -> dict[str, tuple[float, float]]:
        """The position of each node in the workflow on its canvas."""
        return {
            scope.id_of(node): node.position
            for scope in self.scopes()
            for node in scope.graph.nodes.values()
            if node.position is not None and scope.id_of(node) in self._graph
        }


def subgraph_name(scope: Scope) -> str:
    """The name of a subgraph at the place where it is used."""
    title = scope.host.title if scope.host is not None else ""
    return title or scope.graph.name


def _hosts(scope: Scope) -> list[Scope]:
    found: list[Scope] = []
    place: Scope | None = scope
    while place is not None and place.host is not None:
        found.insert(0, place)
        place = place.outer
    return found


def _fed(graph: PageGraph) -> dict[str, list[tuple[PageNode, str]]]:
    """The inner inputs linked to each input of a subgraph."""
    by_link = {
        slot.link: (node, slot.name)
        for node in graph.nodes.values()
        for slot in node.inputs
        if slot.link is not None
    }
    found: dict[str, list[tuple[PageNode, str]]] = {}
    for id, link in graph.links.items():
        if (
            link.origin == INPUTS
            and id in by_link
            and link.origin_slot < len(graph.ports)
        ):
            found.setdefault(graph.ports[link.origin_slot].name, []).append(by_link[id])
    return found


def _renamed(port: str, key: WireKey) -> str | None:
    """The name of a subgraph's input if it was renamed from the inner input's name."""
    plain = _COUNTED.sub("", port)
    own = {key.name, key.name.rpartition(".")[2]}
    return None if own & {port, plain} else plain


def _tells(text: str, key: WireKey) -> bool:
    """Whether a label says more than the input's own name."""
    said = set(words(_trimmed(text)))
    return bool(said - set(words(key.name))) and not said <= _GENERIC


def _trimmed(text: str) -> str:
    """The label without remarks in brackets."""
    return _ASIDE.sub(" ", text[:400]).strip() or text[:400]


def _frames(graph: PageGraph) -> Iterator[tuple[float, tuple[float, ...], str]]:
    """The groups on the canvas: area; left, top, right and bottom; title."""
    for each in graph.groups[:_MOST_FRAMES]:
        title = as_object(each).get("title")
        sides = as_list(as_object(each).get("bounding"))[:4]
        box = [side for side in sides if isinstance(side, int | float)]
        if len(box) == 4:
            left, top, width, height = box
            if isinstance(title, str) and title:
                yield width * height, (left, top, left + width, top + height), title


def _frame(node: PageNode, frames: list[tuple[float, tuple[float, ...], str]]) -> str:
    """The title of the smallest group that contains the node; empty if there is none."""
    if node.position is None:
        return ""
    x, y = node.position
    inside = [
        (area, title)
        for area, (left, top, right, bottom), title in frames
        if left <= x <= right and top <= y <= bottom
    ]
    return min(inside)[1] if inside else ""
