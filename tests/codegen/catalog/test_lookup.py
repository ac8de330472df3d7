"""Looking up facts in the shipped catalog and in what the user's server says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen.catalog import Catalog, shipped, with_object_info

from ...helpers.shared import shared_file
from .test_distilling import CLASSES


def test_every_class_is_found_by_its_name() -> None:
    classes = list(shipped().classes())
    assert len(classes) > 3000
    assert all(shipped().node(each) is not None for each in classes)


@pytest.mark.parametrize("name", ["", "!", "=0", "?seed", "~seed", "@KSampler", "Nope"])
def test_what_is_no_class_is_not_found(name: str) -> None:
    assert shipped().node(name) is None


def test_an_empty_catalog_knows_nothing() -> None:
    assert Catalog(b"").node("KSampler") is None
    assert Catalog(b"").version == "unknown"


@pytest.mark.parametrize(
    ("class_type", "name", "media"),
    [
        ("VHS_LoadVideo", "video", "video/*"),
        ("VHS_LoadVideoFFmpeg", "video", "video/*"),
        ("VHS_LoadAudioUpload", "audio", "audio/*"),
        ("Painter", "mask", "image/*"),
        ("LoadImage", "image", "image/*"),
    ],
)
def test_uploads_are_files(class_type: str, name: str, media: str) -> None:
    facts = shipped().node(class_type)
    assert facts is not None
    assert facts.inputs[name].upload == media


def test_no_list_in_the_catalog_has_none_as_its_only_choice() -> None:
    for class_type in shipped().classes():
        facts = shipped().node(class_type)
        assert facts is not None
        for each in facts.inputs.values():
            assert [str(choice).casefold() for choice in each.choices] != ["none"]


def test_a_server_counts_over_the_catalog_and_its_choices_are_all_there_are() -> None:
    inputs = {"required": {"scheduler": [["karras", "simple"], {"tooltip": "Noise."}]}}
    facts = with_object_info({"KSampler": {"input": inputs}}).node("KSampler")
    assert facts is not None
    assert facts.own
    scheduler = facts.inputs["scheduler"]
    assert (scheduler.choices, scheduler.closed) == (("karras", "simple"), True)
    assert scheduler.tooltip == "Noise."
    assert "seed" not in facts.inputs


def test_a_class_that_the_server_lacks_is_the_catalogs() -> None:
    catalog = with_object_info({"Mine": {"input": {}}})
    facts = catalog.node("KSampler")
    assert facts is not None
    assert not facts.own
    assert next(catalog.classes()) == "Mine"


def test_a_servers_choices_in_branches_are_all_there_are_too() -> None:
    inner = {"required": {"size": ["COMBO", {"options": ["1K", "2K"]}]}}
    options = [{"key": "pro", "inputs": inner}]
    inputs = {"required": {"model": ["COMFY_DYNAMICCOMBO_V3", {"options": options}]}}
    facts = with_object_info({"Mine": {"input": inputs}}).node("Mine")
    assert facts is not None
    size = facts.input("model.size")
    assert size is not None
    assert size.closed
    assert facts.inputs["model"].closed


def test_a_lone_choice_of_a_server_stays() -> None:
    inputs = {"required": {"mode": [["None"]]}}
    facts = with_object_info({"Mine": {"input": inputs}}).node("Mine")
    assert facts is not None
    assert facts.inputs["mode"].choices == ("None",)


def test_a_servers_files_are_no_choices_where_the_catalog_knows_them_as_files() -> None:
    inputs = {"required": {"clip_name": [["my folder", "other folder"]]}}
    facts = with_object_info({"CLIPLoader": {"input": inputs}}).node("CLIPLoader")
    assert facts is not None
    assert facts.inputs["clip_name"].files
    assert not facts.inputs["clip_name"].closed


def test_a_range_that_a_server_leaves_open_is_the_catalogs() -> None:
    inputs = {"required": {"steps": ["INT"], "cfg": ["FLOAT", {"max": 5.0}]}}
    facts = with_object_info({"KSampler": {"input": inputs}}).node("KSampler")
    assert facts is not None
    assert (facts.inputs["steps"].lo, facts.inputs["steps"].hi) == (1, 10_000)
    assert (facts.inputs["cfg"].lo, facts.inputs["cfg"].hi) == (None, 5.0)


@pytest.mark.parametrize(
    "described",
    [
        {"input": None},
        {"input": {"required": [1, 2]}},
        {"input": {"required": {"a": "INT"}}},
        {"input": {"required": {"a": [{"b": 1}]}}},
        {"input": {"required": {"a": ["COMFY_DYNAMICCOMBO_V3", {"options": 3}]}}},
        {"input": {"required": {"a": ["COMFY_DYNAMICCOMBO_V3", {"options": [{}]}]}}},
        {"input": {"required": {"a": ["COMFY_AUTOGROW_V3", {"template": []}]}}},
        {"input": {"required": {"a": ["COMFY_DYNAMICGROUP_V3", None]}}},
        {"input": {}, "output": {"a": 1}, "output_name": 3, "display_name": [1]},
        {"input": {}, "input_order": {"required": [[], 3, "x"]}},
    ],
)
def test_a_description_in_a_form_that_nobody_knows_does_no_harm(described: Any) -> None:
    assert with_object_info({"Mine": described}).node("Mine") is not None


@given(CLASSES, st.lists(st.sampled_from(["a", "0", "x", ""]), max_size=4))
@settings(max_examples=200)
def test_no_description_and_no_name_does_harm(described: Any, path: list[str]) -> None:
    facts = with_object_info({"Mine": described}).node("Mine")
    assert facts is not None
    for name in (".".join(path), *(".".join([each, *path]) for each in facts.inputs)):
        variants = facts.variants(name)
        assert (facts.input(name) is None) == (not variants)
        facts.is_page_only(name)


def dotted() -> list[Any]:
    path = shared_file("object_info/dynamic.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return [
        (class_type, name, *spec)
        for class_type, inputs in found.items()
        for name, spec in inputs.items()
    ]


def test_every_dotted_input_has_its_branchs_type() -> None:
    selectors = {
        f"{class_type} {'.'.join(name.split('.')[:depth])}"
        for class_type, name, _, _ in dotted()
        for depth in range(1, 4)
        if name.count(".") >= depth
    }
    for class_type, name, kind, options in dotted():
        facts = shipped().node(class_type)
        assert facts is not None
        variants = facts.variants(name)
        assert variants, (class_type, name)
        kinds = {each.facts.type for each in variants}
        if f"{class_type} {name}" in selectors:
            assert kinds == {"COMFY_DYNAMICCOMBO_V3"}, (class_type, name)
        elif kind == "COMFY_MATCHTYPE_V3":
            assert kinds == {"*"}, (class_type, name)
        else:
            assert kinds in ({kind}, set(kind.split(","))), (class_type, name)
        when = options.get("when", {})
        found = {
            selector: {each.when[selector] for each in variants} for selector in when
        }
        assert found == {each: set(values) for each, values in when.items()}


def test_dotted_inputs_have_the_bounds_and_choices_of_their_branches() -> None:
    for class_type, name, kind, options in dotted():
        facts = shipped().node(class_type)
        assert facts is not None
        found = facts.input(name)
        assert found is not None
        if found.type == kind:
            assert (found.lo, found.hi) == (options.get("min"), options.get("max"))
            if len(options.get("options", ())) > 1:
                assert list(found.choices) == options["options"], (class_type, name)


def test_the_order_of_widgets_is_the_pages() -> None:
    """Saved files name their widgets in order; those that the class declares agree with it."""
    path = shared_file("object_info/widget_order.json")
    for class_type, orders in json.loads(path.read_text(encoding="utf-8")).items():
        facts = shipped().node(class_type)
        if facts is None:
            continue
        declared = {name: place for place, name in enumerate(facts.inputs)}
        for order in orders:
            places = [declared[name] for name in order if name in declared]
            assert all(one < two for one, two in pairwise(places)), class_type
            assert all(
                facts.inputs[each].is_widget for each in order if each in declared
            )


def test_the_control_behind_a_seed_is_where_the_page_has_it() -> None:
    path = shared_file("object_info/widget_order.json")
    for class_type, orders in json.loads(path.read_text(encoding="utf-8")).items():
        facts = shipped().node(class_type)
        for order in orders if facts is not None else ():
            for name, after in pairwise([*order, ""]):
                found = facts.input(name) if facts is not None else None
                if found is not None and found.control is not None:
                    # Its name changed from page to page; a file may have either.
                    names = {found.control, "control_after_generate", "fixed"}
                    assert after.partition("#")[0] in names, (class_type, name)


def test_a_servers_whole_response_is_read_without_loss() -> None:
    path: Path = shared_file("object_info/comfyui-0.33.0.json")
    classes = json.loads(path.read_text(encoding="utf-8"))
    catalog = with_object_info(classes)
    for class_type, described in classes.items():
        facts = catalog.node(class_type)
        assert facts is not None
        sections = described["input"]
        names = [*sections.get("required", {}), *sections.get("optional", {})]
        assert sorted(facts.inputs) == sorted(names)
