"""Random workflows with subgraphs, modes, reroutes and primitives, compared with a reference
implementation that expands everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ....helpers.pages import Page, converted

LIVE, MUTED, BYPASSED = 0, 2, 4
MODES = st.sampled_from([LIVE] * 6 + [MUTED, BYPASSED])
FREE = ("free",)


@dataclass
class Making:
    """A graph while it is drawn: what may be linked to so far, by the kind of what is given."""

    page: Page
    images: list[Any] = field(default_factory=list)
    numbers: list[Any] = field(default_factory=list)
    count: int = 0

    def next_id(self) -> str:
        self.count += 1
        return f"{self.page.name}n{self.count}"


@st.composite
def pages(draw: Callable[..., Any]) -> Page:
    """A workflow of a few subgraphs, each of which may use those before it."""
    page = Page()
    made: list[Page] = []
    for number in range(draw(st.integers(0, 3))):
        inner = page.subgraph(f"{number + 1}a")
        making = Making(inner)
        for index in range(draw(st.integers(1, 2))):
            making.images.append(inner.port(f"image{index}", "IMAGE"))
        for index in range(draw(st.integers(1, 2))):
            making.numbers.append(inner.port(f"number{index}", "INT"))
        _fill(draw, making, made)
        for _ in range(draw(st.integers(0, 2))):
            if making.images:  # at times what the subgraph itself takes
                inner.result(*_pair(draw(st.sampled_from(making.images))), kind="IMAGE")
        made.append(inner)
    _fill(draw, Making(page), made)
    return page


def _pair(origin: Any) -> tuple[Any, int]:
    return origin if isinstance(origin, tuple) else (origin, 0)


def _fill(draw: Callable[..., Any], making: Making, made: list[Page]) -> None:
    kinds = ["Load", "Grow", "Blend", "Reroute", "PrimitiveNode", "Save", "Number"]
    kinds += [each.uuid for each in made] * 2
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=3, max_size=8)):
        _add(draw, making, kind, {each.uuid: each for each in made})


def _add(
    draw: Callable[..., Any], making: Making, kind: str, made: dict[str, Page]
) -> None:
    page, id, mode = making.page, making.next_id(), draw(MODES)

    def one(among: list[Any]) -> Any:
        taken = among and draw(st.integers(0, 3))
        return draw(st.sampled_from(among)) if taken else None

    value = draw(st.integers(0, 9))
    common = {"id": id, "mode": mode}
    if kind == "Load":
        page.add("Load", f"{value}.png", "image", **common)
        making.images.append((id, 0))
    elif kind == "Grow":
        takes, widgets = {"image": one(making.images)}, {"amount": one(making.numbers)}
        page.add("Grow", value, takes=takes, widgets=widgets, **common)
        making.images.append((id, 0))
    elif kind == "Blend":
        takes = {"first": one(making.images), "second": one(making.images)}
        page.add("Blend", value, takes=takes, **common)
        making.images.append((id, 0))
    elif kind == "Reroute":
        numbers = draw(st.booleans()) and bool(making.numbers)
        among = making.numbers if numbers else making.images
        page.add("Reroute", takes={"": one(among)}, **common)
        among.append((id, 0))
    elif kind == "PrimitiveNode":
        page.add("PrimitiveNode", value, "fixed", outputs=["INT"], **common)
        making.numbers.append((id, 0))
    elif kind == "Number":
        page.add("Number", value, "fixed", "px", **common)
        making.numbers.append((id, 0))
    elif kind == "Save":
        page.add("Save", f"out{value}", takes={"images": one(making.images)}, **common)
    else:
        _instance(draw, making, made[kind], one, common)


def _instance(
    draw: Callable[..., Any],
    making: Making,
    inner: Page,
    one: Callable[[list[Any]], Any],
    common: dict[str, Any],
) -> None:
    images = [each["name"] for each in inner.ports if each["type"] == "IMAGE"]
    numbers = [each["name"] for each in inner.ports if each["type"] == "INT"]
    shown = _shown(inner)
    values = draw(st.lists(st.integers(10, 19), max_size=len(numbers)))
    making.page.add(
        inner.uuid,
        *values,
        takes={name: one(making.images) for name in images}
        | {name: one(making.numbers) for name in numbers if name not in shown},
        widgets={name: one(making.numbers) for name in numbers if name in shown},
        outputs=["IMAGE"] * len(inner.results),
        **common,
    )
    making.images += [(common["id"], index) for index in range(len(inner.results))]


def _shown(inner: Page) -> set[str]:
    """The inputs of a subgraph that stand for widgets in it."""
    nodes = {each["id"]: each for each in inner.nodes}
    return {
        inner.ports[port]["name"]
        for _, origin, port, target, slot, _ in inner.links
        if origin == -10 and target != -20 and "widget" in nodes[target]["inputs"][slot]
    }


class Reference:
    """Copies every subgraph to where it is used, then follows each link by itself."""

    def __init__(self, document: dict[str, Any]) -> None:
        described = document.get("definitions", {}).get("subgraphs", [])
        self.definitions = {each["id"]: each for each in described}
        self.flat: dict[str, dict[str, Any]] = {}
        self.copy(document, "", {}, exported=True)

    def copy(
        self, graph: dict[str, Any], path: str, ports: dict[int, Any], exported: bool
    ) -> dict[int, Any]:
        """Copies a graph; `ports` say what its inputs are. Gives what its outputs are."""
        links = {}
        for each in graph["links"]:
            parts = list(each.values()) if isinstance(each, dict) else each
            links[parts[0]] = parts[1:5]
        inner_outputs: dict[Any, dict[int, Any]] = {}

        def origin(link: Any) -> Any:
            if link is None:
                return FREE
            node, output, _, _ = links[link]
            if node == -10:
                return ports[output]
            if node in inner_outputs:
                return inner_outputs[node].get(output, ("nothing",))
            return ("output", f"{path}{node}", output)

        for node in graph["nodes"]:
            slots = [(each, origin(each["link"])) for each in node["inputs"]]
            entry = {"node": node, "slots": slots, "exported": exported}
            self.flat[f"{path}{node['id']}"] = entry
            if node["type"] in self.definitions:
                outputs = self.inside(node, slots, f"{path}{node['id']}", exported)
                if node["mode"] == LIVE:
                    inner_outputs[node["id"]] = outputs
        return {
            slot: origin(id)
            for id, (_, _, target, slot) in links.items()
            if target == -20
        }

    def inside(
        self, node: dict[str, Any], slots: list[Any], path: str, exported: bool
    ) -> dict[int, Any]:
        definition = self.definitions[node["type"]]
        values = list(node["widgets_values"])
        ports: dict[int, Any] = {}
        for index, port in enumerate(definition["inputs"]):
            (found,) = (place for each, place in slots if each["name"] == port["name"])
            if port["type"] == "INT" and self.shows(definition, index) and values:
                held = ("value", values.pop(0))
                found = held if found == FREE else found
            elif port["type"] == "INT" and found == FREE:
                inner = self.first(definition, index)
                found = FREE if inner is None else ("value", inner)
            ports[index] = found
        live = node["mode"] == LIVE or ":" in path
        return self.copy(definition, f"{path}:", ports, exported and live)

    def targets(self, definition: dict[str, Any], port: int) -> list[Any]:
        """The inner widgets that an input is linked to, in the order of the links."""
        nodes = {each["id"]: each for each in definition["nodes"]}
        return [
            (nodes[link["target_id"]], link["target_slot"])
            for link in definition["links"]
            if link["origin_id"] == -10
            and link["origin_slot"] == port
            and link["target_id"] != -20
            and "widget" in nodes[link["target_id"]]["inputs"][link["target_slot"]]
        ]

    def shows(self, definition: dict[str, Any], port: int) -> bool:
        return bool(self.targets(definition, port))

    def first(self, definition: dict[str, Any], port: int) -> Any:
        """What the first inner widget of an input holds."""
        for node, slot in self.targets(definition, port)[:1]:
            inner = self.definitions.get(node["type"])
            if inner is None:
                return node["widgets_values"][0]
            name = node["inputs"][slot]["name"]
            names = [each["name"] for each in inner["inputs"]]
            shown = [
                each["name"]
                for index, each in enumerate(inner["inputs"])
                if each["type"] == "INT" and self.shows(inner, index)
            ]
            place = shown.index(name) if name in shown else len(node["widgets_values"])
            if place < len(node["widgets_values"]):
                return node["widgets_values"][place]
            return self.first(inner, names.index(name))
        return None

    def real(self, place: Any, wanted: str, direct: bool = True) -> Any:
        """What an input takes: a link, a value in place of one, or nothing."""
        if place[0] == "value":
            return place
        if place[0] != "output":
            return None
        _, id, output = place
        entry = self.flat[id]
        node = entry["node"]
        if node["type"] == "PrimitiveNode":
            return ("value", node["widgets_values"][0]) if direct else None
        if node["mode"] == MUTED:
            return None
        slots = entry["slots"]
        if node["type"] == "Reroute":
            return self.real(slots[0][1], "*", False)
        if node["mode"] == BYPASSED:
            kinds = ["IMAGE" if "widget" not in slot else "INT" for slot, _ in slots]
            given = "INT" if node["type"] == "Number" else "IMAGE"
            kinds += ["INT"] if node["type"] == "Number" else []
            if wanted == "*":
                index = output if output < len(slots) else 0
            elif output < len(kinds) and kinds[output] == given:
                index = output
            elif wanted in kinds:
                index = kinds.index(wanted)
            else:
                return None
            if index >= len(slots):
                return None
            return self.real(slots[index][1], kinds[index], False)
        return ("link", [id, output])

    def export(self) -> dict[str, dict[str, Any]]:
        names: dict[str, list[str | None]] = {
            "Load": ["image"],
            "Grow": ["amount"],
            "Blend": ["factor"],
            "Save": ["prefix"],
            "Number": ["value", None, "unit"],
        }
        found: dict[str, dict[str, Any]] = {}
        for id, entry in self.flat.items():
            node = entry["node"]
            if (
                node["type"] not in names
                or node["mode"] != LIVE
                or not entry["exported"]
            ):
                continue
            pairs = zip(names[node["type"]], node["widgets_values"], strict=False)
            inputs = {name: value for name, value in pairs if name}
            for slot, place in entry["slots"]:
                wanted = "INT" if "widget" in slot else "IMAGE"
                taken = self.real(place, wanted)
                if taken is not None:
                    inputs[slot["name"]] = taken[1]
            found[id] = inputs
        return found


@given(pages())
def test_a_conversion_equals_the_reference(page: Page) -> None:
    document = page.document
    found = {id: each["inputs"] for id, each in converted(document).graph.items()}
    assert found == Reference(document).export()


@given(pages())
def test_no_value_is_lost_in_silence(page: Page) -> None:
    """Every value of a node that is exported is sent, or what took its place is linked or set
    elsewhere.
    """
    document = page.document
    graph = converted(document).graph
    for node in document["nodes"]:
        exported = graph.get(node["id"])
        if exported is None:
            continue
        linked = {slot["name"] for slot in node["inputs"] if slot["link"] is not None}
        for name, value in exported["inputs"].items():
            if name not in linked:
                assert value in node["widgets_values"]


@given(pages())
def test_the_same_file_gives_the_same_nodes_in_the_same_order(page: Page) -> None:
    first, second = converted(page.document), converted(page.document)
    assert list(first.graph.items()) == list(second.graph.items())
    assert first.notes == second.notes
