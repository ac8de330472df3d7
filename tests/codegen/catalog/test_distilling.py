"""What is kept of a server's description: facts in one form, whatever form they arrived in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen.catalog.distilling import (
    DEEPEST,
    input_record,
    node_record,
)
from viewcomfy_codegen.catalog.keeping import kept_facts, kept_text
from viewcomfy_codegen.catalog.limits import LONGEST_NAME, MOST_CHOICES
from viewcomfy_codegen.catalog.prose import without_prose
from viewcomfy_codegen.sources import classes_in

from ...helpers.json_values import JSON

KINDS = st.sampled_from(
    "INT FLOAT STRING BOOLEAN COMBO MULTICOMBO COLOR IMAGE * COMFY_DYNAMICCOMBO_V3"
    " COMFY_AUTOGROW_V3 COMFY_DYNAMICGROUP_V3 COMFY_MATCHTYPE_V3".split()
)
OPTIONS = st.dictionaries(
    st.sampled_from(
        "min max step default options multiline control_after_generate template"
        " image_upload forceInput widgetType tooltip files".split()
    ),
    JSON,
    max_size=6,
)


def specs() -> st.SearchStrategy[Any]:
    plain = st.tuples(KINDS | JSON, OPTIONS | JSON).map(list)
    return st.recursive(
        plain,
        lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3).map(
            lambda members: [
                "COMFY_DYNAMICCOMBO_V3",
                {"options": [{"key": "a", "inputs": {"required": members}}]},
            ]
        ),
        max_leaves=6,
    )


CLASSES = st.fixed_dictionaries(
    {
        "input": st.fixed_dictionaries(
            {
                "required": st.dictionaries(st.text(max_size=6), specs(), max_size=4),
                "optional": st.dictionaries(st.text(max_size=6), specs(), max_size=3)
                | JSON,
            }
        )
    },
    optional={"output": JSON, "output_name": JSON, "display_name": JSON},
)


def test_a_widgets_range_default_and_flags_are_kept() -> None:
    options = {
        **{"default": 20, "min": 1, "max": 100, "step": 1, "advanced": True},
        **{"tooltip": "How  many\nsteps.", "round": 0.01, "display": "slider"},
    }
    record = input_record(["INT", options], "steps")
    assert record == {
        **{"type": "INT", "min": 1, "max": 100, "step": 1, "default": 20},
        **{"advanced": True, "tooltip": "How many steps."},
    }


def test_the_page_s_order_is_kept() -> None:
    node = {
        "input": {
            "required": {"b": ["INT"], "a": ["INT"], "c": ["IMAGE"]},
            "optional": {"d": ["MASK"]},
        },
        "input_order": {"required": ["a", "b"], "optional": ["d"]},
    }
    assert list(node_record(node)["inputs"]) == ["a", "b", "c", "d"]
    assert node_record(node)["inputs"]["d"] == "?MASK"


@pytest.mark.parametrize(
    ("class_type", "name", "media"),
    [
        ("VHS_LoadVideo", "video", "video/*"),
        ("VHS_LoadVideoFFmpeg", "video", "video/*"),
        ("VHS_LoadAudioUpload", "audio", "audio/*"),
    ],
)
def test_uploads_without_a_flag_are_files(
    class_type: str, name: str, media: str
) -> None:
    node = {"input": {"required": {name: [["one.mp4", "two.mp4"]]}}}
    record = node_record(node, class_type)["inputs"][name]
    assert record == {"type": "COMBO", "upload": media}


def test_files_of_a_machine_are_no_choices() -> None:
    assert input_record([["a.safetensors", "b.ckpt"], {}]) == {
        "type": "COMBO",
        "files": True,
    }


@pytest.mark.parametrize(
    ("name", "options", "whole"),
    [
        ("crf", {"min": 0.0, "max": 51.0, "step": 1.0, "default": 23.0}, True),
        ("crf", {"min": 0.0, "max": 51.0, "step": 0.5, "default": 23.0}, False),
        ("min_cfg", {"min": 0.0, "max": 100.0, "step": 1.0}, False),
        ("segments", {"min": 0.5, "max": 9.0, "step": 1.0}, False),
    ],
)
def test_a_float_that_counts_is_whole(
    name: str, options: dict[str, float], whole: bool
) -> None:
    record = input_record(["FLOAT", options], name)
    assert isinstance(record, dict)
    assert record.get("whole", False) is whole


def test_prose_goes_and_facts_stay() -> None:
    spec = ["STRING", {"default": "a sentence " * 9, "tooltip": "For people."}]
    branch = {"options": [{"key": "x", "inputs": {"required": {"tooltip": spec}}}]}
    node = {"input": {"required": {"a": ["COMFY_DYNAMICCOMBO_V3", branch]}}}
    record = without_prose(node_record(node))
    assert record["inputs"]["a"] == {
        "type": "COMFY_DYNAMICCOMBO_V3",
        "branches": {"x": {"tooltip": {"type": "STRING"}}},
    }


def test_what_nobody_could_use_is_left_out() -> None:
    huge = "x" * 10_000_000
    assert input_record([[huge, "b"], {}]) == {"type": "COMBO"}
    many = [str(number) for number in range(MOST_CHOICES + 1)]
    assert input_record([many, {}]) == {"type": "COMBO"}
    assert node_record({"input": {"required": {huge: ["INT"]}}})["inputs"] == {}
    assert input_record([huge]) == huge[:LONGEST_NAME]
    assert input_record(["INT", {"min": float("inf"), "default": float("nan")}]) == {
        "type": "INT"
    }


def test_choices_nested_without_end_come_to_one() -> None:
    spec: list[Any] = ["INT", {}]
    for _ in range(300):
        inputs = {"required": {"a": spec}}
        spec = ["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "k", "inputs": inputs}]}]
    assert json.dumps(input_record(spec)).count("COMFY") == DEEPEST + 1


@given(CLASSES)
@settings(max_examples=200)
def test_a_kept_response_says_the_same_as_the_whole_one(described: Any) -> None:
    whole = without_prose(node_record(described, "Mine"))
    kept = kept_facts({"Mine": described})["Mine"]
    assert without_prose(node_record(kept, "Mine")) == whole


@given(st.dictionaries(st.text(max_size=6), CLASSES, min_size=1, max_size=3))
@settings(max_examples=50)
def test_a_kept_catalog_is_read_back_and_stays_as_it_is(classes: Any) -> None:
    text = kept_text(kept_facts(classes))
    again = classes_in(text.encode("utf-8", "surrogatepass"), "catalog.json")
    assert kept_text(kept_facts(again)) == text


def test_a_kept_catalog_has_tooltips_only_when_they_are_asked_for() -> None:
    classes = {"Mine": {"input": {"required": {"a": ["INT", {"tooltip": "Why."}]}}}}
    assert "Why." not in kept_text(kept_facts(classes))
    assert "Why." in kept_text(kept_facts(classes, tooltips=True))


def test_a_kept_catalog_holds_the_used_classes_alone_one_a_line() -> None:
    classes = {name: {"input": {}, "output": ["IMAGE"]} for name in ("B", "C", "A")}
    lines = kept_text(kept_facts(classes, {"A", "B"})).splitlines()
    assert [line[:4] for line in lines] == ["{", '"A":', '"B":', "}"]
