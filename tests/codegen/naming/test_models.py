"""What tells loaders of models and LoRAs apart: what their files say, before any number."""

from __future__ import annotations

import json
import re

import pytest

from ...helpers.cases import base_and_refiner
from ...helpers.chains import with_controls, with_loras
from ...helpers.support import Workflow, beside, names_of, node, text_to_image


def test_a_chain_is_numbered_along_the_flow_with_a_short_noun() -> None:
    names = names_of(with_loras("a.safetensors", "b.safetensors"))
    assert names["20-inputs-strength_model"] == "lora_1_strength"
    assert names["20-inputs-lora_name"] == "lora_1_name"
    assert names["21-inputs-strength_model"] == "lora_2_strength"
    assert names["21-inputs-lora_name"] == "lora_2_name"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Flux_2-Turbo-LoRA.safetensors", "turbo_lora_name"),
        ("Qwen-Image-Lightning-4steps-V1.0.safetensors", "lightning_lora_name"),
        ("ltx-2-19b-ic-lora-union.safetensors", "ic_lora_name"),
        ("pixel_art_style_z_image_turbo.safetensors", "lora_name"),
    ],
)
def test_a_lone_lora_says_what_it_is_for_where_its_file_does(
    file: str, name: str
) -> None:
    names = names_of(with_loras(file))
    assert names["20-inputs-lora_name"] == name
    strength = name.replace("name", "strength")
    assert names["20-inputs-strength_model"] == strength


def test_a_strength_beside_a_title_is_still_that_of_a_lora() -> None:
    workflow = with_loras("a.safetensors")
    workflow["20"]["_meta"] = {"title": "Load Distilled LoRA"}
    names = names_of(workflow)
    assert names["20-inputs-strength_model"] == "distilled_lora_strength"
    workflow["20"]["_meta"]["title"] = "lora1"
    assert names_of(workflow)["20-inputs-strength_model"] == "lora1_strength"


def test_a_lora_for_another_purpose_is_told_apart_by_the_words_of_its_file() -> None:
    names = names_of(with_loras("Turbo-LoRA.safetensors", "ghibli.safetensors"))
    assert names["20-inputs-lora_name"] == "turbo_lora_name"
    assert names["21-inputs-lora_name"] == "ghibli_lora_name"


def test_a_lora_whose_file_says_its_purpose_stands_beside_those_that_say_nothing() -> (
    None
):
    names = names_of(with_loras("ic-lora.sft", "a.sft", "b.sft"))
    assert names["20-inputs-lora_name"] == "ic_lora_name"
    assert names["20-inputs-strength_model"] == "ic_lora_strength"
    assert names["21-inputs-lora_name"] == "lora_1_name"


def test_models_for_sound_and_movement_are_of_no_stage() -> None:
    workflow = base_and_refiner()
    for id, medium, sampler in (("90", "audio", "7"), ("91", "video", "8")):
        workflow[id] = node("VAELoader", vae_name=f"{medium}-vae.safetensors")
        workflow[f"{id}0"] = node("VAEDecode", vae=[id, 0], samples=[sampler, 0])
        workflow[f"{id}1"] = node("SaveImage", images=[f"{id}0", 0])
    names = names_of(workflow)
    assert names["90-inputs-vae_name"] == "audio_vae_name"
    assert names["91-inputs-vae_name"] == "video_vae_name"


def test_a_text_encoder_that_only_the_prompt_enhancer_uses_is_its_own() -> None:
    workflow = text_to_image()
    workflow["20"] = node("CLIPLoader", clip_name="a.sft", type="flux")
    workflow["21"] = node("CLIPLoader", clip_name="b.sft", type="flux")
    workflow["22"] = node("TextGenerate", prompt="A fox", clip=["21", 0])
    workflow["6"]["inputs"] = {"text": ["22", 0], "clip": ["20", 0]}
    names = names_of(workflow)
    assert names["20-inputs-clip_name"] == "clip_name"
    assert names["21-inputs-clip_name"] == "prompt_enhancer_clip_name"


def with_models(*files: str) -> Workflow:
    """Text to image by one sampler for each model."""
    workflow = text_to_image()
    for place, file in enumerate(files):
        loader, sampler = str(20 + place), str(30 + place)
        workflow[loader] = node("UNETLoader", unet_name=file, weight_dtype="default")
        inputs = {**workflow["3"]["inputs"], "model": [loader, 0]}
        workflow[sampler] = node("KSampler", **inputs)
        workflow[f"4{place}"] = node("SaveLatent", samples=[sampler, 0])
    return workflow


def test_a_model_that_is_told_apart_is_a_diffusion_model_of_its_half_of_the_noise() -> (
    None
):
    names = names_of(with_models("wan_high_noise.sft", "wan_low_noise.sft"))
    assert names["20-inputs-unet_name"] == "high_noise_diffusion_model"
    assert names["21-inputs-unet_name"] == "low_noise_diffusion_model"


def test_a_model_alone_or_with_a_number_keeps_the_name_of_its_input() -> None:
    assert names_of(with_models("a.sft"))["20-inputs-unet_name"] == "unet_name"
    names = names_of(with_models("a.sft", "b.sft"))
    assert names["21-inputs-unet_name"] == "unet_name_2"


def test_partners_share_the_plain_word_of_a_models_file() -> None:
    names = names_of(
        with_controls(
            ("control_depth.pth", "MiDaS-DepthMapPreprocessor"),
            ("control_canny.pth", "CannyEdgePreprocessor"),
        )
    )
    assert names["50-inputs-strength"] == "depth_control_strength"
    assert names["30-inputs-control_net_name"] == "depth_control_net_name"
    assert names["40-inputs-resolution"] == "depth_resolution"
    assert names["51-inputs-strength"] == "canny_control_strength"
    assert names["60-inputs-image"] == "control_image"


def test_partners_share_one_numbering_whatever_their_ids() -> None:
    workflow = with_controls(
        ("first.pth", "Odd Preprocessor"), ("second.pth", "Odd Preprocessor")
    )
    swapped = {"30": "31", "31": "30"}
    text = json.dumps({swapped.get(id, id): each for id, each in workflow.items()})
    text = re.sub(r'\["(30|31)", 0\]', lambda m: f'["{swapped[m[1]]}", 0]', text)
    names = names_of(json.loads(text))
    assert names["50-inputs-strength"] == "control_1_strength"
    assert names["31-inputs-control_net_name"] == "control_net_name_1"
    assert names["30-inputs-control_net_name"] == "control_net_name_2"


def test_a_brand_in_a_files_name_stays_in_one_piece() -> None:
    names = names_of(with_loras("Wan21_CausVid.safetensors", "Wan21_Turbo.sft"))
    assert names["20-inputs-strength_model"] == "causvid_lora_strength"
    assert names["21-inputs-strength_model"] == "turbo_lora_strength"


def test_a_node_that_resizes_images_and_masks_is_named_for_resizing() -> None:
    names = beside(
        _20=node(
            "ResizeImageMaskNode",
            scale_method="area",
            input=["8", 0],
            **{"resize_type": "scale dimensions", "resize_type.crop": "center"},
        ),
        _21=node("ImageCrop", width=8, height=8, x=0, y=0, image=["20", 0]),
    )
    assert "mask" not in " ".join(names.values())
