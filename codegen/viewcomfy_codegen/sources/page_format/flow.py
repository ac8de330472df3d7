"""Traces where an input's value comes from, through everything that isn't exported: subgraphs,
bypassed nodes, reroutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from viewcomfy_runtime.json_types import JsonValue

from ...catalog import NodeFacts
from .document import (
    BYPASSED,
    INPUTS,
    MUTED,
    PageLink,
    PageNode,
    Slot,
)
from .modes import HandedOn
from .subgraphs import Scope
from .virtual import GETTING, PASSING, PRIMITIVE, SETTING, VIRTUAL


class NodeOutput(NamedTuple):
    """An output of an exported node."""

    node: str
    output: int


@dataclass(frozen=True, slots=True)
class Written:
    """A value instead of a link; `primitive` marks one that reaches only the inputs linked to it
    directly.
    """

    value: JsonValue
    primitive: bool = False


ValueOrigin: TypeAlias = NodeOutput | Written | None
Place: TypeAlias = tuple[Scope, PageNode, Slot]


class _Step(NamedTuple):
    """The next input to examine; `through` tells whether the path leads through a node that passes
    on its input.
    """

    scope: Scope
    node: PageNode
    slot: Slot
    through: bool


class Flow:
    """Traces the origins of inputs; each input along the way is examined only once.

    `promoted` returns the value of a subgraph's input that has no link.
    """

    def __init__(
        self,
        facts: Callable[[str], NodeFacts | None],
        promoted: Callable[[Scope, str], Written | None],
    ) -> None:
        self._facts = facts
        self._promoted = promoted
        self._found: dict[tuple[str, str, str], ValueOrigin] = {}
        self._setters: dict[int, dict[str, PageNode]] = {}
        self._bypassed: dict[tuple[str, str], tuple[list[Slot], HandedOn]] = {}
        self.dangling: list[Place] = []
        self.circles: list[Place] = []

    def origin(self, scope: Scope, node: PageNode, slot: Slot) -> ValueOrigin:
        """The origin of an input's value; None if nothing is linked."""
        walked: list[tuple[tuple[str, str, str], bool]] = []
        seen: set[tuple[str, str, str]] = set()
        place, through = (scope, node, slot), False
        while True:
            key = (place[0].path, place[1].id, place[2].name)
            if key in self._found:
                found = self._found[key]
                break
            if key in seen:
                self.circles.append(place)
                found = None
                break
            seen.add(key)
            walked.append((key, through))
            step = self._before(*place)
            if not isinstance(step, _Step):
                self._found[key] = found = step
                break
            place, through = (step.scope, step.node, step.slot), step.through
        return self._remember(walked, through, found)

    def _remember(
        self,
        walked: list[tuple[tuple[str, str, str], bool]],
        through: bool,
        found: ValueOrigin,
    ) -> ValueOrigin:
        """Store the result for every input along the way."""
        for key, came_through in reversed(walked):
            if key not in self._found:
                if through and isinstance(found, Written) and found.primitive:
                    found = None
                self._found[key] = found
            through = came_through
        return self._found[walked[0][0]] if walked else found

    def _before(self, scope: Scope, node: PageNode, slot: Slot) -> _Step | ValueOrigin:
        """What an input is linked to: the next input on the path, or the origin."""
        if slot.link is None:
            return None
        link = scope.graph.links.get(slot.link)
        if link is None:
            self.dangling.append((scope, node, slot))
            return None
        through = False
        while True:
            if link.origin == INPUTS:
                return self._from_outside(scope, link, through)
            origin = scope.graph.nodes.get(link.origin)
            if origin is None:
                self.dangling.append((scope, node, slot))
                return None
            inner = scope.inside(origin)
            if inner is None or origin.mode in (MUTED, BYPASSED):
                return self._from_node(scope, origin, link.origin_slot, slot.type)
            leaving = inner.graph.leaving.get(link.origin_slot)
            if leaving is None:
                return None
            scope, link = inner, leaving

    def _from_outside(
        self, scope: Scope, link: PageLink, through: bool
    ) -> _Step | ValueOrigin:
        """What enters a subgraph at the place where it is used."""
        ports = scope.graph.ports
        if scope.outer is None or scope.host is None or link.origin_slot >= len(ports):
            return None
        name = ports[link.origin_slot].name
        slot = scope.host.slot(name)
        if slot is None or slot.link is None:
            return self._promoted(scope, name)
        return _Step(scope.outer, scope.host, slot, through)

    def _from_node(
        self, scope: Scope, node: PageNode, output: int, wanted: str
    ) -> _Step | ValueOrigin:
        """What an output passes on."""
        if node.class_type == PRIMITIVE:
            values = node.values or tuple((node.named or {}).values())
            return Written(values[0], primitive=True) if values else None
        if node.mode == MUTED:
            return None
        if node.mode == BYPASSED:
            key = (scope.path, node.id)
            if key not in self._bypassed:
                slots = self.slots(scope, node)
                kinds = [slot.type for slot in slots]
                self._bypassed[key] = slots, HandedOn(kinds, node.outputs)
            slots, handed_on = self._bypassed[key]
            index = handed_on.place(output, wanted)
            return None if index is None else _Step(scope, node, slots[index], True)
        if node.class_type in GETTING:
            setter = self._setter(scope, node)
            if setter is None or not setter[1].inputs:
                return None
            return _Step(setter[0], setter[1], setter[1].inputs[0], True)
        if node.class_type in PASSING and node.inputs:
            return _Step(scope, node, node.inputs[0], True)
        if node.class_type in VIRTUAL:
            return None
        return NodeOutput(scope.id_of(node), output)

    def slots(self, scope: Scope, node: PageNode) -> list[Slot]:
        """All inputs of a node, including those the file omits because nothing is linked to
        them.
        """
        saved = {slot.name: slot for slot in node.inputs}
        inner = scope.inside(node)
        if inner is not None:
            ports = inner.graph.ports
            return [saved.get(each.name, Slot(each.name, each.type)) for each in ports]
        facts = self._facts(node.class_type)
        if facts is None:
            return list(node.inputs)
        shown = [
            (each.is_widget, saved.get(name, Slot(name, each.type)))
            for name, each in facts.inputs.items()
            if not each.socketless and (name in saved or each.autogrow is None)
        ]
        # The page lists plain sockets before those of widgets.
        declared = [slot for _, slot in sorted(shown, key=itemgetter(0))]
        names = {slot.name for slot in declared}
        return [*declared, *(slot for slot in node.inputs if slot.name not in names)]

    def _setter(self, scope: Scope, node: PageNode) -> tuple[Scope, PageNode] | None:
        """The set node that a get node refers to, in its own graph or an enclosing one."""
        name = _said(node)
        place: Scope | None = scope
        while place is not None and name is not None:
            graph = place.graph
            if id(graph) not in self._setters:
                self._setters[id(graph)] = {
                    said: each
                    for each in reversed(list(graph.nodes.values()))
                    if each.class_type in SETTING and (said := _said(each)) is not None
                }
            found = self._setters[id(graph)].get(name)
            if found is not None:
                return place, found
            place = place.outer
        return None


def _said(node: PageNode) -> str | None:
    """The name that a set or get node refers to."""
    values = node.values or tuple((node.named or {}).values())
    return values[0] if values and isinstance(values[0], str) else None
