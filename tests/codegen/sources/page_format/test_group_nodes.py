"""Group nodes from older pages: their inner nodes, with the values and links of the group node."""

from __future__ import annotations

from typing import Any

import pytest

from ....helpers.pages import Page, inputs, refused


def inner(
    class_type: str, *values: Any, takes: str = "", widgets: str = "", **fields: Any
) -> dict[str, Any]:
    """A node as a group describes it: its links stand elsewhere."""
    page = Page()
    page.add(
        class_type,
        *values,
        takes=dict.fromkeys(takes.split()),
        widgets=dict.fromkeys(widgets.split()),
        **fields,
    )
    (node,) = page.nodes
    del node["id"]
    return node


def group(*nodes: Any, links: Any = (), **fields: Any) -> dict[str, Any]:
    return {
        "nodes": list(nodes),
        "links": [[*each, 0, "*"] for each in links],
        **fields,
    }


SCALE = group(
    inner("Grow", 1, takes="image"),
    inner("Blend", 0.5, takes="first second"),
    links=[(0, 0, 1, 0)],
)


def page_with(described: Any, *values: Any, **fields: Any) -> Page:
    page = Page()
    page.extra = {"groupNodes": {"Scale": described}}
    page.add("Load", "a.png")
    page.add("workflow>Scale", *values, outputs=["IMAGE"], **fields)
    page.add("Save", "out", takes={"images": 2})
    return page


def test_a_group_node_becomes_its_nodes_under_the_next_free_ids() -> None:
    page = page_with(SCALE, 3, 0.25, takes={"image": 1, "second": 1})
    assert inputs(page) == {
        "1": {"image": "a.png"},
        "6:4": {"image": ["1", 0], "amount": 3},
        "6:5": {"first": ["6:4", 0], "second": ["1", 0], "factor": 0.25},
        "3": {"images": ["6:5", 0], "prefix": "out"},
    }


def test_group_nodes_of_one_kind_have_values_of_their_own() -> None:
    page = page_with(SCALE, 3, 0.25, takes={"image": 1, "second": 1})
    page.add("workflow/Scale", 8, 0.75, takes={"image": 2, "second": 1})
    found = inputs(page)
    assert [found[id]["amount"] for id in ("7:5", "10:8")] == [3, 8]
    assert found["10:8"]["image"] == ["7:6", 0]


def test_the_control_behind_a_seed_takes_a_place_on_the_group_node_too() -> None:
    sampling = group(
        inner("Sample", 1, "fixed", 20, 8, "euler", takes="model positive")
    )
    page = page_with(sampling, 77, "randomize", 30, 6.5, "heun")
    assert inputs(page)["5:4"] == {
        "seed": 77,
        "steps": 30,
        "cfg": 6.5,
        "sampler": "heun",
    }


def test_inputs_that_share_a_name_are_told_apart_by_their_node() -> None:
    twins = group(
        inner("Grow", 1, takes="image", title="Near"),
        inner("Grow", 1, takes="image", title="Far"),
    )
    page = page_with(twins, 2, 3, takes={"image": 1, "Far image": (1, 1)})
    found = inputs(page)
    assert found["6:4"] == {"image": ["1", 0], "amount": 2}
    assert found["6:5"] == {"image": ["1", 1], "amount": 3}


def test_what_its_author_called_an_input_leads_to_it() -> None:
    named = {"config": {"0": {"input": {"image": {"name": "photo"}}}}}
    page = page_with({**SCALE, **named}, 3, 0.25, takes={"photo": 1})
    assert inputs(page)["6:4"]["image"] == ["1", 0]


def test_a_widget_that_became_an_input_comes_last_and_keeps_its_place() -> None:
    sizes = group(
        inner("Grow", 1, takes="image", widgets="amount"), inner("Blend", 0.5)
    )
    page = page_with(sizes, 0.75, 9, takes={"image": 1}, widgets={"amount": None})
    assert inputs(page)["6:4"] == {"image": ["1", 0], "amount": 9}
    assert inputs(page)["6:5"] == {"factor": 0.75}


def test_a_primitive_in_a_group_writes_what_the_group_node_holds() -> None:
    driven = group(
        inner("PrimitiveNode", 4, "fixed", outputs=["INT"], title="size"),
        inner("Grow", 1, takes="image", widgets="amount"),
        links=[(0, 0, 1, 1)],
    )
    page = page_with(driven, 12, "randomize", takes={"image": 1})
    assert inputs(page)["6:5"] == {"image": ["1", 0], "amount": 12}


def test_a_reroute_at_the_edge_of_a_group_passes_its_input_on() -> None:
    edged = group(
        inner("Reroute", takes="any", outputs=["*"]),
        inner("Blend", 0.5, takes="first second"),
        links=[(0, 0, 1, 0)],
    )
    edged["nodes"][1]["inputs"][0]["type"] = "IMAGE"
    page = page_with(edged, 0.75, takes={"IMAGE": 1})
    assert inputs(page)["6:5"] == {"first": ["1", 0], "factor": 0.75}


def test_outputs_that_only_serve_the_group_are_not_counted() -> None:
    page = page_with(SCALE, 3, 0.25)
    page.add("Load", "b.png")
    assert inputs(page)["3"]["images"] == ["7:6", 0]


@pytest.mark.parametrize(("mode", "images"), [(2, None), (4, ["1", 0])])
def test_a_group_node_that_is_off_goes_whole(mode: int, images: Any) -> None:
    page = page_with(SCALE, 3, 0.25, takes={"image": 1, "second": 1}, mode=mode)
    page.nodes[1]["inputs"][0]["type"] = "IMAGE"
    found = inputs(page)
    assert list(found) == ["1", "3"]
    assert found["3"].get("images") == images


def test_widgets_that_a_class_has_gained_since_have_their_defaults() -> None:
    older = group(inner("Sample", 1, "fixed", 20, 8))
    page = page_with(older, 5, "fixed", 12, 3.5)
    assert inputs(page)["5:4"] == {
        "seed": 5,
        "steps": 12,
        "cfg": 3.5,
        "sampler": "euler",
    }


@pytest.mark.parametrize(
    ("described", "values", "said"),
    [
        (None, [], "lacks the group 'Scale'"),
        (group(inner("Strange", 1)), [1], "Strange"),
        (SCALE, [1, 2, 3], "values don't match the group"),
        (group({"no": "type"}), [], "no type"),
        (group(inner("Resize", "by size", 1, 2)), [1], "vary"),
        (group(inner("Sample", 1, "fixed", 2, 3, "euler")), [1, 2, 3, 4, 5], "values"),
    ],
)
def test_a_group_that_does_not_say_enough_is_refused_by_its_place(
    described: Any, values: list[Any], said: str
) -> None:
    (found,) = refused(page_with(described, *values))
    assert "node 2 (workflow>Scale)" in found.location and said in found.message


def test_an_input_that_the_group_does_not_have_is_refused_by_its_name() -> None:
    (found,) = refused(page_with(SCALE, 3, 0.25, takes={"mask": 1}))
    assert "'mask'" in found.message


def test_a_group_node_within_a_subgraph_is_refused_by_its_path() -> None:
    page = Page()
    within = page.subgraph("1")
    within.add("workflow>Scale", 1)
    page.add(within.uuid)
    assert "node 1:2 (workflow>Scale)" in refused(page)[0].location


def test_notes_in_a_group_are_passed_over() -> None:
    noted = group(inner("Grow", 1, takes="image"), inner("Note", "remember"))
    page = page_with(noted, 3, takes={"image": 1})
    assert inputs(page)["6:4"] == {"image": ["1", 0], "amount": 3}


def test_an_output_that_its_author_hid_is_not_counted() -> None:
    config = {"0": {"output": {"0": {"visible": False}}}}
    hidden = group(
        inner("Load", "b.png"), inner("Grow", 1, takes="image"), config=config
    )
    page = page_with(hidden, "b.png", "image", 3, takes={"image": 1})
    page.nodes[-1]["inputs"][0]["link"] = page.link(2, 1, 3, 0)
    assert inputs(page)["3"]["images"] == ["6:5", 0]


def test_a_third_input_of_a_name_has_a_number() -> None:
    alike = group(*(inner("Grow", 1, takes="image") for _ in range(3)))
    linked = {"image": 1, "Grow image": 1, "Grow 2 image": (1, 1)}
    page = page_with(alike, 2, 3, 4, takes=linked)
    assert inputs(page)["7:6"] == {"image": ["1", 1], "amount": 4}


def test_a_widget_that_is_linked_on_the_group_node_becomes_a_link() -> None:
    page = page_with(SCALE, 3, 0.25, takes={"image": 1, "second": 1})
    page.add("Number", 5, "fixed", "px", id=20)
    node = page.nodes[1]
    node["inputs"].append({"name": "amount", "type": "INT", "link": None})
    node["inputs"][-1]["link"] = page.link(20, 0, 2, len(node["inputs"]) - 1)
    (grown,) = [each for each in inputs(page).values() if "amount" in each]
    assert grown["amount"] == ["20", 0]


@pytest.mark.parametrize(
    ("described", "fields", "message"),
    [
        (group(inner("Table", 1, 2)), {}, "the values of the Table within its group"),
        (SCALE, {"widgets_values_named": {"amount": 1}}, "a form that group nodes"),
    ],
    ids=["values that no place tells", "values by name"],
)
def test_values_that_cannot_be_assigned_are_refused(
    described: Any, fields: dict[str, Any], message: str
) -> None:
    (found,) = refused(page_with(described, 3, **fields))
    assert message in found.message
