"""Converting saved workflows: the same nodes, values and links that the page itself would
export.
"""

from __future__ import annotations

from typing import Any

import pytest

from viewcomfy_codegen import CodegenError, Diagnostic
from viewcomfy_codegen.catalog.facts import NodeFacts
from viewcomfy_codegen.sources.page_format.conversion import convert
from viewcomfy_codegen.sources.page_format.reading import read_document

from ....helpers.pages import CATALOG, Page, converted, inputs


def notes(page: Page) -> list[str]:
    return [str(each) for each in page.converted().notes]


def refused(document: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(CodegenError) as caught:
        converted(document.document if isinstance(document, Page) else document)
    found = caught.value.diagnostics
    assert all(each.hint and each.severity == "error" for each in found)
    return found


def known(class_type: str) -> NodeFacts:
    facts = CATALOG.node(class_type)
    assert facts is not None
    return facts


# Values by their places


def test_every_widget_takes_the_value_at_its_place() -> None:
    page = Page()
    page.add("Sample", 7, "fixed", 30, 6.5, "heun")
    assert inputs(page)["1"] == {"seed": 7, "steps": 30, "cfg": 6.5, "sampler": "heun"}


@pytest.mark.parametrize("control", ["fixed", "randomize", "increment", "decrement"])
def test_what_stands_behind_a_seed_never_becomes_the_next_value(control: str) -> None:
    page = Page()
    page.add("Sample", 7, control, 30, 6.5, "heun")
    assert inputs(page)["1"]["steps"] == 30
    assert control not in inputs(page)["1"].values()


def test_a_seed_by_name_has_a_control_where_nothing_is_said() -> None:
    page = Page()
    page.add("Noise", 7, "randomize", 64)
    assert inputs(page)["1"] == {"noise_seed": 7, "size": 64}


def test_a_seed_whose_class_denies_it_has_no_control() -> None:
    page = Page()
    page.add("Shuffle", 7, 3)
    assert inputs(page)["1"] == {"seed": 7, "count": 3}


def test_values_without_the_control_of_a_seed_are_refused_where_no_server_vouches() -> (
    None
):
    """They are of a version of the class whose widgets stood in other places."""
    page = Page()
    page.add("Sample", 7, 30, 6.5, "heun")
    facts = known("Sample")._replace(own=False)
    with pytest.raises(CodegenError, match="another version of its class"):
        convert(read_document(page.document, "page.json"), lambda _: facts)


def test_a_widget_that_is_a_socket_alone_today_keeps_its_place_in_older_files() -> None:
    page = Page()
    page.add("Join", "an old value", "after")
    assert inputs(page)["1"] == {"after": "after"}


def test_a_socket_that_never_was_a_widget_has_no_place() -> None:
    page = Page()
    page.add("Join", "after")
    assert inputs(page)["1"] == {"after": "after"}


def test_a_control_with_a_name_of_its_own_takes_a_place_like_any_other() -> None:
    page = Page()
    page.add("Number", 5, "increment", "cm")
    assert inputs(page)["1"] == {"value": 5, "unit": "cm"}


def test_the_button_behind_an_uploaded_file_stands_at_the_end() -> None:
    page = Page()
    page.add("LoadMask", "me.png", "red", "image")
    assert inputs(page)["1"] == {"image": "me.png", "channel": "red"}


def test_a_file_that_the_server_lacks_stays_what_it_is() -> None:
    page = Page()
    page.add("Load", "not there.png", "image")
    assert inputs(page)["1"] == {"image": "not there.png"}


def test_a_value_outside_the_choices_stays_what_it_is() -> None:
    page = Page()
    page.add("Sample", 7, "fixed", 30, 6.5, "a new sampler")
    assert inputs(page)["1"]["sampler"] == "a new sampler"


def test_a_text_that_takes_links_only_has_no_place_and_no_value() -> None:
    page = Page()
    page.add("Join", "after")
    assert inputs(page)["1"] == {"after": "after"}


def test_missing_values_are_the_class_s_defaults_and_are_told() -> None:
    page = Page()
    page.add("Sample", 7, "fixed")
    assert inputs(page)["1"] == {"seed": 7, "steps": 20, "cfg": 8, "sampler": "euler"}
    assert any("1 (Sample) steps" in each and "default" in each for each in notes(page))


def test_more_values_than_widgets_are_passed_over() -> None:
    page = Page()
    page.add("Shuffle", 7, 3, None, "rest")
    assert inputs(page)["1"] == {"seed": 7, "count": 3}


def test_a_linked_widget_keeps_its_place_among_the_values() -> None:
    page = Page()
    number = page.add("Number", 5, "fixed", "px")
    page.add("Sample", 7, "fixed", 30, 6.5, "heun", widgets={"steps": number})
    assert inputs(page)["2"] == {
        "seed": 7,
        "steps": ["1", 0],
        "cfg": 6.5,
        "sampler": "heun",
    }


def test_values_by_name_need_no_places() -> None:
    page = Page()
    page.add(
        "Sample", widgets_values={"cfg": 2.5, "seed": 7, "steps": 3, "sampler": "heun"}
    )
    assert inputs(page)["1"] == {"seed": 7, "steps": 3, "cfg": 2.5, "sampler": "heun"}


def test_the_list_counts_where_names_say_otherwise() -> None:
    page = Page()
    page.add("Shuffle", 7, 3, widgets_values_named={"seed": 8, "count": 4})
    assert inputs(page)["1"] == {"seed": 7, "count": 3}


def test_a_chosen_branch_brings_its_own_widgets() -> None:
    page = Page()
    image = page.add("Load", "a.png", "image")
    page.add("Resize", "by size", 640, 480, "area", takes={"image": image})
    page.add("Resize", "by factor", 2.5, "lanczos", takes={"image": image})
    assert inputs(page)["2"] == {
        "how": "by size",
        "how.width": 640,
        "how.height": 480,
        "method": "area",
        "image": ["1", 0],
    }
    assert inputs(page)["3"]["how.factor"] == 2.5


def test_a_seed_within_a_branch_has_a_control_only_where_its_class_says_so() -> None:
    page = Page()
    page.add("Resize", "by seed", 7, 0.25, "area")
    assert inputs(page)["1"] == {
        "how": "by seed",
        "how.seed": 7,
        "how.noise": 0.25,
        "method": "area",
    }


def test_inputs_that_grow_are_links_by_their_own_names() -> None:
    page = Page()
    first, second = page.add("Load", "a.png"), page.add("Load", "b.png")
    page.add("Batch", "tile", takes={"images.image0": first, "images.image1": second})
    assert inputs(page)["3"] == {
        "method": "tile",
        "images.image0": ["1", 0],
        "images.image1": ["2", 0],
    }


def test_a_box_is_followed_by_its_four_sides() -> None:
    page = Page()
    box = {"x": 1, "y": 2, "width": 3, "height": 4}
    page.add("Crop", box, 0, 0, 512, 512, 9)
    assert inputs(page)["1"] == {"box": box, "feather": 9}


def test_what_only_the_page_uses_is_left_out_and_told() -> None:
    page = Page()
    page.add("Compare", ["", ""], takes={"image_a": page.add("Load", "a.png")}, id=2)
    assert inputs(page)["2"] == {"image_a": ["1", 0]}
    assert any("compare_view" in each for each in notes(page))


def test_a_list_is_wrapped_so_that_no_server_takes_it_for_a_link() -> None:
    page = Page()
    page.add("Pick", ["a", "b"])
    assert inputs(page)["1"] == {"files": {"__value__": ["a", "b"]}}


def test_whole_numbers_have_no_fraction_and_seeds_keep_all_digits() -> None:
    page = Page()
    page.add("Sample", 18446744073709551615, "fixed", 30.0, 6.0, "heun")
    assert repr(inputs(page)["1"]["steps"]) == "30"
    assert inputs(page)["1"]["seed"] == 18446744073709551615


def test_a_dynamic_prompt_is_kept_as_it_was_saved_and_told() -> None:
    page = Page()
    page.add("Encode", "a {red|blue} fox")
    assert inputs(page)["1"]["text"] == "a {red|blue} fox"
    assert any("1 (Encode) text" in each and "kept" in each for each in notes(page))


# Titles


def test_a_node_is_called_as_its_user_called_it_else_as_its_class() -> None:
    page = Page()
    page.add("Load", "a.png", title="Face")
    page.add("Load", "a.png")
    titles = [each["_meta"]["title"] for each in page.converted().graph.values()]
    assert titles == ["Face", "Load"]


# Modes


def test_a_muted_node_goes_and_its_consumers_lose_the_input() -> None:
    page = Page()
    image = page.add("Load", "a.png", mode=2)
    page.add("Save", "out", takes={"images": image})
    assert inputs(page) == {"2": {"prefix": "out"}}
    assert any("1 (Load)" in each and "muted" in each for each in notes(page))


def test_a_widget_linked_to_a_muted_node_has_its_own_value() -> None:
    page = Page()
    number = page.add("Number", 5, "fixed", "px", mode=2)
    page.add("Shuffle", 7, 3, widgets={"count": number})
    assert inputs(page)["2"] == {"seed": 7, "count": 3}


@pytest.mark.parametrize("mode", [1, 3])
def test_other_modes_are_exported_as_live(mode: int) -> None:
    page = Page()
    page.add("Load", "a.png", mode=mode)
    assert "1" in inputs(page)


def test_a_link_goes_around_a_bypassed_node() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    inverted = page.add("Invert", takes={"image": image}, mode=4)
    page.add("Save", "out", takes={"images": inverted})
    assert inputs(page)["3"]["images"] == ["1", 0]
    assert "2" not in inputs(page)


def test_a_bypassed_node_hands_on_by_type() -> None:
    page = Page()
    model = page.add("Model", "sd.safetensors")
    lora = page.add(
        "Lora", 0.5, takes={"model": (model, 0), "clip": (model, 1)}, mode=4
    )
    page.add("Encode", "fox", takes={"clip": (lora, 1)})
    assert inputs(page)["3"]["clip"] == ["1", 1]


def test_a_bypassed_node_hands_on_a_socket_before_a_widget() -> None:
    page = Page()
    text = page.add("Join", "fox", id=1)
    described = page.add("Describe", "", widgets={"prompt": text}, mode=4, id=2)
    page.add("Join", "", widgets={"after": described}, id=3)
    assert inputs(page)["3"] == {"after": ""}


def test_two_outputs_of_one_type_hand_on_the_inputs_of_their_own_number() -> None:
    page = Page()
    good, bad = page.add("Encode", "good"), page.add("Encode", "bad")
    control = page.add(
        "Control", 1.0, takes={"positive": good, "negative": bad}, mode=4
    )
    page.add("Sample", 1, "fixed", 2, 3, "heun", takes={"positive": (control, 1)})
    assert inputs(page)["4"]["positive"] == ["2", 0]


def test_no_link_is_invented_where_the_input_that_fits_first_is_free() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    blend = page.add("Blend", 0.5, takes={"first": None, "second": image}, mode=4)
    page.add("Save", "out", takes={"images": blend})
    assert "images" not in inputs(page)["3"]


def test_an_input_that_the_file_leaves_out_still_counts_for_what_is_handed_on() -> None:
    page = Page()
    image = page.add("Load", "a.png")
    blend = page.add("Blend", 0.5, takes={"second": image}, mode=4)
    page.add("Save", "out", takes={"images": blend})
    assert "images" not in inputs(page)["3"]


def test_where_no_type_fits_nothing_is_handed_on() -> None:
    page = Page()
    model = page.add("Model", "sd.safetensors")
    encoded = page.add("Encode", "fox", takes={"clip": (model, 1)}, mode=4)
    page.add("Sample", 1, "fixed", 2, 3, "heun", takes={"positive": encoded})
    assert "positive" not in inputs(page)["3"]


# Nodes of the page alone


def test_reroutes_hand_on_what_they_take_however_many_there_are() -> None:
    page = Page()
    node = page.add("Load", "a.png")
    for _ in range(3000):
        node = page.add("Reroute", takes={"": node}, widgets_values=None)
    page.add("Save", "out", takes={"images": node}, id="end")
    assert inputs(page)["end"]["images"] == ["1", 0]
    assert len(inputs(page)) == 2


def test_notes_are_left_out_and_told() -> None:
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


# Subgraphs


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


# Classes that nobody knows


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


def test_an_unknown_class_whose_values_could_be_read_in_two_ways_is_refused() -> None:
    page = Page()
    page.add("Strange", 7, "fixed", "image", "x", id=5)
    page.nodes[0]["inputs"] = [
        {"name": name, "type": kind, "link": None, "widget": {"name": name}}
        for name, kind in (("a", "INT"), ("b", "COMBO"), ("c", "COMBO"))
    ]
    (found,) = refused(page)
    assert "node 5 (Strange)" in found.location
    assert "--object-info" in str(found.hint) and "Export (API)" in str(found.hint)


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


# Files that were cut, edited or are old


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
