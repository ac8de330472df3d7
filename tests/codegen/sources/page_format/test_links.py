"""Links that a file stores inconsistently, and those made by use-everywhere."""

from __future__ import annotations

from typing import Any

from ....helpers.pages import Page, inputs


def chain() -> Page:
    page = Page()
    image = page.add("Load", "a.png")
    page.add("Save", "out", takes={"images": image})
    return page


def broadcast(page: Page, origin: Any, target: Any, slot: int = 0) -> None:
    listed = page.extra.setdefault("ue_links", [])
    listed.append(
        {
            "upstream": str(origin),
            "upstream_slot": 0,
            "downstream": target,
            "downstream_slot": slot,
            "controller": 9,
            "type": "IMAGE",
        }
    )


def test_an_input_without_a_link_has_the_one_that_ends_at_it() -> None:
    page = chain()
    page.nodes[1]["inputs"][0]["link"] = None
    assert inputs(page)["2"]["images"] == ["1", 0]


def test_an_input_s_own_word_counts_before_the_place_in_the_list() -> None:
    page = Page()
    one, two = page.add("Load", "a.png"), page.add("Load", "b.png")
    page.add("Blend", 0.5, takes={"first": one, "second": two})
    page.links[0][4], page.links[1][4] = 1, 0
    assert inputs(page)["3"]["first"] == ["1", 0]


def test_two_links_of_one_number_both_lead_to_their_ends() -> None:
    page = chain()
    page.add("Save", "again", takes={"images": 1})
    page.links[1][0] = page.links[0][0]
    page.nodes[2]["inputs"][0]["link"] = page.links[0][0]
    assert [inputs(page)[id]["images"] for id in "23"] == [["1", 0], ["1", 0]]


def test_a_link_to_an_input_that_the_file_leaves_out_is_found_by_its_number() -> None:
    page = chain()
    del page.nodes[1]["inputs"]
    assert inputs(page)["2"]["images"] == ["1", 0]


def test_what_use_everywhere_links_is_taken_from_the_file_s_list() -> None:
    page = chain()
    page.add("Invert", takes={"image": None})
    page.add("Anything Everywhere", takes={"anything": 1})
    broadcast(page, 1, 3)
    assert inputs(page)["3"] == {"image": ["1", 0]}
    assert "4" not in inputs(page)
    (note,) = (each for each in page.converted().notes if "everywhere" in str(each))
    assert "node 3 (Invert) image" in note.location and note.severity == "note"


def test_a_link_of_one_s_own_comes_before_use_everywhere() -> None:
    page = chain()
    page.add("Load", "b.png")
    broadcast(page, 3, 2)
    assert inputs(page)["2"]["images"] == ["1", 0]


def test_use_everywhere_reaches_inputs_within_a_subgraph() -> None:
    page = Page()
    within = page.subgraph("1")
    image = within.add("Load", "a.png")
    within.add("Save", "out", takes={"images": None})
    broadcast(within, image, 2)
    page.add(within.uuid, id=10)
    assert inputs(page)["10:2"]["images"] == ["10:1", 0]


def test_use_everywhere_without_a_list_is_reported_by_its_node() -> None:
    page = chain()
    page.add("Anything Everywhere", takes={"anything": 1})
    (found,) = (each for each in page.converted().notes if each.severity == "warning")
    assert found.location == "page.json: node 3 (Anything Everywhere)"
    assert "doesn't list" in found.message and found.hint


def test_use_everywhere_that_takes_nothing_or_is_off_is_not_reported() -> None:
    page = chain()
    page.add("Anything Everywhere", takes={"anything": None})
    page.add("Anything Everywhere", takes={"anything": 1}, mode=2)
    assert all(each.severity == "note" for each in page.converted().notes)


def test_a_list_for_use_everywhere_that_is_damaged_stops_nobody() -> None:
    page = chain()
    page.extra["ue_links"] = [None, 3, {}, {"upstream": 1, "downstream": "x"}]
    assert inputs(page)["2"]["images"] == ["1", 0]
