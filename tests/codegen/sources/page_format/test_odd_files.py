"""Saved workflows that were cut, edited or are old."""

from __future__ import annotations

from typing import Any

import pytest

from ....helpers.pages import Page, converted, inputs, notes, refused


def test_ids_may_be_numbers_or_texts() -> None:
    page = Page()
    image = page.add("Load", "a.png", id="face")
    page.add("Save", "out", takes={"images": image}, id="7")
    document = page.document
    document["links"][0][3] = 7
    assert {id: each["inputs"] for id, each in converted(document).graph.items()} == {
        "face": {"image": "a.png"},
        "7": {"prefix": "out", "images": ["face", 0]},
    }


def test_links_may_be_objects_or_lists() -> None:
    page = Page()
    page.add("Save", "out", takes={"images": page.add("Load", "a.png")}, id=2)
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    document = page.document
    document["links"] = [dict(zip(keys, each, strict=True)) for each in page.links]
    assert converted(document).graph == page.converted().graph


def test_a_link_to_a_node_that_is_not_there_is_left_out_with_a_warning() -> None:
    page = Page()
    page.add("Save", "out", takes={"images": 77})
    assert inputs(page) == {"1": {"prefix": "out"}}
    assert any("warning" in each and "inputs.images" in each for each in notes(page))


def test_a_link_that_the_file_does_not_have_is_left_out_with_a_warning() -> None:
    page = Page()
    page.add("Save", "out", takes={"images": page.add("Load", "a.png")}, id=2)
    page.links.clear()
    assert inputs(page)["2"] == {"prefix": "out"}
    assert any("warning" in each for each in notes(page))


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ({"nodes": [7]}, "nodes[0]"),
        ({"nodes": [{"type": "Load"}]}, "nodes[0]"),
        ({"nodes": [{"id": 3}]}, "nodes[0] (id 3)"),
        ({"nodes": [{"id": 1, "type": "Load"}, {"id": 1, "type": "Load"}]}, "nodes[1]"),
        ({"nodes": [], "links": [[1, 2]]}, "links[0]"),
        ({"nodes": [], "links": [{"id": 1}]}, "links[0]"),
        ({"nodes": [], "definitions": {"subgraphs": [{}]}}, "definitions.subgraphs[0]"),
        (
            {"nodes": [], "definitions": {"subgraphs": [{"id": "s", "nodes": [0]}]}},
            "definitions.subgraphs[0].nodes[0]",
        ),
    ],
)
def test_what_is_broken_is_refused_by_its_place(broken: Any, place: str) -> None:
    (found,) = refused(broken)
    assert found.location == f"page.json: {place}"


@pytest.mark.parametrize(
    "odd",
    [
        {"inputs": None},
        {"inputs": [{}]},
        {"inputs": [None, 5, {"name": 3, "link": {}}]},
        {"outputs": {"a": 1}},
        {"mode": "4"},
        {"mode": None},
        {"properties": []},
        {"title": 5},
        {"pos": {"0": 10, "1": 20}},
        {"widgets_values": None},
    ],
)
def test_what_does_not_matter_may_be_odd(odd: dict[str, Any]) -> None:
    node = {"id": 1, "type": "Load", "widgets_values": ["a.png"], **odd}
    found = converted({"nodes": [node]}).graph
    assert list(found) == ([] if odd.get("mode") == "4" else ["1"])
