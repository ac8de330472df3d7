"""Converting saved workflows: every widget of a node takes the value that the page would export."""

from __future__ import annotations

import pytest

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.catalog import NodeFacts, shipped
from viewcomfy_codegen.sources.page_format.conversion import convert
from viewcomfy_codegen.sources.page_format.reading import read_document

from ....helpers.page_classes import CATALOG
from ....helpers.pages import Page, inputs, notes, refused


def known(class_type: str) -> NodeFacts:
    facts = CATALOG.node(class_type)
    assert facts is not None
    return facts


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
    with pytest.raises(CodegenError, match="another version of the class"):
        convert(read_document(page.document, "page.json"), lambda _: facts)


@pytest.mark.parametrize("named", [True, False])
def test_widgets_that_only_a_newer_version_of_the_class_has_keep_their_values(
    named: bool,
) -> None:
    page = Page()
    page.add("Shuffle", 7, 3, "left")
    values = {"seed": 7, "count": 3, "side": "left"}
    if named:
        page.nodes[0]["widgets_values_named"] = values
    else:
        page.nodes[0]["inputs"] = [
            {"name": name, "type": "*", "link": None, "widget": {"name": name}}
            for name in values
        ]
    facts = known("Shuffle")._replace(own=False)
    found = convert(read_document(page.document, "page.json"), lambda _: facts)
    assert found.graph["1"]["inputs"] == values


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


def test_missing_values_are_the_class_s_defaults_and_are_reported() -> None:
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


def test_what_only_the_page_uses_is_left_out_and_reported() -> None:
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


def test_a_dynamic_prompt_is_kept_as_it_was_saved_and_reported() -> None:
    page = Page()
    page.add("Encode", "a {red|blue} fox")
    assert inputs(page)["1"]["text"] == "a {red|blue} fox"
    assert any("1 (Encode) text" in each and "kept" in each for each in notes(page))


def test_a_node_is_called_as_its_user_called_it_else_as_its_class() -> None:
    page = Page()
    page.add("Load", "a.png", title="Face")
    page.add("Load", "a.png")
    titles = [
        each.get("_meta", {}).get("title") for each in page.converted().graph.values()
    ]
    assert titles == ["Face", "Load"]


def test_the_value_of_a_socket_that_was_a_widget_is_left_out() -> None:
    page = Page()
    page.add("Count", 5, 9, "fixed")
    page.add("Count", 9, "fixed")
    assert inputs(page) == {"1": {"seed": 9}, "2": {"seed": 9}}


def test_a_scene_that_is_loaded_from_a_file_stands_behind_its_buttons() -> None:
    page = Page()
    page.add("Scene", "a.glb", "upload", "more", "clear", {"camera": 1}, 640)
    assert inputs(page)["1"] == {"file": "a.glb", "width": 640}


def test_a_choice_without_a_value_is_its_first_with_its_inputs() -> None:
    page = Page()
    page.add("Resize", takes={"image": None})
    assert inputs(page)["1"] == {
        "how": "by size",
        "how.width": 512,
        "how.height": 512,
        "method": "area",
    }


def test_rows_of_widgets_have_no_places_but_may_have_names() -> None:
    page = Page()
    page.add("Table", 0.5, 0.75, 3)
    assert "another version" in refused(page)[0].message
    named = {"rows.0.strength": 0.5, "rows.1.strength": 0.75, "size": 3}
    page = Page()
    page.add("Table", widgets_values=None, widgets_values_named=named)
    assert inputs(page)["1"] == named


def test_choices_that_their_author_entered_start_with_the_first() -> None:
    page = Page()
    page.add("CustomCombo", None, 0, "cat", "dog")
    found = inputs(page)["1"]
    assert (found["choice"], found["index"]) == ("cat", 0)
    assert (found["option1"], found["option2"]) == ("cat", "dog")


def test_the_rows_of_a_power_lora_loader_are_inputs_numbered_from_one() -> None:
    page = Page()
    rows = [
        {"on": True, "lora": "fox.safetensors", "strength": 0.5, "strengthTwo": None},
        {"on": False, "lora": "old.safetensors", "strength": 1, "strengthTwo": 0.25},
    ]
    loader = "Power Lora Loader (rgthree)"
    values = [{}, {"type": "PowerLoraLoaderHeaderWidget"}, *rows, {}, ""]
    page.add(loader, *values)
    page.add(loader, *values, properties={"Show Strengths": "Separate Model & Clip"})
    alone = [
        {"on": True, "lora": "fox.safetensors", "strength": 0.5},
        {"on": False, "lora": "old.safetensors", "strength": 1},
    ]
    facts = known("Join")._replace(own=False, inputs={})
    graph = convert(read_document(page.document, "page.json"), lambda _: facts).graph
    assert graph["1"]["inputs"] == {"lora_1": alone[0], "lora_2": alone[1]}
    assert graph["2"]["inputs"] == {
        "lora_1": {**alone[0], "strengthTwo": 1},
        "lora_2": {**alone[1], "strengthTwo": 0.25},
    }


def test_inputs_that_the_page_adds_for_a_choice_have_only_values_in_the_file() -> None:
    page = Page()
    named = {"frame_rate": 8, "format": "video/h264-mp4", "crf": 19}
    page.add("VHS_VideoCombine", widgets_values=named)
    document = read_document(page.document, "page.json")
    inputs = convert(document, shipped().node).graph["1"]["inputs"]
    assert inputs.items() >= named.items()
    assert not {"bitrate", "megabit", "pix_fmt"} & inputs.keys()


def test_values_without_a_known_widget_are_left_out_with_a_note() -> None:
    page = Page()
    page.add("Shuffle", 7, 3, "left", None)
    facts = known("Shuffle")._replace(own=False)
    found = convert(read_document(page.document, "page.json"), lambda _: facts)
    assert found.graph["1"]["inputs"] == {"seed": 7, "count": 3}
    (note,) = found.notes
    assert note.location == "page.json: node 1 (Shuffle)"
    assert "last values are left out" in note.message
