"""Subgraphs: ids, ports and whose value counts, on every level."""

from __future__ import annotations

import pytest

from ....helpers.pages import Page, inputs, refused


def sampler(page: Page) -> Page:
    """A subgraph with a prompt and a number of steps to set, and the latent that it gives."""
    inner = page.subgraph("5a")
    text = inner.add(
        "Encode", "inside", widgets={"text": inner.port("text", "STRING")}, id=21
    )
    steps = inner.port("steps", "INT")
    latent = inner.add(
        "Sample",
        *(7, "fixed", 20, 8.0, "heun"),
        takes={"positive": text},
        widgets={"steps": steps},
        id=22,
    )
    inner.result(latent)
    return inner


def test_inner_nodes_bear_the_ids_of_the_instances_around_them() -> None:
    page = Page()
    inner = page.subgraph("5a")
    deepest = inner.subgraph("5b")
    deepest.result(deepest.add("Load", "deep.png", id=5))
    inner.result(inner.add(deepest.uuid, id=8))
    outer = page.add(inner.uuid, id=9)
    page.add("Save", "out", takes={"images": outer}, id=10)
    assert inputs(page) == {
        "9:8:5": {"image": "deep.png"},
        "10": {"prefix": "out", "images": ["9:8:5", 0]},
    }


def test_what_comes_into_a_subgraph_reaches_its_nodes() -> None:
    page = Page()
    inner = page.subgraph("5a")
    port = inner.port("image", "IMAGE")
    inner.result(inner.add("Invert", takes={"image": port}, id=21))
    image = page.add("Load", "a.png")
    page.add(inner.uuid, takes={"image": image}, id=9)
    assert inputs(page)["9:21"] == {"image": ["1", 0]}


def test_a_subgraph_that_only_hands_on_gives_what_it_takes() -> None:
    page = Page()
    inner = page.subgraph("5a")
    inner.result(*inner.port("image", "IMAGE"))
    image = page.add("Load", "a.png")
    passed = page.add(inner.uuid, takes={"image": image})
    page.add("Save", "out", takes={"images": passed}, id=3)
    assert inputs(page)["3"]["images"] == ["1", 0]


def test_the_host_s_value_wins_over_the_inner_one() -> None:
    page = Page()
    inner = sampler(page)
    page.add(inner.uuid, "outside", 33, id=9, widgets={"text": None, "steps": None})
    assert inputs(page)["9:21"] == {"text": "outside"}
    assert inputs(page)["9:22"]["steps"] == 33


def test_the_host_s_values_count_from_all_inputs_that_are_widgets() -> None:
    page = Page()
    page.add(sampler(page).uuid, "outside", 33, id=9)
    assert inputs(page)["9:22"]["steps"] == 33


def test_without_a_host_s_value_the_inner_one_counts() -> None:
    page = Page()
    page.add(sampler(page).uuid, id=9, widgets={"text": None, "steps": None})
    assert inputs(page)["9:21"] == {"text": "inside"}
    assert inputs(page)["9:22"]["steps"] == 20


def test_a_host_s_widget_that_is_linked_becomes_a_link() -> None:
    page = Page()
    inner = sampler(page)
    number = page.add("Number", 5, "fixed", "px")
    page.add(inner.uuid, "outside", 33, widgets={"text": None, "steps": number}, id=9)
    assert inputs(page)["9:22"]["steps"] == ["1", 0]


def test_two_instances_differ_in_what_their_hosts_hold() -> None:
    page = Page()
    inner = sampler(page)
    page.add(inner.uuid, "one", 1, id=8)
    page.add(inner.uuid, "two", 2, id=9)
    found = inputs(page)
    assert [found["8:21"]["text"], found["9:21"]["text"]] == ["one", "two"]
    assert [found["8:22"]["steps"], found["9:22"]["steps"]] == [1, 2]


def test_a_value_is_promoted_through_every_level() -> None:
    page = Page()
    outer = page.subgraph("5b")
    steps = outer.port("depth", "INT")
    outer.add(
        sampler(outer).uuid, "middle", 11, widgets={"text": None, "steps": steps}, id=30
    )
    page.add(outer.uuid, 44, id=9)
    assert inputs(page)["9:30:22"]["steps"] == 44
    assert inputs(page)["9:30:21"]["text"] == "middle"


def test_a_promoted_value_that_no_host_holds_comes_from_the_level_that_does() -> None:
    page = Page()
    outer = page.subgraph("5b")
    steps = outer.port("depth", "INT")
    outer.add(
        sampler(outer).uuid, "middle", 11, widgets={"text": None, "steps": steps}, id=30
    )
    page.add(outer.uuid, id=9)
    assert inputs(page)["9:30:22"]["steps"] == 11


def test_values_of_older_hosts_go_to_the_widgets_that_they_list() -> None:
    page = Page()
    inner = page.subgraph("5a")
    inner.add("Shuffle", 7, 3, id=21)
    listed = {"proxyWidgets": [["21", "count"], ["21", "control_after_generate"]]}
    page.add(inner.uuid, 8, "fixed", id=9, properties=listed)
    assert inputs(page)["9:21"] == {"seed": 7, "count": 8}


def test_what_an_older_host_only_draws_takes_none_of_its_values() -> None:
    page = Page()
    inner = page.subgraph("5a")
    inner.add("Shuffle", 7, 3, id=21)
    listed = {"proxyWidgets": [["-1", "$$canvas-image-preview"], ["21", "count"]]}
    page.add(inner.uuid, 8, id=9, properties=listed)
    assert inputs(page)["9:21"] == {"seed": 7, "count": 8}


@pytest.mark.parametrize("mode", [2, 4])
def test_an_instance_at_the_top_that_is_off_exports_nothing_of_its_inside(
    mode: int,
) -> None:
    page = Page()
    page.add(sampler(page).uuid, id=9, mode=mode)
    page.add("Load", "a.png", id=1)
    assert list(inputs(page)) == ["1"]


def test_an_inner_instance_that_is_bypassed_still_exports_its_nodes() -> None:
    page = Page()
    inner = page.subgraph("5a")
    deepest = inner.subgraph("5b")
    port = deepest.port("image", "IMAGE")
    deepest.result(deepest.add("Invert", takes={"image": port}, id=5), kind="IMAGE")
    image = inner.add("Load", "a.png", id=6)
    off = inner.add(
        deepest.uuid, takes={"image": image}, id=8, outputs=["IMAGE"], mode=4
    )
    inner.add("Save", "out", takes={"images": off}, id=7)
    page.add(inner.uuid, id=9)
    assert inputs(page)["9:7"]["images"] == ["9:6", 0]
    assert inputs(page)["9:8:5"] == {"image": ["9:6", 0]}


def test_an_id_that_occurs_twice_gets_the_next_free_number() -> None:
    page = Page()
    first, second = page.subgraph("5a"), page.subgraph("5b")
    for inner in (first, second):
        image = inner.add("Load", "a.png", id=21)
        inner.add("Save", "out", takes={"images": image}, id=22)
    page.add(first.uuid, id=1)
    page.add(second.uuid, id=40)
    assert list(inputs(page)) == ["1:21", "1:22", "40:23", "40:24"]
    assert inputs(page)["40:24"]["images"] == ["40:23", 0]


def test_new_ids_count_on_from_the_last_one_given_or_met_and_pass_those_in_use() -> (
    None
):
    page = Page()
    inner = page.subgraph("5a")
    for id in (3, 6, 4, 7):
        inner.add("Load", f"{id}.png", id=id)
    for id in (4, 8):
        page.add("Load", "root.png", id=id)
    page.add(inner.uuid, id=1)
    found = {id: node["image"] for id, node in inputs(page).items() if ":" in id}
    assert found == {
        "1:3": "3.png",
        "1:6": "6.png",
        "1:7": "4.png",
        "1:9": "7.png",
    }


def test_a_subgraph_within_itself_is_refused_by_its_name() -> None:
    page = Page()
    outer = page.subgraph("5a")
    inner = outer.subgraph("5b")
    outer.add(inner.uuid, id=5)
    inner.add(outer.uuid, id=6)
    page.add(outer.uuid, id=1)
    (found,) = refused(page)
    assert "5a > 5b > 5a" in found.message


def test_subgraphs_that_multiply_beyond_all_bounds_are_refused_at_once() -> None:
    page = Page()
    inner = page
    for depth in range(40):
        after = page.subgraph(f"{depth:x}")
        inner.add(after.uuid, id=2 * depth + 1)
        inner.add(after.uuid, id=2 * depth + 2)
        inner = after
    inner.add("Load", "a.png", id=99)
    (found,) = refused(page)
    assert "500,000" in found.message


def test_an_instance_without_its_definition_is_refused_by_its_place() -> None:
    page = Page()
    page.add("0000005a-0000-4000-8000-000000000000", id=12)
    (found,) = refused(page)
    assert "node 12" in found.location
    assert "definition" in found.message


def test_an_output_that_nothing_inside_feeds_gives_nothing() -> None:
    page = Page()
    inner = page.subgraph("5a")
    inner.add("Load", "a.png", id=5)
    page.add("Save", "out", takes={"images": page.add(inner.uuid, id=9)}, id=10)
    assert inputs(page)["10"] == {"prefix": "out"}


def test_a_link_that_comes_from_outside_of_the_workflow_is_left_out() -> None:
    page = Page()
    page.add("Save", "out", takes={"images": (-10, 0)})
    assert inputs(page) == {"1": {"prefix": "out"}}


def test_values_of_older_hosts_reach_the_widgets_of_inner_subgraphs() -> None:
    page = Page()
    inner = page.subgraph("5a")
    deepest = inner.subgraph("5b")
    deepest.add("Grow", 1, widgets={"amount": deepest.port("amount", "INT")}, id=5)
    widget = {"amount": inner.port("amount", "INT")}
    inner.add(deepest.uuid, widgets=widget, id=8, widgets_values=None)
    properties = {"proxyWidgets": [["8", "amount"]]}
    page.add(inner.uuid, 7, properties=properties, id=9)
    assert inputs(page)["9:8:5"]["amount"] == 7
