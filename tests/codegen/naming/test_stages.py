"""What tells samplers in a row apart: base and refiner, the halves of the noise."""

from __future__ import annotations

from typing import Any

import pytest

from viewcomfy_codegen import generate

from ...helpers.cases import base_and_refiner
from ...helpers.support import Workflow, names_of, node


def split_noise(**model: Any) -> Workflow:
    """Two halves of one denoising, each with its model, which `model` may stand behind."""
    workflow: Workflow = {
        "1": node("UNETLoader", unet_name="wan_high_noise.safetensors"),
        "2": node("UNETLoader", unet_name="wan_low_noise.safetensors"),
        **model,
    }
    for id, source in (("3", "1"), ("4", "2")):
        workflow[id] = node(
            "KSamplerAdvanced",
            add_noise="enable",
            noise_seed=1,
            steps=20,
            cfg=3.5,
            model=[f"5{source}" if f"5{source}" in model else source, 0],
        )
    workflow["4"]["inputs"]["latent_image"] = ["3", 0]
    workflow["3"]["inputs"]["latent_image"] = ["6", 0]
    workflow["6"] = node("EmptyLatentImage", width=64, height=64, batch_size=1)
    workflow["7"] = node("VAEDecode", samples=["4", 0], vae=["8", 0])
    workflow["8"] = node("VAELoader", vae_name="v.safetensors")
    workflow["9"] = node("SaveImage", images=["7", 0], filename_prefix="x")
    return workflow


def test_the_halves_of_the_noise_are_seen_through_a_switch() -> None:
    loras = {
        f"5{id}": node(
            "ComfySwitchNode", switch=True, on_true=[f"6{id}", 0], on_false=[id, 0]
        )
        for id in "12"
    }
    loras |= {
        f"6{id}": node(
            "LoraLoaderModelOnly", lora_name="l.sft", strength_model=1.0, model=[id, 0]
        )
        for id in "12"
    }
    names = names_of(split_noise(**loras))
    assert names["3-inputs-cfg"] == "high_noise_cfg"
    assert names["4-inputs-cfg"] == "low_noise_cfg"
    assert names["4-inputs-noise_seed"] == "low_noise_seed"
    assert names["3-inputs-add_noise"] == "high_add_noise"
    assert names["61-inputs-strength_model"] == "high_noise_lora_strength"


def test_one_model_for_two_samplers_is_no_half_of_the_noise() -> None:
    workflow = split_noise()
    workflow["4"]["inputs"]["model"] = ["1", 0]
    workflow["10"] = node("LatentUpscaleBy", samples=["3", 0], scale_by=2.0)
    workflow["4"]["inputs"]["latent_image"] = ["10", 0]
    names = names_of(workflow)
    assert names["3-inputs-cfg"] == "base_cfg"
    assert names["4-inputs-cfg"] == "upscale_cfg"


def test_a_filter_between_two_samplers_leaves_them_stages() -> None:
    workflow = split_noise()
    del workflow["2"]
    workflow["4"]["inputs"] |= {"model": ["1", 0], "latent_image": ["12", 0]}
    workflow["10"] = node("VAEDecode", samples=["3", 0], vae=["8", 0])
    workflow["11"] = node("ImageSharpen", image=["10", 0], sigma=1.0)
    workflow["12"] = node("VAEEncode", pixels=["11", 0], vae=["8", 0])
    names = names_of(workflow)
    assert names["3-inputs-cfg"] == "base_cfg"
    assert names["4-inputs-cfg"] == "refiner_cfg"


def test_what_both_halves_of_the_noise_share_is_not_called_noise() -> None:
    module = generate(split_noise(), targets=()).module
    assert "seed" in [each.name for each in module.parameters if each.inputs[1:]]


def test_a_sampler_that_takes_no_latents_is_one_by_what_it_makes() -> None:
    workflow: Workflow = {}
    for id, half in (("1", "HIGH"), ("2", "LOW")):
        workflow[f"1{id}"] = node(
            "WanVideoModelLoader", model=f"Wan_{half}.safetensors"
        )
        workflow[f"2{id}"] = node(
            "WanVideoSampler", model=[f"1{id}", 0], steps=8, cfg=1.0, seed=1
        )
    workflow["22"]["inputs"]["samples"] = ["21", 0]
    workflow["3"] = node("WanVideoDecode", samples=["22", 0])
    workflow["4"] = node("SaveAnimatedWEBP", images=["3", 0], filename_prefix="x")
    names = names_of(workflow)
    assert names["21-inputs-cfg"] == "high_noise_cfg"
    assert names["22-inputs-cfg"] == "low_noise_cfg"


def test_prompts_that_two_encoders_take_are_told_apart_by_their_stage() -> None:
    workflow = base_and_refiner()
    for id, said in (("3", "a fox"), ("4", "blurry")):
        workflow[id] = node(
            "CLIPTextEncodeSDXL",
            width=1024,
            height=1024,
            text_g=said,
            text_l=said,
            clip=["1", 1],
        )
    for id, said in (("11", "a fox, oil"), ("12", "text")):
        workflow[id] = node(
            "CLIPTextEncodeSDXLRefiner", ascore=6, text=said, clip=["2", 1]
        )
    workflow["7"]["inputs"] |= {"positive": ["3", 0], "negative": ["4", 0]}
    workflow["8"]["inputs"] |= {"positive": ["11", 0], "negative": ["12", 0]}
    workflow["7"]["inputs"]["model"] = ["1", 0]
    del workflow["5"]
    module = generate(workflow, targets=()).module
    names = [each.name for each in module.parameters if "prompt" in each.name]
    assert sorted(names) == [
        "base_negative_prompt",
        "base_positive_prompt",
        "refiner_negative_prompt",
        "refiner_positive_prompt",
    ]


def sampled(cfg: float, latent: str) -> Any:
    """A sampler, which its CFG scale tells from others."""
    return node("KSampler", seed=1, steps=9, cfg=cfg, latent_image=[latent, 0])


def in_sequence(*encoders: str) -> Workflow:
    """A sampler, and one more behind each encoder, which encodes what the last one made."""
    workflow: Workflow = {
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "10": sampled(1.0, "5"),
        "11": node("VAEDecode", samples=["10", 0]),
    }
    for number, encoder in enumerate(encoders, 2):
        workflow |= {
            f"{number}2": node(encoder, pixels=[f"{number - 1}1", 0]),
            f"{number}0": sampled(float(number), f"{number}2"),
            f"{number}1": node("VAEDecode", samples=[f"{number}0", 0]),
        }
    last = 1 + len(encoders)
    workflow["9"] = node("SaveImage", images=[f"{last}1", 0], filename_prefix="x")
    return workflow


@pytest.mark.parametrize(
    ("encoders", "names"),
    [
        (["VAEEncode"], ["base_cfg", "refiner_cfg"]),
        (["VAEEncodeForInpaint"], ["base_cfg", "inpaint_cfg"]),
        (["ExtendVideo"], ["cfg", "extend_cfg"]),
        (["ExtendVideo"] * 2, ["cfg", "extend_1_cfg", "extend_2_cfg"]),
    ],
)
def test_a_pass_is_what_lies_between_it_and_the_one_before(
    encoders: list[str], names: list[str]
) -> None:
    found = names_of(in_sequence(*encoders))
    ids = [f"{number}0" for number in range(1, 2 + len(encoders))]
    assert [found[f"{id}-inputs-cfg"] for id in ids] == names


@pytest.mark.parametrize(
    ("latent", "name"),
    [
        (node("EmptyLatentAudio", seconds=3.0), "audio_cfg"),
        (node("EmptyHunyuanLatentVideo", width=64, length=9), "video_cfg"),
        (node("EmptyLatentHunyuan3Dv2", resolution=64), "mesh_cfg"),
    ],
)
def test_samplers_side_by_side_are_named_by_what_they_make(
    latent: Any, name: str
) -> None:
    workflow = in_sequence() | {"6": latent, "20": sampled(2.0, "6")}
    workflow["7"] = node("SaveLatent", samples=["20", 0], filename_prefix="y")
    found = names_of(workflow)
    assert found["10-inputs-cfg"] == "image_cfg"
    assert found["20-inputs-cfg"] == name
