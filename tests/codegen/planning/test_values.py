"""What a deployed value is to its parameter: its default, or no default but a warning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen import Diagnostic, Options, generate

from ...helpers.cases import own_choices
from ...helpers.support import (
    Workflow,
    module_of,
    names_of,
    node,
    schema,
    text_to_image,
)


def warnings_of(workflow: Workflow, **options: Any) -> list[Diagnostic]:
    made = generate(json.dumps(workflow), source="w.json", options=Options(**options))
    return [each for each in made.diagnostics if each.severity == "warning"]


def sampled(**inputs: Any) -> Workflow:
    """A workflow from text to image whose sampler has these values."""
    workflow = text_to_image()
    workflow["3"]["inputs"] |= inputs
    return workflow


@pytest.mark.parametrize(
    ("name", "value", "takes", "kind"),
    [
        ("seed", "%seed%", "a whole number", ["integer", "null"]),
        ("seed", "randomize", "a whole number", ["integer", "null"]),
        ("steps", "{{steps}}", "a whole number", "integer"),
        ("steps", True, "a whole number", "integer"),
        ("steps", None, "a whole number", "integer"),
        ("cfg", "%scale%", "a finite number", "number"),
    ],
)
def test_a_value_of_another_kind_is_no_default_and_worth_a_warning(
    name: str, value: object, takes: str, kind: object
) -> None:
    workflow = sampled(**{name: value})
    found = schema(workflow)
    assert found["required"] == [name]
    assert found["properties"][name]["type"] == kind
    assert "default" not in found["properties"][name]
    (warning,) = warnings_of(workflow)
    assert warning.location == f"w.json: node 3 (KSampler), inputs.{name}"
    assert warning.message.endswith(f"must be {takes}")
    assert "every call has to set it" in str(warning.hint)


@pytest.mark.parametrize("text", ["%sampler%", "{{sampler}}", "${sampler}"])
def test_a_placeholder_for_a_choice_is_no_default(text: str) -> None:
    workflow = sampled(sampler_name=text)
    found = schema(workflow)
    assert found["required"] == ["sampler_name"]
    assert "euler" in found["properties"]["sampler_name"]["anyOf"][0]["enum"]
    (warning,) = warnings_of(workflow)
    assert warning.message.endswith("must be one of the choices")


@pytest.mark.parametrize(
    ("spec", "value", "kind"),
    [
        (["INT", {"max": 100}], 0.5, "number"),
        (["BOOLEAN"], "enable", "string"),
        (["COMBO", {"options": ["auto", "8", "10"]}], 8, "integer"),
    ],
)
def test_a_value_that_another_version_of_the_class_takes_is_the_default(
    spec: list[Any], value: object, kind: str
) -> None:
    described = {"Mine": {"input": {"required": {"level": spec}}}}
    found = schema({"1": node("Mine", level=value)}, object_info=described)
    (about,) = found["properties"].values()
    assert (about["type"], about["default"], found["required"]) == (kind, value, [])


def test_a_choice_that_the_list_lacks_is_a_default_without_a_warning() -> None:
    workflow = sampled(sampler_name="my_sampler")
    assert schema(workflow)["properties"]["sampler_name"]["default"] == "my_sampler"
    assert warnings_of(workflow) == []


def test_a_prompt_that_looks_like_a_placeholder_stays_the_default() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = "%prompt%"
    assert schema(workflow)["required"] == []
    assert warnings_of(workflow) == []


@pytest.mark.parametrize(
    ("value", "lost", "kept", "takes"),
    [
        (-1, "minimum", ("maximum", 2**64 - 1), "must be at least 0"),
        (2**64 + 384, "maximum", ("minimum", 0), f"must be at most {2**64 - 1}"),
    ],
)
def test_a_value_out_of_its_bounds_keeps_its_parameter_and_warns(
    value: int, lost: str, kept: tuple[str, int], takes: str
) -> None:
    workflow = sampled(seed=value)
    seed = schema(workflow)["properties"]["seed"]
    assert seed["default"] == value
    assert lost not in seed
    assert seed[kept[0]] == kept[1]
    (warning,) = warnings_of(workflow)
    assert warning.message == f"ComfyUI would refuse '{value}': {takes}"


def test_a_whole_float_is_an_integer_to_an_integer(tmp_path: Path) -> None:
    module = module_of(sampled(steps=20.0), tmp_path)
    params, _ = module.WORKFLOW.to_wire(module.Parameters())
    assert repr(params["3-inputs-steps"]) == "20"
    assert warnings_of(sampled(steps=20.0)) == []


@pytest.mark.parametrize("name", ["Note", "MarkdownNote", "Reroute", "PrimitiveNode"])
def test_a_class_of_the_page_has_no_parameter_but_a_warning(name: str) -> None:
    workflow = {**text_to_image(), "41": node(name, value=5, text="remember")}
    assert schema(workflow)["properties"] == schema(text_to_image())["properties"]
    (warning,) = warnings_of(workflow)
    assert warning.location == f"w.json: node 41 ({name})"
    assert "only ComfyUI's web page knows this class" in warning.message


def test_a_class_that_the_users_server_has_is_no_class_of_the_page() -> None:
    described = {"Note": {"input": {"required": {"text": ["STRING", {}]}}}}
    workflow = {"1": node("Note", text="remember")}
    assert list(names_of(workflow, object_info=described)) == ["1-inputs-text"]
    assert warnings_of(workflow, object_info=described) == []


@pytest.mark.parametrize("name", ["system_prompt", "model.negative_prompt"])
def test_an_empty_text_that_no_class_declares_is_a_parameter(name: str) -> None:
    workflow = {"1": node("KSampler", **{name: "", "➕ Add Lora": "", "": ""})}
    (about,) = schema(workflow)["properties"].values()
    assert about["x-viewcomfy-key"] == f"1-inputs-{name}"


def test_what_the_page_alone_uses_has_no_parameter() -> None:
    workflow = {
        "1": node("ImageCompare", compare_view=["", ""], image_a=["2", 0]),
        "2": node("LoadImage", image="a.png", upload="image"),
        "3": node("Unheard", videopreview={"hidden": False}, on=True),
    }
    keys = [each["x-viewcomfy-key"] for each in schema(workflow)["properties"].values()]
    assert sorted(keys) == ["2-inputs-image", "3-inputs-on"]


def test_the_choices_that_the_page_keeps_in_inputs_of_its_own_are_the_choices() -> None:
    options = {f"option{number}": f"style {number}" for number in range(1, 12)}
    about = schema({"1": node("CustomCombo", choice="style 2", index=1, **options)})
    (choice,) = about["properties"].values()
    assert choice["enum"] == list(options.values())


def test_the_position_of_an_authors_own_choice_follows_it(tmp_path: Path) -> None:
    module = module_of(own_choices(), tmp_path)
    assert module.WORKFLOW.field("size").group == "basic"
    for size, place in (("S", 0), ("L", 2)):
        sent, _ = module.WORKFLOW.to_wire(module.Parameters(size=size))
        assert (sent["20-inputs-choice"], sent["20-inputs-index"]) == (size, place)
    assert module.WORKFLOW.to_wire(module.Parameters())[0]["20-inputs-index"] == 1


def test_a_fraction_beyond_its_bounds_is_still_a_default() -> None:
    found = schema(sampled(seed=2.0**64))["properties"]["seed"]
    assert found["type"] == "number"
    assert "maximum" not in found


# Classes that nobody knows


@pytest.mark.parametrize(
    ("name", "value", "options"),
    [
        ("add_noise", "disable", ["enable", "disable"]),
        ("sage_attention", "on", ["on", "off"]),
        ("resize_mode", "somehow", ["somehow"]),
    ],
)
def test_a_text_is_an_open_choice_where_such_inputs_are_choices(
    name: str, value: str, options: list[str]
) -> None:
    found = schema({"1": node("Nobody's", **{name: value})})["properties"]
    ((_, about),) = found.items()
    assert [each.get("enum") for each in about["anyOf"]] == [options, None]


@pytest.mark.parametrize(
    "value", ["two\nlines", "a village in the mountains, " * 3, "%mode%"]
)
def test_prose_and_placeholders_are_no_choices(value: str) -> None:
    found = schema({"1": node("Nobody's", resize_mode=value)})["properties"]
    ((_, about),) = found.items()
    assert "anyOf" not in about


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("skip_latents", 2, "integer"),
        ("noise_level", 3, "integer"),
        ("gentleness", 3, "number"),
        ("analysis_resolution", 512, "integer"),
        ("horizontal_tiles", 2, "integer"),
    ],
)
def test_a_whole_number_counts_where_its_name_says_so(
    name: str, value: int, kind: str
) -> None:
    found = schema({"1": {"class_type": "Nobody's", "inputs": {name: value}}})[
        "properties"
    ]
    ((_, about),) = found.items()
    assert about["type"] == kind


@pytest.mark.parametrize(
    ("name", "kind"), [("width", "integer"), ("cfg", "number"), ("my_width", "integer")]
)
def test_a_placeholder_for_a_number_of_an_unknown_class_is_no_default(
    name: str, kind: str
) -> None:
    for value in ("PARAM_VALUE", "{{value}}"):
        found = schema({"1": node("Nobody's", **{name: value})})
        ((spoken, about),) = found["properties"].items()
        assert about["type"] == kind
        assert found["required"] == [spoken]


def test_a_link_that_holds_nothing_is_no_parameter() -> None:
    workflow = {"1": node("KSampler", latent_image=None, steps=20)}
    assert list(schema(workflow)["properties"]) == ["steps"]


def test_a_number_that_is_added_to_a_seed_is_not_drawn() -> None:
    found = schema({"1": node("Nobody's", seed_offset=0)})["properties"]
    assert found["seed_offset"]["x-viewcomfy-group"] == "advanced"
    assert "null" not in str(found["seed_offset"])


def test_what_a_video_format_needs_has_its_type() -> None:
    found = schema(
        {"1": node("VHS_VideoCombine", images=["9", 0], pix_fmt="yuv420p", crf=19)}
    )["properties"]
    assert found["crf"]["type"] == "integer"
    assert (found["crf"]["minimum"], found["crf"]["maximum"]) == (0, 100)
    assert "yuv420p10le" in str(found["pix_fmt"])


def test_a_numbered_preview_on_a_known_node_is_no_parameter() -> None:
    workflow = text_to_image()
    workflow["9"]["inputs"]["vhs_gif_preview__0"] = "/view?filename=a.mp4"
    assert "9-inputs-vhs_gif_preview__0" not in names_of(workflow)


def test_bounds_that_no_float_reaches_are_no_bounds() -> None:
    found = schema({"1": node("easy float", value=0.5)})["properties"]
    (about,) = found.values()
    assert {"minimum", "maximum"}.isdisjoint(about)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("process_res", 1024, "integer"),
        ("target_w", 512, "integer"),
        ("max_colors", 128, "integer"),
        ("seed_value", 0, ["integer", "null"]),
        ("foreground_opacity", 1, "number"),
        ("exposure", 0, "number"),
    ],
)
def test_a_whole_number_of_an_unknown_class_is_an_integer_if_its_name_is_a_size_or_count(
    name: str, value: int, kind: object
) -> None:
    inputs: dict[str, Any] = {name: value}
    (found,) = schema({"1": node("Unheard", **inputs)})["properties"].values()
    assert found["type"] == kind
