"""Nodes of the page alone: reroutes, notes, primitives, pairs that set and get."""

from __future__ import annotations

import pytest

from ....helpers.pages import Page, inputs, notes


def test_reroutes_hand_on_what_they_take_however_many_there_are() -> None:
    page = Page()
    node = page.add("Load", "a.png")
    for _ in range(3000):
        node = page.add("Reroute", takes={"": node}, widgets_values=None)
    page.add("Save", "out", takes={"images": node}, id="end")
    assert inputs(page)["end"]["images"] == ["1", 0]
    assert len(inputs(page)) == 2


def test_notes_are_left_out_and_reported() -> None:
    page = Page()
    page.add("Load", "a.png")
    page.add("MarkdownNote", "# Read me")
    assert list(inputs(page)) == ["1"]
    assert any("2 (MarkdownNote)" in each for each in notes(page))


@pytest.mark.parametrize("mode", [0, 2, 4])
def test_a_primitive_writes_its_value_into_what_it_is_linked_to(mode: int) -> None:
    page = Page()
    number = page.add("PrimitiveNode", 99, "fixed", mode=mode)
    page.add("Shuffle", 7, 3, widgets={"count": number})
    assert inputs(page) == {"2": {"seed": 7, "count": 99}}


def test_behind_a_reroute_a_primitive_is_lost() -> None:
    page = Page()
    number = page.add("PrimitiveNode", 99, "fixed")
    reroute = page.add("Reroute", takes={"": number})
    page.add("Shuffle", 7, 3, widgets={"count": reroute})
    assert inputs(page)["3"]["count"] == 3


def test_getting_nodes_take_what_the_setting_node_of_their_name_takes() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    page.add("SetNode", "face", takes={"IMAGE": image})
    found = page.add("GetNode", "face")
    page.add("Save", "out", takes={"images": found})
    assert inputs(page)["4"]["images"] == ["1", 0]
    assert set(inputs(page)) == {"1", "4"}


def test_a_circle_of_reroutes_ends_with_a_warning() -> None:
    page = Page()
    page.add("Reroute", takes={"": 2})
    page.add("Reroute", takes={"": 1})
    page.add("Save", "out", takes={"images": 2})
    assert inputs(page) == {"3": {"prefix": "out"}}
    assert any("warning" in each and "back to itself" in each for each in notes(page))


def test_a_getting_node_in_a_subgraph_finds_the_setting_node_around_it() -> None:
    page = Page()
    inner = page.subgraph("5a")
    face = inner.add("GetNode", "face", id=21)
    inner.result(inner.add("Invert", takes={"image": face}, id=22))
    page.add("SetNode", "face", takes={"IMAGE": page.add("Load", "a.png")})
    page.add(inner.uuid, id=9)
    assert inputs(page)["9:22"] == {"image": ["1", 0]}


@pytest.mark.parametrize("origin", ["GetNode", "MarkdownNote"])
def test_what_leads_to_no_value_is_left_out(origin: str) -> None:
    page = Page()
    page.add("Save", "out", takes={"images": page.add(origin, "nobody")})
    assert inputs(page) == {"2": {"prefix": "out"}}
