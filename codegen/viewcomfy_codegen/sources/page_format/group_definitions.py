"""Determines what a group node shows of its inner nodes, following the page's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from viewcomfy_runtime.json_types import JsonValue, as_list, as_object

from ...catalog import InputFacts, NodeFacts
from .document import PageNode
from .group_interface import End, Names, Shown, ShownWidget, Unfit, said_of
from .reading import read_nodes
from .unknown_classes import Ambiguous, Widgets
from .virtual import PRIMITIVE, VIRTUAL
from .widgets import widgets_of

_REROUTE: Final = "Reroute"

Lookup = Callable[[str], NodeFacts | None]


class GroupDefinition:
    """A group as defined in the file: nodes by number, and the links between them.

    Raises CodegenError for malformed nodes, and Unfit for nodes of unknown classes.
    """

    def __init__(
        self, described: Mapping[str, JsonValue], facts: Lookup, source: str
    ) -> None:
        self._nodes = read_nodes(as_list(described.get("nodes")), source)
        self._facts = [facts(node.class_type) for node in self._nodes]
        self._config = as_object(described.get("config"))
        self.links: list[tuple[End, End]] = list(
            _links(described.get("links"), len(self._nodes))
        )
        self._origins = {origin for origin, _ in self.links}
        self._targets = {target for _, target in self.links}
        self._external = {
            end
            for each in as_list(described.get("external"))
            if (end := _end(as_list(each)[:2], len(self._nodes))) is not None
        }
        self._held = [
            self._widgets(node, known)
            for node, known in zip(self._nodes, self._facts, strict=True)
        ]

    def _widgets(self, node: PageNode, facts: NodeFacts | None) -> Widgets:
        """The widgets' values stored in the inner node itself."""
        if node.class_type in VIRTUAL:
            return Widgets()
        if facts is None:
            raise Unfit(f"the class {node.class_type} within its group is not known")
        try:
            return widgets_of(node, facts)
        except Ambiguous as error:
            message = f"the values of the {node.class_type} within its group do not fit"
            raise Unfit(message) from error

    def nodes_with(self, values: Mapping[tuple[int, str], JsonValue]) -> list[PageNode]:
        """The inner nodes, with these values replacing their own."""
        found = []
        for number, (node, held) in enumerate(
            zip(self._nodes, self._held, strict=True)
        ):
            own = {name: value for (of, name), value in values.items() if of == number}
            if node.class_type not in VIRTUAL:
                named = {
                    name: value
                    for name, value in held.values.items()
                    if name not in held.assumed
                }
                node = replace(node, values=None, named={**named, **own})
            elif own:
                node = replace(node, values=tuple(own.values()))
            found.append(node)
        return found

    def shown(self) -> Shown:
        """What the group node shows, in the page's order."""
        shown = Shown()
        names = Names(self._config)
        later: list[tuple[int, int, str, InputFacts]] = []
        for number, (node, facts) in enumerate(
            zip(self._nodes, self._facts, strict=True)
        ):
            if facts is not None:
                later += self._declared(number, node, facts, shown, names)
                outputs = max(len(facts.outputs), len(node.outputs))
            elif not self._stands_for_itself(number, node):
                continue
            elif node.class_type == PRIMITIVE:
                places = max(len(node.values or ()), 1)
                name = names.of(number, node, "value")
                shown.widgets[name] = ShownWidget(number, "value", "*", places)
                outputs = 1
            else:
                if (number, 0) not in self._targets:
                    shown.sockets[names.of(number, node, self._passed(number))] = (
                        number,
                        0,
                    )
                outputs = 1
            shown.outputs += (
                (number, output)
                for output in range(outputs)
                if self._shows_output(number, output)
            )
        for number, index, name, each in later:
            key = names.of(number, self._nodes[number], name)
            shown.converted[key] = (number, index)
            shown.turned.append(ShownWidget(number, name, each.value_type, 1))
        return shown

    def _stands_for_itself(self, number: int, node: PageNode) -> bool:
        """Whether the page shows anything of a node that exists only there."""
        out = (number, 0) in self._origins
        if node.class_type == PRIMITIVE:
            return out
        if node.class_type != _REROUTE:
            return False
        within = out and (number, 0) in self._targets
        return not within or (number, 0) in self._external

    def _passed(self, number: int) -> str:
        """The type that a reroute passes on, which the page uses to name its input."""
        targets = [target for origin, target in self.links if origin == (number, 0)]
        inputs = [self._nodes[of].inputs[at : at + 1] for of, at in targets]
        kinds = [slot.type for slots in inputs for slot in slots if slot.type != "*"]
        return next(iter([*kinds, *self._nodes[number].outputs]), "*")

    def _declared(
        self,
        number: int,
        node: PageNode,
        facts: NodeFacts,
        shown: Shown,
        names: Names,
    ) -> Iterator[tuple[int, int, str, InputFacts]]:
        """Add an ordinary node's widgets and sockets, and yield the widgets converted to inputs,
        which follow those of all nodes.
        """
        places = {slot.name: index for index, slot in enumerate(node.inputs)}
        later: list[tuple[int, int, str, InputFacts]] = []
        for name, each in facts.inputs.items():
            if each.branches or each.autogrow or each.group:
                raise Unfit(f"the {node.class_type} within it has inputs that can vary")
            # Widgets that were added to the class later have no saved value.
            if not each.is_widget or name in self._held[number].assumed:
                continue
            index = places.get(name)
            if index is not None and node.inputs[index].widget == name:
                if (number, index) not in self._targets:
                    later.append((number, index, name, each))
                continue
            control = each.control is not None
            shown.widgets[names.of(number, node, name)] = ShownWidget(
                number, name, each.value_type, 1 + control + bool(each.upload), control
            )
        for name, each in facts.inputs.items():
            index = places.get(name)
            if each.is_widget or index is None or (number, index) in self._targets:
                continue
            key = names.of(number, node, name)
            if said_of(self._config, number, "input", name).get("visible") is not False:
                shown.sockets[key] = (number, index)
        yield from sorted(later, key=lambda each: each[1])

    def _shows_output(self, number: int, output: int) -> bool:
        end = (number, output)
        chosen = said_of(self._config, number, "output", str(output)).get("visible")
        if isinstance(chosen, bool):
            return chosen
        return end not in self._origins or end in self._external


def _links(value: object, count: int) -> Iterator[tuple[End, End]]:
    """The links whose two ends are both within the group."""
    for each in as_list(value):
        parts = as_list(each)
        origin, target = _end(parts[:2], count), _end(parts[2:4], count)
        if origin is not None and target is not None:
            yield origin, target


def _end(parts: list[JsonValue], count: int) -> End | None:
    """The node number and slot index in a list; None if it isn't these two."""
    match parts:
        case [int(number), int(index)] if 0 <= number < count and index >= 0:
            return number, index
    return None
