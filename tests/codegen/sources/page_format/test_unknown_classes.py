"""Classes that nobody knows: converted where their values can be read in one way only."""

from __future__ import annotations

import pytest

from ....helpers.pages import Page, inputs, notes, refused


def test_an_unknown_class_whose_values_have_names_is_converted_with_a_note() -> None:
    page = Page()
    named = {
        "strength": 2,
        "mode": "hard",
        "control_after_generate": "fixed",
        "upload": "image",
    }
    page.add("Strange", 2, "hard", widgets_values_named=named)
    assert inputs(page)["1"] == {"strength": 2, "mode": "hard"}
    assert any("unknown class Strange" in each for each in notes(page))


def test_an_unknown_class_whose_widgets_are_all_listed_is_converted() -> None:
    page = Page()
    node = page.add("Strange", 7, "randomize", "fox", True)
    slots = {"seed": "INT", "text": "STRING", "on": "BOOLEAN"}
    page.nodes[0]["inputs"] = [
        {"name": name, "type": kind, "link": None, "widget": {"name": name}}
        for name, kind in slots.items()
    ]
    assert inputs(page)[str(node)] == {"seed": 7, "text": "fox", "on": True}


def test_places_of_buttons_are_skipped_in_the_values_of_an_unknown_class() -> None:
    page = Page()
    page.add("Strange", 2, None, "fox.png", "image", True, None)
    slots = {"count": "INT", "file": "COMBO", "upload": "IMAGEUPLOAD", "on": "BOOLEAN"}
    page.nodes[0]["inputs"] = [
        {"name": name, "type": kind, "link": None, "widget": {"name": name}}
        for name, kind in slots.items()
    ]
    assert inputs(page)["1"] == {"count": 2, "file": "fox.png", "on": True}


def test_an_unknown_class_whose_values_could_be_read_in_two_ways_is_refused() -> None:
    page = Page()
    pack = {"cnr_id": "strange-nodes"}
    page.add("Strange", 7, "fixed", "image", "x", id=5, properties=pack)
    page.nodes[0]["inputs"] = [
        {"name": name, "type": kind, "link": None, "widget": {"name": name}}
        for name, kind in (("a", "INT"), ("b", "COMBO"), ("c", "COMBO"))
    ]
    (found,) = refused(page)
    assert "node 5 (Strange)" in found.location
    assert "no catalog has this class (from strange-nodes)" in found.message
    assert "--object-info with the URL of a ComfyUI that has the class" in str(
        found.hint
    )
    assert "catalog update URL" in str(found.hint)
    assert "File > Export (API)" in str(found.hint)


def test_every_node_that_cannot_be_told_is_named_at_once() -> None:
    page = Page()
    page.add("Strange", 1, 2, 3)
    page.add("Odd", "x")
    assert [each.location for each in refused(page)] == [
        "page.json: node 1 (Strange)",
        "page.json: node 2 (Odd)",
    ]


@pytest.mark.parametrize("mode", [2, 4])
def test_an_unknown_class_that_is_off_stops_nobody(mode: int) -> None:
    page = Page()
    page.add("Strange", 1, 2, 3, mode=mode)
    page.add("Load", "a.png")
    assert list(inputs(page)) == ["2"]
