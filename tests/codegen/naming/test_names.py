"""How parameters are named: by what their user wrote, by what
the graph says, by ComfyUI's own words, and last by numbers.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from viewcomfy_codegen import generate

from ...helpers.cases import base_and_refiner
from ...helpers.support import beside, names_of, node, text_to_image


def test_texts_are_named_for_the_side_that_they_feed() -> None:
    names = names_of(text_to_image())
    assert names["6-inputs-text"] == "positive_prompt"
    assert names["7-inputs-text"] == "negative_prompt"


def test_a_side_is_seen_through_nodes_that_pass_it_on() -> None:
    names = beside(
        _6=node("CLIPTextEncode", text=["20", 0], clip=["4", 1]),
        _20=node(
            "StringConcatenate", string_a="a fox", string_b=["21", 0], delimiter=""
        ),
        _21=node("PrimitiveStringMultiline", value="in snow"),
    )
    assert names["21-inputs-value"].startswith("positive_prompt")


def test_a_text_that_is_zeroed_out_has_no_side_from_beyond() -> None:
    names = beside(_7=node("ConditioningZeroOut", conditioning=["6", 0]))
    assert names["6-inputs-text"] == "prompt"


def test_a_title_that_says_more_than_its_class_is_the_name() -> None:
    names = names_of({"1": node("Mine", "Strength of light", value=3)})
    assert names == {"1-inputs-value": "strength_light"}


def test_a_title_says_what_a_weak_word_of_several_acts_on() -> None:
    names = names_of({"1": node("Mine", "Moon", scale=3, speed=4)})
    assert set(names.values()) == {"moon_scale", "speed"}


def test_a_title_that_only_repeats_its_class_says_nothing() -> None:
    names = names_of({"1": node("MyLamp", "My Lamp", speed=3, size=4)})
    assert set(names.values()) == {"speed", "size"}


def test_marks_are_no_part_of_a_name() -> None:
    names = names_of({"1": node("Mine", "VC_BASIC Moon", value=4)})
    assert names == {"1-inputs-value": "moon"}


@pytest.mark.parametrize(
    ("consumer", "name"), [("style_image", "style_image"), ("end_image", "end_image")]
)
def test_a_file_is_named_for_what_it_is_used_as(consumer: str, name: str) -> None:
    workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": {"class_type": "Mine", "inputs": {consumer: ["1", 0]}},
    }
    assert names_of(workflow)["1-inputs-image"] == name


def test_what_is_alone_bears_its_own_name() -> None:
    names = names_of(text_to_image())
    assert (names["3-inputs-seed"], names["3-inputs-steps"]) == ("seed", "steps")


def test_samplers_in_a_row_are_stages() -> None:
    names = set(names_of(base_and_refiner()).values())
    assert {"base_steps", "refiner_steps"} <= names


def test_those_that_clash_go_down_together() -> None:
    names = names_of(
        {
            "1": node("Lamp", level=1),
            "2": node("Moon", level=2),
            "3": node("Sun", age=1),
        }
    )
    assert set(names.values()) == {"lamp_level", "moon_level", "age"}


def test_numbers_come_last_and_along_the_flow() -> None:
    workflow = {
        "9": node("Lamp", level=1, model=["5", 0]),
        "5": node("Lamp", level=2),
    }
    names = names_of(workflow)
    assert names["5-inputs-level"] == "level_1"
    assert names["9-inputs-level"] == "level_2"


@pytest.mark.parametrize(
    "name", ["class", "import", "type", "Parameters", "run", "float"]
)
def test_names_that_python_or_the_module_has_are_told_apart(name: str) -> None:
    workflow: dict[str, Any] = {"1": {"class_type": "Lamp", "inputs": {name: 1}}}
    found = names_of(workflow)[f"1-inputs-{name}"]
    assert found != name
    assert found.isidentifier()


def test_letters_of_any_language_stay() -> None:
    assert names_of({"1": node("Mine", "Яркость света", value=1)}) == {
        "1-inputs-value": "яркость_света"
    }


def test_the_files_order_changes_nothing() -> None:
    workflow = base_and_refiner()
    expected = generate(json.dumps(workflow), name="made").files
    rng = random.Random(1)
    for _ in range(5):
        order = list(workflow)
        rng.shuffle(order)
        shuffled = {id: workflow[id] for id in order}
        assert generate(json.dumps(shuffled), name="made").files == expected


def test_a_filter_renames_nothing() -> None:
    whole = names_of(base_and_refiner())
    kept = {key: name for key, name in whole.items() if not name.endswith("steps")}
    assert kept != whole
    assert names_of(base_and_refiner(), exclude=("*steps",)) == kept


def test_a_name_that_is_taken_gets_the_words_of_its_class_without_brands() -> None:
    names = beside(
        _20=node("PrimitiveFloat", "Upscale Denoise", value=0.5),
        _21=node("UltimateSDUpscale", image=["8", 0], denoise=0.2),
    )
    assert names["21-inputs-denoise"] == "ultimate_upscale_denoise"
