"""What tells nodes apart that would have the same names: every one carries its own, the same for
all its inputs.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import generate

from ...helpers.cases import base_and_refiner, video
from ...helpers.support import Workflow, names_of, node, text_to_image


def with_loras(*files: str) -> Workflow:
    """Text to image with LoRAs in a chain."""
    workflow = text_to_image()
    source = ["4", 0]
    for place, file in enumerate(files):
        id = str(20 + place)
        workflow[id] = node(
            "LoraLoaderModelOnly", lora_name=file, strength_model=1.0, model=source
        )
        source = [id, 0]
    workflow["3"]["inputs"]["model"] = source
    return workflow


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


def with_controls(*kinds: tuple[str, str]) -> Workflow:
    """Text to image with ControlNets in a chain, by the files of their models and the classes of
    their preprocessors.
    """
    workflow = text_to_image()
    workflow["60"] = node("LoadImage", image="p.png")
    prompt = ["6", 0]
    for place, (file, preprocessor) in enumerate(kinds):
        loader, image, apply = (str(tens + place) for tens in (30, 40, 50))
        workflow[loader] = node("ControlNetLoader", control_net_name=file)
        workflow[image] = node(preprocessor, resolution=512, image=["60", 0])
        workflow[apply] = node(
            "ControlNetApply",
            strength=0.5,
            conditioning=prompt,
            control_net=[loader, 0],
            image=[image, 0],
        )
        prompt = [apply, 0]
    workflow["3"]["inputs"]["positive"] = prompt
    return workflow


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


def test_an_image_and_a_video_are_told_apart_by_what_is_made() -> None:
    names = names_of(
        {
            **text_to_image(),
            "20": node("CheckpointLoaderSimple", ckpt_name="video.safetensors"),
            "22": node("CLIPTextEncode", text="it moves", clip=["20", 1]),
            "23": node("CLIPTextEncode", text="static", clip=["20", 1]),
            "25": node(
                "LTXVImgToVideo",
                width=768,
                height=512,
                length=97,
                batch_size=1,
                positive=["22", 0],
                negative=["23", 0],
                vae=["20", 2],
                image=["8", 0],
            ),
            "26": node(
                "KSampler",
                seed=1,
                steps=20,
                model=["20", 0],
                positive=["25", 0],
                negative=["25", 1],
                latent_image=["25", 2],
            ),
            "27": node("VAEDecode", samples=["26", 0], vae=["20", 2]),
            "28": node("SaveAnimatedWEBP", filename_prefix="v", images=["27", 0]),
        }
    )
    assert names["5-inputs-width"] == "image_width"
    assert names["25-inputs-width"] == "video_width"
    assert (names["3-inputs-seed"], names["26-inputs-seed"]) == (
        "image_seed",
        "video_seed",
    )
    assert not any("refiner" in name for name in names.values())


def test_branches_are_told_apart_by_what_their_nearest_outputs_are_called() -> None:
    workflow = text_to_image()
    workflow["9"]["inputs"]["filename_prefix"] = "portrait_1"
    workflow["19"] = node("SaveImage", images=["8", 0], filename_prefix="portrait_2")
    workflow["13"] = copy.deepcopy(workflow["3"])
    workflow["13"]["inputs"] |= {"latent_image": ["15", 0], "steps": 9}
    workflow["15"] = copy.deepcopy(workflow["5"])
    workflow["15"]["inputs"]["width"] = 256
    workflow["18"] = node("VAEDecode", samples=["13", 0], vae=["4", 2])
    workflow["29"] = node("SaveImage", images=["18", 0], filename_prefix="thumbnail")
    names = names_of(workflow)
    assert names["3-inputs-steps"] == "portrait_steps"
    assert names["5-inputs-width"] == "portrait_width"
    assert names["13-inputs-steps"] == "thumbnail_steps"
    assert names["15-inputs-width"] == "thumbnail_width"


def test_images_are_told_apart_by_the_frames_that_they_guide() -> None:
    workflow: Workflow = {}
    for place, frame in enumerate((-1, 0)):
        loader, resize, guide = (f"{tens}{place}" for tens in (1, 2, 3))
        workflow[loader] = node("LoadImage", image="a.png")
        workflow[resize] = node(
            "ResizeImageMaskNode", resize_type="match size", input=[loader, 0]
        )
        workflow[guide] = node(
            "LTXVAddGuide",
            image=[resize, 0],
            frame_idx=frame,
            strength=0.5 + place / 4,
        )
    names = names_of(workflow)
    assert names["10-inputs-image"] == "end_image"
    assert names["11-inputs-image"] == "start_image"
    assert names["30-inputs-strength"] == "end_guide_strength"
    assert names["31-inputs-strength"] == "start_guide_strength"
    assert names["31-inputs-frame_idx"] == "start_frame_idx"


def test_one_rate_as_a_whole_number_and_one_with_a_fraction_are_told_apart() -> None:
    workflow = video()
    workflow["90"] = node("PrimitiveInt", "Frame Rate (int)", value=24)
    workflow["91"] = node("PrimitiveFloat", "Frame Rate (float)", value=23.976)
    workflow["92"] = node("LTXVEmptyLatentAudio", frame_rate=["90", 0])
    workflow["8"]["inputs"]["latent"] = ["92", 0]
    workflow["93"] = node("LTXVConditioning", frame_rate=["91", 0], positive=["5", 0])
    workflow["8"]["inputs"]["positive"] = ["93", 0]
    names = names_of(workflow)
    assert names["90-inputs-value"] == "int_frame_rate"
    assert names["91-inputs-value"] == "float_frame_rate"


def test_brothers_stand_in_the_order_of_their_numbers() -> None:
    workflow = {
        "5": node("LoadImage", image="a.png"),
        "9": node("LoadImage", image="b.png"),
        "10": node("ImageBatch", image1=["9", 0], image2=["5", 0]),
        "11": node("SaveImage", images=["10", 0], filename_prefix="x"),
    }
    names = [name for name in names_of(workflow).values() if "image" in name]
    assert names == ["image_1", "image_2"]


def test_what_owns_a_name_keeps_it_and_others_carry_what_they_are() -> None:
    workflow = text_to_image()
    workflow["20"] = node(
        "ModelSamplingFlux",
        max_shift=1.15,
        base_shift=0.5,
        width=1024,
        height=1024,
        model=["4", 0],
    )
    workflow["3"]["inputs"]["model"] = ["20", 0]
    names = names_of(workflow)
    assert names["5-inputs-width"] == "width"
    assert names["20-inputs-width"] == "shift_width"


def test_every_brother_carries_the_authors_word() -> None:
    workflow = base_and_refiner()
    workflow["7"]["_meta"] = {"title": "KSampler (First Pass - High)"}
    workflow["8"]["_meta"] = {"title": "KSampler (Second Pass - Low)"}
    workflow["1"]["_meta"] = {"title": "Load Checkpoint (High)"}
    workflow["2"]["_meta"] = {"title": "Load Checkpoint (Low)"}
    names = names_of(workflow)
    assert names["7-inputs-cfg"] == "high_cfg"
    assert names["8-inputs-cfg"] == "low_cfg"
    assert names["1-inputs-ckpt_name"] == "high_ckpt_name"


def test_a_title_that_two_share_still_tells_them_from_others() -> None:
    workflow = with_loras(*(f"{letter}.safetensors" for letter in "abcd"))
    for id, title in zip(("20", "21", "22", "23"), ("Ink", "Moss") * 2, strict=True):
        workflow[id]["_meta"] = {"title": title}
    names = names_of(workflow)
    assert [names[f"2{at}-inputs-lora_name"] for at in range(4)] == [
        "ink_lora_1_name",
        "moss_lora_1_name",
        "ink_lora_2_name",
        "moss_lora_2_name",
    ]


def test_a_brand_in_a_title_gives_way_to_what_else_it_says() -> None:
    workflow = text_to_image()
    for id, title in (("20", "Load LoRA Flux SanJuan"), ("21", "Load LoRA Solarpunk")):
        workflow[id] = node(
            "LoraLoader",
            title,
            lora_name="l.sft",
            strength_model=1.0,
            strength_clip=1.0,
        )
    names = names_of(workflow)
    assert names["20-inputs-strength_clip"] == "san_juan_strength_clip"
    assert names["21-inputs-strength_clip"] == "solarpunk_strength_clip"


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


def test_a_weak_word_keeps_a_noun_behind_two_words_of_its_authors() -> None:
    workflow: Workflow = {}
    for id, title in (("1", "Close Up"), ("2", "Wide Shot")):
        workflow[id] = node("CFGNorm", strength=1.0)
        workflow[f"1{id}"] = node("SaveImage", title, images=[id, 0])
    names = names_of(workflow)
    assert names["1-inputs-strength"] == "close_up_norm_strength"


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


def test_images_are_told_apart_by_what_their_files_say_that_they_show() -> None:
    workflow = {
        "1": node("LoadImage", image="room_depth.png"),
        "2": node("LoadImage", image="room_canny.png"),
        "3": node("ImageBatch", image1=["1", 0], image2=["2", 0]),
        "4": node("SaveImage", images=["3", 0], filename_prefix="x"),
    }
    names = names_of(workflow)
    assert names["1-inputs-image"] == "depth_image"
    assert names["2-inputs-image"] == "canny_image"


def test_classes_of_one_kind_are_told_apart_by_the_words_in_which_they_differ() -> None:
    names = names_of(
        {
            "1": node("BlockifyMask", block_size=8, device="cpu"),
            "2": node("DrawMaskOnImage", color="0,0,0", device="cpu"),
        }
    )
    assert names["1-inputs-device"] == "blockify_mask_device"
    assert names["2-inputs-device"] == "draw_mask_device"


def test_prompts_that_different_classes_hold_are_numbered_alike() -> None:
    workflow = text_to_image()
    workflow["20"] = node("Simple String", string="a fox")
    workflow["21"] = node("CR Prompt Text", prompt="in snow")
    workflow["22"] = node("Evaluate Strings", a=["20", 0], b=["21", 0])
    workflow["6"]["inputs"]["text"] = ["22", 0]
    names = names_of(workflow)
    assert names["20-inputs-string"] == "positive_prompt_1"
    assert names["21-inputs-prompt"] == "positive_prompt_2"


def test_no_number_stands_before_the_end_of_a_phrase() -> None:
    workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": node("UltimateSDUpscale", upscale_by=2.0, steps=20, image=["1", 0]),
        "3": node("UltimateSDUpscale", upscale_by=1.5, steps=9, image=["2", 0]),
        "4": node("SaveImage", images=["3", 0], filename_prefix="x"),
    }
    names = names_of(workflow)
    assert names["2-inputs-upscale_by"] == "upscale_by_1"
    assert names["3-inputs-steps"] == "steps_2"


def test_long_prefixes_leave_out_what_all_begin_with() -> None:
    workflow: Workflow = {}
    for id, prefix in (("1", "shot_clean_plate"), ("2", "shot_body_swap_out")):
        workflow[id] = node("Odd Source", frame_load_cap=0, select_every_nth=1)
        workflow[f"1{id}"] = node("SaveImage", images=[id, 0], filename_prefix=prefix)
    names = names_of(workflow)
    assert names["1-inputs-frame_load_cap"] == "clean_frame_load_cap"
    assert names["2-inputs-frame_load_cap"] == "body_frame_load_cap"


def test_a_brand_in_a_files_name_stays_in_one_piece() -> None:
    names = names_of(with_loras("Wan21_CausVid.safetensors", "Wan21_Turbo.sft"))
    assert names["20-inputs-strength_model"] == "causvid_lora_strength"
    assert names["21-inputs-strength_model"] == "turbo_lora_strength"


def test_a_text_that_is_zeroed_out_is_told_from_one_that_counts() -> None:
    workflow = text_to_image()
    workflow["20"] = node("ConditioningZeroOut", conditioning=["7", 0])
    for id, source, span in (("21", "20", (0.1, 1.0)), ("22", "7", (0.0, 0.1))):
        workflow[id] = node(
            "ConditioningSetTimestepRange",
            start=span[0],
            end=span[1],
            conditioning=[source, 0],
        )
    workflow["23"] = node(
        "ConditioningCombine", conditioning_1=["21", 0], conditioning_2=["22", 0]
    )
    workflow["3"]["inputs"]["negative"] = ["23", 0]
    names = names_of(workflow)
    assert names["21-inputs-start"] == "zero_negative_range_start"
    assert names["22-inputs-end"] == "negative_range_end"


def test_titles_that_differ_in_a_number_alone_are_numbered_alike() -> None:
    workflow = base_and_refiner()
    workflow["7"]["_meta"] = {"title": "Sampler"}
    workflow["8"]["_meta"] = {"title": "Sampler2"}
    names = names_of(workflow)
    assert names["7-inputs-steps"] == "sampler_1_steps"
    assert names["8-inputs-steps"] == "sampler_2_steps"


def test_a_pair_of_ranges_has_one_number_with_its_prompts() -> None:
    workflow = text_to_image()
    for place in (0, 1):
        workflow[f"3{place}"] = node(
            "CLIPTextEncode", text=f"scene {place}", clip=["4", 1]
        )
        workflow[f"4{place}"] = node(
            "ConditioningSetTimestepRange",
            conditioning=[f"3{place}", 0],
            start=place / 2,
            end=(place + 1) / 2,
        )
    workflow["50"] = node(
        "ConditioningCombine", conditioning_1=["40", 0], conditioning_2=["41", 0]
    )
    workflow["3"]["inputs"]["positive"] = ["50", 0]
    del workflow["6"]
    names = names_of(workflow)
    assert names["30-inputs-text"] == "positive_prompt_1"
    assert (names["40-inputs-start"], names["40-inputs-end"]) == (
        "range_1_start",
        "range_1_end",
    )
    assert names["41-inputs-start"] == "range_2_start"


def test_a_switch_tells_its_two_values_apart_by_what_its_author_calls_it() -> None:
    workflow = text_to_image()
    workflow["3"]["inputs"]["steps"] = ["20", 0]
    workflow["20"] = node(
        "ComfySwitchNode", switch=["23", 0], on_false=["21", 0], on_true=["22", 0]
    )
    workflow["21"] = node("PrimitiveInt", "Steps", value=20)
    workflow["22"] = node("PrimitiveInt", "Steps", value=4)
    workflow["23"] = node("PrimitiveBoolean", "Enable Turbo", value=False)
    names = names_of(workflow)
    assert names["21-inputs-value"] == "steps"
    assert names["22-inputs-value"] == "turbo_steps"


def test_images_for_numbered_sockets_are_numbered_as_these_are() -> None:
    names = names_of(
        {
            "9": node("LoadImage", image="a.png"),
            "5": node("LoadImage", image="b.png"),
            "7": node("Stitch", image1=["9", 0], image2=["5", 0]),
            "8": node("SaveImage", images=["7", 0], filename_prefix="x"),
        }
    )
    assert (names["9-inputs-image"], names["5-inputs-image"]) == ("image_1", "image_2")


WORKFLOWS = [
    text_to_image,
    base_and_refiner,
    video,
    lambda: with_loras("a.safetensors", "b.safetensors", "c.safetensors"),
    lambda: with_controls(("a.pth", "Odd"), ("b.pth", "Odd")),
]
TITLES = st.sampled_from(
    [
        "Base",
        "Refiner",
        "",
        "Main prompt",
        "Enter wish here",
        "風景",
        "x (1-3)",
        "Pass 2",
    ]
)


@given(st.sampled_from(WORKFLOWS), st.data())
@settings(max_examples=60, deadline=None)
def test_names_are_unique_and_short_whatever_the_titles(make: Any, data: Any) -> None:
    workflow = make()
    for each in workflow.values():
        if data.draw(st.booleans()):
            each["_meta"] = {"title": data.draw(TITLES)}
    names = names_of(workflow)
    assert len(set(names.values())) == len(names)
    for key, name in names.items():
        own = key.partition("-inputs-")[2]
        assert name.isidentifier()
        assert name.count("_") < 4 or own in name


@given(st.sampled_from(WORKFLOWS), st.data())
@settings(max_examples=60, deadline=None)
def test_a_title_renames_nothing_but_its_node_and_those_who_share_a_name_with_it(
    make: Any, data: Any
) -> None:
    workflow = make()
    before = names_of(workflow)
    id = data.draw(st.sampled_from(sorted(workflow)))
    changed = copy.deepcopy(workflow)
    changed[id]["_meta"] = {"title": data.draw(TITLES)}
    after = names_of(changed)
    own = set(workflow[id]["inputs"])
    classes = {workflow[id]["class_type"]}
    for key, name in before.items():
        node_id, _, input = key.partition("-inputs-")
        related = (
            node_id == id
            or input in own
            or workflow[node_id]["class_type"] in classes
            or _linked(workflow, id, node_id)
        )
        assert related or after[key] == name


def _linked(workflow: Workflow, one: str, other: str) -> bool:
    pairs = ((one, other), (other, one))
    return any(
        isinstance(value, list) and value[:1] == [second]
        for first, second in pairs
        for value in workflow[first]["inputs"].values()
    )


@pytest.mark.parametrize("make", WORKFLOWS)
def test_what_the_ids_are_renames_nothing_but_numbers(make: Any) -> None:
    workflow = make()
    names = sorted(names_of(workflow).values())
    text = json.dumps({f"1{id}": each for id, each in workflow.items()})
    moved = json.loads(re.sub(r'\["(\d+)", ', r'["1\1", ', text))
    assert sorted(names_of(moved).values()) == names
