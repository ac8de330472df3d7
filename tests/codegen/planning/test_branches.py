"""Inputs that a choice brings: their types, the conditions
on them, and those that a workflow lacks.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from viewcomfy_codegen.targets.python.reading import read_module
from viewcomfy_runtime import InvalidParametersError
from viewcomfy_runtime.cli.main import main

from ...helpers.branching import choice, described, selector, small, workflow
from ...helpers.support import (
    Workflow,
    imported,
    made,
    module_of,
    names_of,
    node,
    schema,
)


def by_key(found: Workflow, **options: Any) -> dict[str, dict[str, Any]]:
    """The parameters' schemas by the input of node 1 that they set."""
    files = made(found, object_info=described(), **options).files
    properties = json.loads(files["made.schema.json"])["properties"]
    prefix = "1-inputs-"
    return {
        each["x-viewcomfy-key"].removeprefix(prefix): each
        for each in properties.values()
    }


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return module_of(small(), tmp_path_factory.mktemp("made"), object_info=described())


def name_of(key: str) -> str:
    return names_of(small(), object_info=described())[f"1-inputs-{key}"]


def call(**values: Any) -> dict[str, Any]:
    """A call by the ends of wire names: `duration` is whatever sets `model.duration`."""
    return {
        name_of(
            "model" if name == "model" else f"model.{name.replace('__', '.')}"
        ): each
        for name, each in values.items()
    }


def sent(module: ModuleType, **values: Any) -> dict[str, Any]:
    params, _ = module.WORKFLOW.to_wire(module.Parameters(**call(**values)))
    return {key.removeprefix("1-inputs-"): value for key, value in params.items()}


def refused(module: ModuleType, **values: Any) -> str:
    """What is said of a call that parse, run and schema all refuse."""
    given_ = call(**values)
    assert not Draft202012Validator(module.WORKFLOW.schema).is_valid(given_)
    with pytest.raises(InvalidParametersError) as parsed:
        module.WORKFLOW.parse(given_)
    with pytest.raises(InvalidParametersError) as ran:
        module.WORKFLOW.to_wire(module.Parameters(**given_))
    assert parsed.value.faults == ran.value.faults
    return str(parsed.value.faults[0])


# Types


def test_a_selector_is_a_choice_of_its_branches() -> None:
    assert by_key(small())["model"]["enum"] == ["small", "large", "other"]


def test_an_input_carries_the_union_of_its_branches() -> None:
    found = by_key(small())
    assert (found["model.duration"]["minimum"], found["model.duration"]["maximum"]) == (
        1,
        15,
    )
    assert found["model.size"]["enum"] == ["480p", "720p", "1080p", None]
    assert "type" not in found["model.level"]


def test_an_input_that_every_choice_brings_alike_depends_on_none() -> None:
    assert by_key(small())["model.prompt"]["type"] == "string"


def test_sentences_say_for_which_choices_an_input_counts() -> None:
    found = by_key(small())
    assert 'Applies when model is "small" or "large".' in (
        found["model.duration"]["description"]
    )
    assert "Counts" not in found["model.prompt"]["description"]


def test_a_condition_on_a_nested_choice_leaves_out_what_that_choice_implies() -> None:
    found = by_key(small())
    assert 'Applies when codec is "manual".' in found["model.codec.crf"]["description"]


def test_a_condition_on_two_choices_that_is_not_implied_names_both() -> None:
    server = described()
    codec = selector(choice("auto"), choice("manual"))
    branches = server["Maker"]["input"]["required"]["model"][1]["options"]
    branches[1]["inputs"]["required"]["codec"] = codec
    files = made(small(), object_info=server).files
    properties = json.loads(files["made.schema.json"])["properties"]
    (said,) = (
        each["description"]
        for each in properties.values()
        if each["x-viewcomfy-key"] == "1-inputs-model.codec.crf"
    )
    assert 'Applies when model is "other" and codec is "manual".' in said


def test_a_condition_leaves_out_what_each_choice_of_the_nearest_selector_implies() -> (
    None
):
    h264 = choice("h264", crf=["INT", {"min": 0, "max": 51}])
    av1 = choice("av1", crf=["INT", {"min": 0, "max": 63}])
    mp4 = choice("mp4", codec=selector(choice("auto"), h264, av1))
    webm = choice("webm", codec=selector(choice("auto"), av1))
    server = described()
    server["Maker"]["input"]["required"] = {"model": selector(mp4, webm)}
    found = workflow("mp4", codec="auto")
    files = made(found, object_info=server).files
    (said,) = (
        each["description"]
        for each in json.loads(files["made.schema.json"])["properties"].values()
        if each["x-viewcomfy-key"] == "1-inputs-model.codec.crf"
    )
    assert 'Applies when codec is "h264" or "av1".' in said


# What the workflow lacks


def test_inputs_of_other_branches_are_optional_advanced_and_last() -> None:
    found = by_key(small())
    lacking = list(found)[4:]
    assert set(lacking) == {
        f"model.{name}"
        for name in ("seed", "level", "codec", "codec.crf", "noise_seed", "tone")
    }
    for name in lacking:
        assert found[name]["default"] is None
        assert found[name]["x-viewcomfy-group"] == "advanced"


def test_links_and_places_that_grow_are_no_parameters() -> None:
    assert not [name for name in by_key(small()) if "images" in name]


def test_inputs_of_other_branches_change_no_name() -> None:
    with_them = names_of(small(), object_info=described())
    without = names_of(small(), object_info=described(), branches=False)
    assert with_them.items() >= without.items()
    assert len(without) == 4


def test_a_choice_that_nobody_can_make_brings_nothing() -> None:
    assert set(by_key(small(), exclude=("1-inputs-model",))) == {
        f"model.{name}" for name in ("prompt", "duration", "size")
    }
    found = by_key(small(), exclude=("1-inputs-model",))["model.duration"]
    assert (found["type"], found["maximum"]) == ("integer", 5)


def test_a_choice_that_is_linked_leaves_the_union() -> None:
    linked = small()
    linked["1"]["inputs"]["model"] = ["3", 0]
    linked["3"] = node("Unheard", value="small")
    found = by_key(linked)
    assert (found["model.duration"]["type"], found["model.duration"]["maximum"]) == (
        "integer",
        15,
    )
    assert "model.seed" not in found


# Calls


def test_untouched_it_sends_what_is_deployed(module: ModuleType) -> None:
    assert sent(module) == {
        "model": "small",
        "model.prompt": "a cat",
        "model.duration": 5,
        "model.size": "480p",
    }


def test_another_choice_sends_its_own_inputs_and_drops_the_deployed_ones(
    module: ModuleType,
) -> None:
    assert sent(module, model="other", level="low", codec="manual", codec__crf=20) | {
        "model.seed": 0
    } == {
        "model": "other",
        "model.prompt": "a cat",
        "model.seed": 0,
        "model.level": "low",
        "model.codec": "manual",
        "model.codec.crf": 20,
    }


def test_what_the_chosen_branch_takes_is_checked_exactly(module: ModuleType) -> None:
    found = refused(module, model="large", size="480p", duration=5)
    assert 'must be one of "720p", "1080p", not "480p", where model is "large"' in found
    assert "must be at most 5, not 6" in refused(module, duration=6)
    assert (
        sent(module, model="large", duration=15, size="1080p")["model.duration"] == 15
    )


def test_a_deployed_value_that_the_chosen_branch_refuses_has_to_be_set(
    module: ModuleType,
) -> None:
    assert "size: must be one of" in refused(module, model="large")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"level": 0.5}, 'applies only where model is "large"'),
        ({"model": "large", "size": "720p", "tone": "warm"}, 'model is "other"'),
        ({"model": "other", "duration": 4}, 'model is "small" or "large"'),
        ({"model": "other", "codec": "auto", "codec__crf": 4}, 'codec is "manual"'),
    ],
)
def test_a_value_for_a_branch_that_is_not_chosen_is_refused(
    module: ModuleType, values: dict[str, Any], said: str
) -> None:
    assert said in refused(module, **values)


def test_none_is_not_sent(module: ModuleType) -> None:
    assert "model.duration" not in sent(module, duration=None)
    found = sent(module, model="other", tone=None, noise_seed=None)
    assert not {"model.tone", "model.noise_seed"} & found.keys()


def test_a_seed_is_drawn_where_its_branch_is_chosen_and_requires_it(
    module: ModuleType,
) -> None:
    assert "model.seed" not in sent(module)
    assert 0 <= sent(module, model="large", size="720p")["model.seed"] <= 100
    assert 0 <= sent(module, model="other")["model.seed"] <= 9
    assert sent(module, model="other", seed=4)["model.seed"] == 4
    assert "model.noise_seed" not in sent(module, model="other")


def test_seeds_of_other_branches_stay_none_when_seeds_are_drawn(
    module: ModuleType,
) -> None:
    workflow_, seed = module.WORKFLOW, name_of("model.seed")
    assert getattr(workflow_.drawn(module.Parameters()), seed) is None
    chosen = module.Parameters(**call(model="other"))
    assert getattr(workflow_.drawn(chosen), seed) is not None


def test_a_choice_that_nobody_knew_excludes_nothing(tmp_path: Path) -> None:
    known = {
        "Maker": {
            "input": {
                "required": {
                    "model": selector(
                        {"key": "new", "inputs": {"required": {}}},
                        *described()["Maker"]["input"]["required"]["model"][1][
                            "options"
                        ],
                    )
                }
            }
        }
    }
    del known["Maker"]["input"]["required"]["model"][1]["options"][0]
    found = workflow("newer", prompt="a cat", duration=9, tone="warm")
    module_ = module_of(found, tmp_path, object_info=known)
    params, _ = module_.WORKFLOW.to_wire(module_.Parameters())
    assert params == {
        f"1-inputs-{name}": value for name, value in found["1"]["inputs"].items()
    }


# The three that have to agree

VALUES: st.SearchStrategy[Any] = st.sampled_from(
    ["small", "large", "other", "480p", "720p", "1080p", "low", "manual", "auto", "x"]
    + [None, True, 0, 1, 4, 5, 0.5, 9, 15, 40, 5.0, [], {}]
)


@given(data=st.data())
@settings(max_examples=400)
def test_schema_parse_and_run_agree(module: ModuleType, data: st.DataObject) -> None:
    schema = module.WORKFLOW.schema
    names = list(schema["properties"])
    given_ = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=6))
    given_ |= data.draw(
        st.fixed_dictionaries({}, optional={names[0]: VALUES, name_of("model"): VALUES})
    )
    valid = Draft202012Validator(schema).is_valid(given_)
    assert _passes(module.WORKFLOW.parse, given_) == valid
    assert (
        _passes(
            lambda values: module.WORKFLOW.to_wire(module.Parameters(**values)), given_
        )
        == valid
    )


def _passes(act: Any, values: dict[str, Any]) -> bool:
    try:
        act(values)
    except InvalidParametersError:
        return False
    return True


def test_the_module_its_schema_and_what_is_read_back_say_the_same(
    tmp_path: Path,
) -> None:
    files = made(small(), object_info=described()).files
    text = files["made.py"]
    assert black.format_str(text, mode=black.Mode()) == text
    module_ = imported(text, tmp_path)
    assert module_.WORKFLOW.schema == json.loads(files["made.schema.json"])
    read = read_module(text, "made.py")
    assert read.fields == module_.WORKFLOW.fields
    assert read.schema == module_.WORKFLOW.schema


# Texts


@pytest.mark.parametrize("text", ["none", "None", " null "])
def test_none_on_the_command_line_sends_nothing(
    module: ModuleType, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    duration, flag = name_of("model.duration"), f"--{flag_of('model.duration')}"
    assert main(module.WORKFLOW, [flag, text, "--dry-run"]) == 0
    assert "model.duration" not in capsys.readouterr().out
    found = module.WORKFLOW.parse_texts({duration: text})
    assert getattr(found, duration) is None


def test_a_text_that_depends_on_a_choice_can_say_none(module: ModuleType) -> None:
    prompt = name_of("model.prompt")
    found = module.WORKFLOW.parse_texts({prompt: "none"})
    assert getattr(found, prompt) == "none"


def test_the_help_says_what_is_not_sent_by_default(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(module.WORKFLOW, ["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "(default: not sent)" in told
    assert "INTEGER|none" in told


def flag_of(key: str) -> str:
    return name_of(key).replace("_", "-")


def test_an_input_that_a_choice_would_add_follows_that_choice() -> None:
    saved = node(
        "SaveVideo", format="auto", **{"format.codec": "auto", "codec": "auto"}
    )
    properties = schema({"1": saved})["properties"]
    order = [
        each["x-viewcomfy-key"].removeprefix("1-inputs-")
        for each in properties.values()
    ]
    added = order[order.index("format.codec.encoding") :]
    assert added[:3] == [
        "format.codec.encoding",
        "format.codec.encoding.crf",
        "format.codec.encoding.color_space",
    ]
