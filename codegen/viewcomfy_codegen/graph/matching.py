"""Matches the nodes of an earlier workflow to those of a later one whose ids may have changed on
export.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from viewcomfy_runtime.json_types import JsonObject, as_object

from .workflow import is_link

ROUNDS: Final = 4
"""The radius around a node that distinguishes it from others of its class."""

_Node: TypeAlias = Mapping[str, object]
_Graph: TypeAlias = Mapping[str, _Node]
_Looks: TypeAlias = dict[str, int]


def matched(old: _Graph, new: _Graph) -> dict[str, str]:
    """The new ids of old nodes that clearly still exist.

    Nodes are compared by class, title, values and surroundings. Those equal in all of that match,
    whatever their ids; then those with the same id, class and title; then those that are the only
    ones to agree, with less and less compared; last, those with the same id and class. An id alone
    proves nothing, since other workflows use the same ids: a node that kept its id must also have
    kept its place. A node with two candidates is not matched.
    """
    if old == new:
        return {id: id for id in old}
    shapes = _Shapes()
    looks = {
        own: (shapes.looks(old, ROUNDS, own), shapes.looks(new, ROUNDS, own))
        for own in (_with_values, _with_title)
    }
    found: dict[str, str] = {}
    _pair(found, *(each[ROUNDS] for each in looks[_with_values]))
    placed = _same_place(old, new)
    _pair(found, *shapes.kept(old, new, _with_title, placed))
    for before, after in looks.values():
        for rounds in range(ROUNDS, -1, -1):
            _pair(found, before[rounds], after[rounds])
    _pair(found, *shapes.kept(old, new, _class, placed))
    return found


def _same_place(old: _Graph, new: _Graph) -> set[str]:
    """The ids of nodes that exist in both workflows and feed at least one identical input, or are
    unused in one of them.
    """
    before, after = _places(old), _places(new)
    return {
        id
        for id in old.keys() & new.keys()
        if not before[id] or not after[id] or before[id] & after[id]
    }


def _places(graph: _Graph) -> dict[str, set[tuple[str, str]]]:
    """For each node, the inputs that read its outputs, as pairs of class and input name."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for id, node in graph.items():
        found[id] |= set()
        for name, value in _inputs(node).items():
            if is_link(value):
                found[str(value[0])].add((_class(node), name))
    return found


def _pair(found: dict[str, str], old: _Looks, new: _Looks) -> None:
    """Add the pairs in which each node is the only candidate."""
    taken = set(found.values())
    left = _by_look({id: look for id, look in old.items() if id not in found})
    right = _by_look({id: look for id, look in new.items() if id not in taken})
    for look, ids in left.items():
        others = right.get(look, [])
        if len(ids) == len(others) == 1:
            found[ids[0]] = others[0]


def _by_look(looks: _Looks) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for id, look in looks.items():
        found[look].append(id)
    return found


class _Shapes:
    """Numbers for the appearance of nodes: equal numbers mean equal appearance, in any graph."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def _number(self, shape: object) -> int:
        return self._numbers.setdefault(shape, len(self._numbers))

    def looks(
        self, graph: _Graph, rounds: int, own: Callable[[_Node], object]
    ) -> list[_Looks]:
        """The appearance of each node alone, then including its neighbors at distances of up to
        `rounds` links in either direction.
        """
        links = {
            id: sorted(
                (name, str(value[0]), value[1])
                for name, value in _inputs(node).items()
                if is_link(value)
            )
            for id, node in graph.items()
        }
        uses: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for id, linked in links.items():
            for name, source, _ in linked:
                uses[source].append((name, id))
        found = [{id: self._number(_text(own(node))) for id, node in graph.items()}]
        for _ in range(rounds):
            last = found[-1]
            found.append(
                {
                    id: self._number(
                        (
                            last[id],
                            tuple(
                                (name, last.get(at), out) for name, at, out in linked
                            ),
                            tuple(
                                sorted((name, last[user]) for name, user in uses[id])
                            ),
                        )
                    )
                    for id, linked in links.items()
                }
            )
        return found

    def kept(
        self,
        old: _Graph,
        new: _Graph,
        own: Callable[[_Node], object],
        placed: set[str],
    ) -> tuple[_Looks, _Looks]:
        """The appearances of nodes that kept their place, combined with their ids."""
        first, second = (
            {
                id: self._number((id, _text(own(node))))
                for id, node in graph.items()
                if id in placed
            }
            for graph in (old, new)
        )
        return first, second


def _with_title(node: _Node) -> object:
    meta = node.get("_meta")
    return [_class(node), meta.get("title") if isinstance(meta, dict) else ""]


def _with_values(node: _Node) -> object:
    values = {
        name: value for name, value in _inputs(node).items() if not is_link(value)
    }
    return [_with_title(node), values]


def _class(node: _Node) -> str:
    return str(node.get("class_type"))


def _inputs(node: _Node) -> JsonObject:
    return as_object(node.get("inputs"))


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
