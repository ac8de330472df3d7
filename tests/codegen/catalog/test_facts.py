"""Inputs by wire name: dotted names lead through choices, growing inputs and rows."""

from __future__ import annotations

from typing import Any

import pytest

from viewcomfy_codegen.catalog import (
    InputFacts,
    NodeFacts,
    shipped,
    union,
    with_object_info,
)

SIZES = {
    "auto": {},
    "custom": {
        "required": {
            "width": ["INT", {"min": 64, "max": 4096}],
            "height": ["INT", {"min": 64, "max": 4096}],
        }
    },
}


def selector(branches: dict[str, Any]) -> list[Any]:
    options = [{"key": key, "inputs": inputs} for key, inputs in branches.items()]
    return ["COMFY_DYNAMICCOMBO_V3", {"options": options}]


def facts_of(**inputs: Any) -> NodeFacts:
    classes = {"Mine": {"input": {"required": inputs}, "output": []}}
    found = with_object_info(classes).node("Mine")
    assert found is not None
    return found


MODELS = facts_of(
    model=selector(
        {
            "small": {
                "required": {
                    "prompt": ["STRING", {"multiline": True}],
                    "seed": ["INT", {"min": 0, "max": 100}],
                    "size": selector(SIZES),
                }
            },
            "large": {
                "required": {"seed": ["INT", {"min": 0, "max": 900}]},
                "optional": {"prompt": ["STRING", {"multiline": True}]},
            },
        }
    )
)


def test_a_choice_brings_its_own_inputs() -> None:
    found = MODELS.input("model.seed", {"model": "small"})
    assert found is not None
    assert (found.type, found.lo, found.hi) == ("INT", 0, 100)


def test_choices_lead_to_further_choices() -> None:
    found = MODELS.variants("model.size.width")
    assert [each.when for each in found] == [{"model": "small", "model.size": "custom"}]
    assert found[0].facts.hi == 4096


def test_without_a_choice_all_branches_count() -> None:
    found = MODELS.input("model.seed")
    assert found is not None
    assert (found.lo, found.hi) == (0, 900)


def test_a_choice_that_has_no_branch_leaves_all_of_them() -> None:
    found = MODELS.input("model.seed", {"model": "medium"})
    assert found is not None
    assert found.hi == 900


def test_an_input_is_required_only_where_every_branch_requires_it() -> None:
    anywhere = MODELS.input("model.prompt")
    small = MODELS.input("model.prompt", {"model": "small"})
    assert anywhere is not None
    assert not anywhere.required
    assert small is not None
    assert small.required


@pytest.mark.parametrize(
    "name",
    ["seed", "model.", "model.nothing", "model.seed.more", "other.seed", ".", ""],
)
def test_a_name_that_no_branch_brings_is_unknown(name: str) -> None:
    assert MODELS.input(name) is None


def test_a_selector_lists_its_choices() -> None:
    assert MODELS.inputs["model"].choices == ("small", "large")
    assert MODELS.inputs["model"].is_widget


GROWING = facts_of(
    images=[
        "COMFY_AUTOGROW_V3",
        {
            "template": {
                "input": {"required": {"image": ["IMAGE", {}]}},
                "prefix": "image",
                "min": 1,
                "max": 3,
            }
        },
    ],
    values=[
        "COMFY_AUTOGROW_V3",
        {
            "template": {
                "input": {"required": {"value": ["FLOAT", {"max": 5.0}]}},
                "names": ["a", "b"],
            }
        },
    ],
    loras=[
        "COMFY_DYNAMICGROUP_V3",
        {
            "template": {"required": {"strength": ["FLOAT", {"max": 2.0}]}},
            "min": 1,
            "max": 2,
        },
    ],
)


@pytest.mark.parametrize(
    ("name", "kind", "required"),
    [
        ("images.image0", "IMAGE", True),
        ("images.image2", "IMAGE", False),
        ("values.b", "FLOAT", False),
        ("loras.0.strength", "FLOAT", True),
        ("loras.1.strength", "FLOAT", False),
    ],
)
def test_places_that_grow_have_the_type_of_their_element(
    name: str, kind: str, required: bool
) -> None:
    found = GROWING.input(name)
    assert found is not None
    assert (found.type, found.required) == (kind, required)


@pytest.mark.parametrize(
    "name",
    [
        *("images.image3", "images.picture0", "images.image", "images.image-1"),
        *(
            "images.image١",
            "values.c",
            "loras.2.strength",
            "loras.0",
            "loras.x.strength",
        ),
        "images.image99999999999999999999",
    ],
)
def test_places_beyond_the_last_are_unknown(name: str) -> None:
    assert GROWING.input(name) is None


def test_a_literal_dot_in_a_name_is_not_taken_for_a_branch() -> None:
    found = facts_of(**{"a.b": ["INT", {}]}).input("a.b")
    assert found is not None
    assert found.type == "INT"


def test_a_union_takes_the_widest_bounds_and_all_choices_in_order() -> None:
    first = InputFacts("COMBO", choices=("a", "b"))
    second = InputFacts("COMBO", choices=("b", "c"))
    assert union([first, second]).choices == ("a", "b", "c")
    bounded, endless = InputFacts("FLOAT", lo=1, hi=2), InputFacts("INT", lo=0)
    joined = union([bounded, endless])
    assert (joined.type, joined.lo, joined.hi) == ("FLOAT", 0, None)


def test_a_union_of_different_kinds_may_be_anything() -> None:
    assert union([InputFacts("INT"), InputFacts("STRING")]).type == "*"


@pytest.mark.parametrize(
    ("spec", "widget", "value"),
    [
        (["INT", {}], True, True),
        (["INT", {"forceInput": True}], False, True),
        (["COLOR", {"socketless": True}], True, True),
        (["FLOAT,INT", {"widgetType": "FLOAT"}], True, True),
        (["IMAGE", {}], False, False),
        (["COMFY_MATCHTYPE_V3", {"template": {"allowed_types": "*"}}], False, False),
    ],
)
def test_what_has_a_widget_and_what_holds_a_value(
    spec: list[Any], widget: bool, value: bool
) -> None:
    facts = facts_of(oddity=spec).inputs["oddity"]
    assert (facts.is_widget, facts.holds_value) == (widget, value)


@pytest.mark.parametrize(
    ("name", "spec", "control"),
    [
        ("seed", ["INT", {}], "control_after_generate"),
        ("noise_seed", ["INT", {}], "control_after_generate"),
        ("seed", ["INT", {"control_after_generate": False}], None),
        ("seed", ["INT", {"control_after_generate": "fixed"}], "fixed"),
        ("value", ["INT", {"control_after_generate": True}], "control_after_generate"),
        ("value", ["INT", {}], None),
        ("seed", ["FLOAT", {}], None),
    ],
)
def test_the_control_behind_a_seed_has_its_name(
    name: str, spec: list[Any], control: str | None
) -> None:
    assert facts_of(**{name: spec}).inputs[name].control == control


def test_what_only_the_page_uses_is_told_apart() -> None:
    facts = facts_of(
        compare_view=["IMAGECOMPARE", {"socketless": True}],
        viewport_state=["LOAD_3D", {}],
        preview=["BOOLEAN", {}],
    )
    assert facts.is_page_only("compare_view")
    assert facts.is_page_only("viewport_state")
    assert facts.is_page_only("upload")
    assert facts.is_page_only("preview_markdown")
    assert not facts.is_page_only("preview"), "the class declares it"


@pytest.mark.parametrize(
    ("class_type", "name", "expected"),
    [
        ("SaveGLB", "image", True),
        ("Preview3D", "image", True),
        ("Load3D", "clear", True),
        ("Load3D", "upload 3d model", True),
        ("SaveVideo", "video-preview", True),
        ("RandomNoise", "control_after_generate", True),
        ("LoadImage", "image", False),
        ("Load3D", "model_file", False),
        ("KSampler", "clear", False),
    ],
)
def test_buttons_and_views_of_the_page_are_known(
    class_type: str, name: str, expected: bool
) -> None:
    facts = shipped().node(class_type)
    assert facts is not None
    assert facts.is_page_only(name) is expected


def test_a_custom_choice_has_the_options_that_its_author_wrote_in_their_order() -> None:
    facts = shipped().node("CustomCombo")
    assert facts is not None
    values = {
        "option10": "c",
        "option2": "b",
        "option1": "a",
        "option3": "",
        "choice": "b",
    }
    found = facts.input("choice", values)
    assert found is not None
    assert (found.choices, found.closed) == (("a", "b", "c"), True)
    unwritten = facts.input("choice", {"choice": "b"})
    assert unwritten is not None
    assert (unwritten.choices, unwritten.closed) == ((), False)


def test_the_options_of_a_custom_choice_are_the_pages() -> None:
    classes = {"CustomCombo": {"input": {"required": {"choice": ["COMBO", {}]}}}}
    facts = with_object_info(classes).node("CustomCombo")
    assert facts is not None
    assert [facts.is_page_only(name) for name in ("choice", "option1", "index")] == [
        *(False, True, True)
    ]
