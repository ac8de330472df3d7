"""A ComfyUI server's own word on its nodes: types, bounds, choices and sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from viewcomfy_codegen import CodegenError, Options, generate
from viewcomfy_codegen.sources import classes_in
from viewcomfy_codegen.sources.object_info import LARGEST

from ...helpers.json_values import EXACT, json_values
from ...helpers.object_info import described
from ...helpers.support import node, properties

JSON = json_values(EXACT)


def by_input(workflow: Any, **arguments: Any) -> dict[str, Any]:
    """The parameters by the names of their inputs."""
    found = properties(workflow, **arguments).values()
    return {each["x-viewcomfy-key"].split("-inputs-")[1]: each for each in found}


def mine(about: Any, **values: Any) -> dict[str, Any]:
    return by_input({"1": node("Mine", **values)}, options=Options(object_info=about))


def test_its_types_and_bounds_are_taken() -> None:
    about = described(
        level=["INT", {"min": 1, "max": 9}], speed=["FLOAT", {"min": 0.5}]
    )
    found = mine(about, level=3, speed=1)
    assert (found["level"]["type"], found["level"]["maximum"]) == ("integer", 9)
    assert (found["speed"]["type"], found["speed"]["minimum"]) == ("number", 0.5)


@pytest.mark.parametrize(
    "spec", [[["a", "b"]], ["COMBO", {"options": ["a", "b"]}], [["a", "b"], {"x": 1}]]
)
def test_its_choices_are_all_there_are(spec: Any) -> None:
    assert mine(described(mode=spec), mode="a")["mode"]["enum"] == ["a", "b"]


def test_lists_of_files_stay_open() -> None:
    found = mine(described(model=[["a.safetensors"]]), model="b.safetensors")
    assert found["model"]["type"] == "string"
    assert "enum" not in found["model"]


def test_its_tooltips_are_sentences_and_never_code() -> None:
    tooltip = 'How strong"""\nimport os\nos.abort() it is'
    about = described(oddity=["INT", {"tooltip": tooltip}])
    found = mine(about, oddity=3)
    assert found["oddity"]["description"].startswith('How strong""" import os')


@pytest.mark.parametrize(
    "spec",
    [
        ["*"],
        ["INT,FLOAT", {}],
        ["COMFY_DYNAMICCOMBO_V3", {"options": ["a"]}],
        ["COMBO"],
        ["COMBO", {"options": None}],
        [],
        [["a", {"b": 1}]],
        [3],
    ],
)
def test_forms_that_it_does_not_know_leave_the_literal(spec: Any) -> None:
    assert mine(described(oddity=spec), oddity="text")["oddity"]["type"] == "string"


def test_multiselect_is_a_list() -> None:
    about = described(tags=["COMBO", {"options": ["a", "b"], "multiselect": True}])
    assert mine(about, tags=["a"])["tags"]["type"] == "array"


def test_a_contradiction_is_a_note_and_the_deployed_value_stays_right() -> None:
    about = described(mode=[["a", "b"]], level=["INT", {"max": 5}])
    workflow = {"1": node("Mine", mode="c", level=9), "2": node("Other", x=1)}
    made = generate(json.dumps(workflow), options=Options(object_info=about))
    told = [str(each) for each in made.diagnostics]
    assert any("inputs.mode" in each and "would refuse 'c'" in each for each in told)
    assert any("inputs.level" in each for each in told)
    assert any("doesn't have this class" in each for each in told)
    found = by_input(workflow, options=Options(object_info=about))
    assert "maximum" not in found["level"]
    assert "enum" not in found["mode"]


def test_a_response_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(CodegenError, match="larger than 64 MiB"):
        classes_in(b" " * (LARGEST + 1), "info.json")


def test_bounds_that_json_lacks_are_passed_over() -> None:
    text = json.dumps(described(level=["INT", {"min": 2, "max": float("inf")}]))
    assert "Infinity" in text
    found = mine(classes_in(text.encode(), "info.json"), level=3)["level"]
    assert found["minimum"] == 2
    assert "maximum" not in found


@given(JSON)
@settings(max_examples=60)
def test_any_description_of_a_class_generates(described: Any) -> None:
    workflow = {"1": node("Mine", a=1, b="x"), "2": node("KSampler", seed=1)}
    classes = {"Mine": {"input": described}, "KSampler": described}
    made = generate(json.dumps(workflow), options=Options(object_info=classes))
    compile(made.files["workflow.py"], "made", "exec")


@pytest.mark.parametrize("data", [b"{}", b"[]", b"{", b"<html>", b'{"a": 1}', b""])
def test_what_is_not_a_response_of_a_comfyui_is_refused(data: bytes) -> None:
    with pytest.raises(CodegenError):
        classes_in(data, "info.json")
