"""A constant takes what it feeds: bounds, choices, drawn seeds."""

from __future__ import annotations

from typing import Any

from ...helpers.support import Workflow, node, schema

CONSUMERS: dict[str, Any] = {
    "Small": {"input": {"required": {"width": ["INT", {"min": 16, "max": 2048}]}}},
    "Large": {"input": {"required": {"width": ["INT", {"min": 64, "max": 8192}]}}},
    "Picker": {"input": {"required": {"mode": [["a", "b", "c"]]}}},
    "Chooser": {"input": {"required": {"mode": [["b", "c", "d"]]}}},
    "Sampler": {"input": {"required": {"seed": ["INT", {"min": 0, "max": 99}]}}},
    "Whole": {
        "input": {"required": {"value": ["INT", {"min": -(2**31), "max": 2**31}]}},
        "output": ["INT"],
    },
    "Words": {"input": {"required": {"text": ["STRING", {}]}}, "output": ["STRING"]},
    "Sizes": {
        "input": {"required": {"megapixels": ["FLOAT", {"min": 0.1, "max": 16.0}]}},
        "output": ["INT"],
    },
    "Math": {
        "input": {"required": {"a": ["INT", {"min": 500, "max": 501}]}},
        "output": ["INT"],
    },
}


def constant(workflow: Workflow) -> dict[str, Any]:
    """The schema of node 1's only parameter."""
    described = {name: {"output": [], **each} for name, each in CONSUMERS.items()}
    found = schema(workflow, object_info=described)["properties"].values()
    (about,) = (each for each in found if each["x-viewcomfy-node"]["id"] == "1")
    return dict(about)


def bounds(about: dict[str, Any]) -> tuple[Any, Any]:
    return about.get("minimum"), about.get("maximum")


def test_a_number_has_the_narrowest_of_its_consumers_bounds() -> None:
    feeding = {
        "1": node("Whole", value=832),
        "2": node("Small", width=["1", 0]),
        "3": node("Large", width=["1", 0]),
    }
    assert bounds(constant(feeding)) == (64, 2048)


def test_who_calculates_does_not_count() -> None:
    feeding = {
        "1": node("Whole", value=832),
        "2": node("Small", width=["1", 0]),
        "3": node("Math", a=["1", 0]),
    }
    assert bounds(constant(feeding)) == (16, 2048)


def test_what_its_node_makes_something_else_of_keeps_its_own_kind() -> None:
    feeding = {
        "1": node("Sizes", megapixels=2),
        "2": node("Small", width=["1", 0]),
    }
    about = constant(feeding)
    assert about["type"] == "number"
    assert bounds(about) == (0.1, 16)


def test_a_rate_need_not_be_whole_although_its_consumers_step_is() -> None:
    workflow = {
        "1": node("PrimitiveFloat", value=24),
        "2": node("VHS_VideoCombine", frame_rate=["1", 0]),
    }
    (about,) = (
        each
        for each in schema(workflow)["properties"].values()
        if each["x-viewcomfy-node"]["id"] == "1"
    )
    assert about["type"] == "number"


def test_a_bound_that_the_deployed_value_breaks_goes() -> None:
    feeding = {"1": node("Whole", value=8), "2": node("Small", width=["1", 0])}
    assert bounds(constant(feeding)) == (None, 2048)


def test_a_seed_is_drawn_from_what_its_consumer_takes() -> None:
    feeding = {"1": node("Whole", value=7), "2": node("Sampler", seed=["1", 0])}
    about = constant(feeding)
    assert about["type"] == ["integer", "null"]
    assert bounds(about) == (0, 99)


def test_a_text_that_feeds_choices_has_those_that_all_take() -> None:
    feeding = {"1": node("Words", text="b"), "2": node("Picker", mode=["1", 0])}
    assert constant(feeding)["enum"] == ["a", "b", "c"]
    both = {**feeding, "3": node("Chooser", mode=["1", 0])}
    assert constant(both)["enum"] == ["b", "c"]


def test_consumers_that_disagree_leave_the_constants_own_type() -> None:
    feeding = {
        "1": node("Words", text="b"),
        "2": node("Picker", mode=["1", 0]),
        "3": node("Words", text=["1", 0]),
    }
    assert constant(feeding)["type"] == "string"
    assert "enum" not in constant(feeding)
