"""Which inputs people set, which they rarely touch, and which have no parameter at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ...helpers.commands import run
from ...helpers.support import names_of, node, schema, text_to_image


def groups_of(workflow: dict[str, Any], **options: Any) -> dict[str, str]:
    """The group of each wire key."""
    found = schema(workflow, **options)["properties"]
    return {
        each["x-viewcomfy-key"]: each.get("x-viewcomfy-group", "basic")
        for each in found.values()
    }


def with_control(**nodes: Any) -> dict[str, Any]:
    workflow = text_to_image()
    workflow["3"]["inputs"]["positive"] = ["20", 0]
    workflow["20"] = node(
        "ControlNetApply",
        strength=0.8,
        conditioning=["6", 0],
        control_net=["21", 0],
        image=["22", 0],
    )
    workflow["21"] = node("ControlNetLoader", control_net_name="canny.safetensors")
    workflow["22"] = node("LoadImage", image="a.png")
    return {**workflow, **nodes}


def test_what_people_set_is_basic() -> None:
    groups = groups_of(with_control())
    basic = {key for key, group in groups.items() if group == "basic"}
    assert {
        "6-inputs-text",
        "22-inputs-image",
        "3-inputs-seed",
        "5-inputs-width",
        "3-inputs-steps",
        "3-inputs-cfg",
        "20-inputs-strength",
    } <= basic


def test_model_files_and_how_results_are_saved_are_advanced() -> None:
    groups = groups_of(with_control())
    assert groups["4-inputs-ckpt_name"] == "advanced"
    assert groups["21-inputs-control_net_name"] == "advanced"
    assert groups["9-inputs-filename_prefix"] == "advanced"


def sampled(**inputs: Any) -> dict[str, Any]:
    workflow = text_to_image()
    sampler = workflow["3"]["inputs"]
    for name in ("seed", "denoise"):
        del sampler[name]
    workflow["3"]["class_type"] = "KSamplerAdvanced"
    sampler |= {
        "add_noise": "enable",
        "noise_seed": 5,
        "start_at_step": 0,
        "end_at_step": 10000,
        "return_with_leftover_noise": "disable",
        **inputs,
    }
    return workflow


def test_where_sampling_starts_and_ends_is_advanced() -> None:
    groups = groups_of(sampled())
    advanced = {key for key, group in groups.items() if group == "advanced"}
    assert {
        "3-inputs-add_noise",
        "3-inputs-start_at_step",
        "3-inputs-end_at_step",
        "3-inputs-return_with_leftover_noise",
    } <= advanced
    assert groups["3-inputs-noise_seed"] == "basic"


def test_a_seed_that_draws_no_noise_is_advanced() -> None:
    groups = groups_of(sampled(add_noise="disable"))
    assert groups["3-inputs-noise_seed"] == "advanced"


def test_a_slot_that_holds_nothing_is_advanced() -> None:
    loader = node(
        "Odd Loader", lora1_name="None", lora1_strength=1.0, lora2_name="a.safetensors"
    )
    loader["inputs"]["lora2_strength"] = 0.5
    groups = groups_of({"1": loader, "2": node("Taker", model=["1", 0])})
    assert groups["1-inputs-lora1_strength"] == "advanced"
    assert groups["1-inputs-lora2_strength"] == "basic"


def test_a_setting_of_an_unknown_class_is_advanced_and_what_people_say_is_not() -> None:
    groups = groups_of(
        {"1": node("Nobody's", fix="lab", voice="alloy", prompt="cat", motto="A cat")}
    )
    assert groups == {
        "1-inputs-fix": "advanced",
        "1-inputs-voice": "basic",
        "1-inputs-prompt": "basic",
        "1-inputs-motto": "basic",
    }


def test_many_numbers_that_only_their_places_tell_apart_are_advanced() -> None:
    weights: dict[str, Any] = {
        f"weight_{number:02}": number / 12 for number in range(13)
    }
    groups = groups_of({"1": node("SoftControlNetWeights", **weights)})
    assert set(groups.values()) == {"advanced"}


def test_how_many_given_images_are_handled_at_once_is_advanced() -> None:
    groups = groups_of(
        {"1": node("RIFE VFI", frames=["2", 0], batch_size=4), "2": node("Nobody's")}
    )
    assert groups["1-inputs-batch_size"] == "advanced"


def test_what_an_author_titled_stands_before_seeds_and_sizes() -> None:
    workflow = text_to_image()
    workflow["3"]["inputs"]["cfg"] = ["20", 0]
    workflow["20"] = node("PrimitiveFloat", "Strictness", value=7.5)
    names = list(schema(workflow)["properties"])
    assert names.index("strictness") < names.index("seed") < names.index("steps")


def test_the_positive_prompt_stands_before_the_negative_one() -> None:
    names = list(schema(text_to_image())["properties"])
    assert names[:2] == ["positive_prompt", "negative_prompt"]


HIDDEN = {
    "20": node(
        "ImageRequestParameter",
        value="https://example.org/a.png",
        name="",
        title="",
        description="",
    ),
    "21": node("VAEEncode", pixels=["20", 0], vae=["4", 2]),
    "22": node("easy showAnything", text="old", anything=["23", 0]),
    "23": node("PrimitiveString", value="a"),
    "24": node("PointsEditor", points_store="{}", width=512, height=512),
    "25": node("ShowText|pysssss", text=["24", 0]),
}


@pytest.mark.parametrize(
    "key",
    [
        "20-inputs-name",
        "20-inputs-description",
        "22-inputs-text",
        "24-inputs-points_store",
    ],
)
def test_what_changes_nothing_has_no_parameter_unless_asked_for(key: str) -> None:
    workflow = {**text_to_image(), **HIDDEN}
    assert key not in names_of(workflow)
    assert key in names_of(workflow, all=True)
    assert set(names_of(workflow, include=(key,))) == {key}
    assert groups_of(workflow, include=(key,))[key] != "basic"


def test_asking_for_hidden_inputs_renames_no_other() -> None:
    workflow = {**text_to_image(), **HIDDEN}
    assert names_of(workflow).items() < names_of(workflow, all=True).items()


def test_inspect_lists_what_is_hidden_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps({**text_to_image(), **HIDDEN}), "utf-8")
    told = run("inspect", path, "--json").stdout
    hidden = {each["key"]: each["reason"] for each in json.loads(told)["hidden"]}
    assert hidden["20-inputs-name"] == "it is only a description"
    shown = run("inspect", path).output
    assert "20-inputs-name: it is only a description" in shown


def service() -> dict[str, Any]:
    """A paid service that makes a video from an image and a clip."""
    return {
        "1": node("LoadImage", image="a.png"),
        "2": node("LoadVideo", file="a.mp4"),
        "3": node(
            "KlingMotionControl",
            prompt="dancing",
            mode="pro",
            model="kling-v3",
            keep_original_sound=True,
            reference_image=["1", 0],
            reference_video=["2", 0],
        ),
        "4": node("SaveVideo", filename_prefix="a", format="auto", video=["3", 0]),
    }


def test_what_a_paid_service_offers_is_basic_and_keeps_its_own_names() -> None:
    groups, names = groups_of(service()), names_of(service())
    for each in ("prompt", "mode", "model", "keep_original_sound"):
        assert groups[f"3-inputs-{each}"] == "basic"
        assert names[f"3-inputs-{each}"] == each


def test_the_gap_between_stitched_images_is_advanced() -> None:
    workflow = text_to_image()
    workflow["20"] = node(
        "ImageStitch", spacing_width=8, image1=["8", 0], image2=["8", 0]
    )
    workflow["9"]["inputs"]["images"] = ["20", 0]
    assert groups_of(workflow)["20-inputs-spacing_width"] == "advanced"


def test_a_files_content_as_text_comes_before_the_prompts_like_a_file() -> None:
    workflow = text_to_image()
    workflow["20"] = node("SwarmLoadImageB64", image_base64="I")
    workflow["21"] = node("VAEEncode", pixels=["20", 0], vae=["4", 2])
    workflow["3"]["inputs"]["latent_image"] = ["21", 0]
    assert next(iter(schema(workflow)["properties"])) == "image_base64"


def test_how_many_finished_images_a_node_passes_on_is_advanced() -> None:
    workflow = text_to_image()
    workflow["20"] = node("ImageFromBatch", batch_index=0, length=1, image=["8", 0])
    workflow["9"]["inputs"]["images"] = ["20", 0]
    assert groups_of(workflow)["20-inputs-length"] == "advanced"


def test_how_frames_in_between_are_estimated_is_advanced() -> None:
    workflow = text_to_image()
    workflow["20"] = node("RIFE VFI", multiplier=2, scale_factor=1, frames=["8", 0])
    workflow["9"]["inputs"]["images"] = ["20", 0]
    groups = groups_of(workflow)
    assert groups["20-inputs-scale_factor"] == "advanced"
    assert groups["20-inputs-multiplier"] == "basic"


def test_what_only_names_files_is_advanced() -> None:
    workflow = text_to_image()
    workflow["9"]["inputs"]["filename_prefix"] = ["20", 0]
    workflow["20"] = node("StringConcatenate", string_a=["21", 0], string_b="-last")
    workflow["21"] = node("SomethingToString", suffix="-draft", input=["22", 0])
    workflow["22"] = node("PrimitiveInt", value=7)
    groups = groups_of(workflow)
    for key in ("20-inputs-string_b", "21-inputs-suffix", "22-inputs-value"):
        assert groups[key] == "advanced"


def test_a_prompt_that_also_names_files_is_basic() -> None:
    workflow = text_to_image()
    workflow["20"] = node("PrimitiveString", value="a lighthouse")
    workflow["6"]["inputs"]["text"] = ["20", 0]
    workflow["9"]["inputs"]["filename_prefix"] = ["20", 0]
    assert groups_of(workflow)["20-inputs-value"] == "basic"


def test_where_an_image_is_loaded_from_is_basic() -> None:
    loading = node("LoadImageFromUrlOrPath", url_or_path="https://example.com/a.png")
    groups = groups_of({"1": loading, "2": node("Taker", image=["1", 0])})
    assert groups["1-inputs-url_or_path"] == "basic"


@pytest.mark.parametrize(
    ("class_type", "inputs"),
    [
        ("ImageCrop", {"width": 512, "height": 512}),
        ("CreateShapeMask", {"shape_width": 64, "frame_height": 64}),
        ("ImageBlur", {"sigma": 1.5}),
        ("SparseAttention", {"ratio": 0.9, "min_length": 8}),
        ("TeaCache", {"max_skip_steps": 3}),
        ("DynamicThresholdingFull", {"cfg_scale_min": 0.5}),
        ("LoRA Stacker", {"lora_count": 1, "lora_name_1": "a.safetensors"}),
        ("UltimateSDUpscale", {"seam_fix_denoise": 0.5, "seam_fix_width": 64}),
        ("smZ CLIPTextEncode", {"smZ_steps": 1}),
    ],
)
def test_what_tunes_the_inside_of_a_node_is_advanced(
    class_type: str, inputs: dict[str, Any]
) -> None:
    tuned = node(class_type, **inputs)
    groups = groups_of({"1": tuned, "2": node("Taker", image=["1", 0])})
    assert set(groups.values()) == {"advanced"}


def test_how_a_preview_plays_is_advanced() -> None:
    workflow = text_to_image()
    workflow["20"] = node("PreviewAnimation", fps=8.0, images=["8", 0])
    assert groups_of(workflow)["20-inputs-fps"] == "advanced"


def test_where_an_image_is_laid_over_another_is_advanced() -> None:
    overlay = node("Image Overlay", x_offset=8, y_offset=8, rotation=0, width=64)
    groups = groups_of({"1": overlay, "2": node("Taker", image=["1", 0])})
    basic = {key for key, group in groups.items() if group == "basic"}
    assert basic == {"1-inputs-width"}


@pytest.mark.parametrize("value", [1, 1.5, True, "a"])
def test_an_input_whose_name_has_no_words_has_a_group(value: object) -> None:
    unnamed = {"inputs": {"!!": value}, "class_type": "Load Image Batch"}
    assert set(groups_of({"1": unnamed})) == {"1-inputs-!!"}
