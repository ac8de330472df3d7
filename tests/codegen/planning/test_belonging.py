"""Which inputs one parameter sets, since the graph says that they belong together."""

from __future__ import annotations

from typing import Any

from viewcomfy_codegen import Options, generate

from ...helpers.chains import with_loras
from ...helpers.support import node, text_to_image


def sets(workflow: dict[str, Any], **options: Any) -> dict[str, list[str]]:
    module = generate(workflow, options=Options(**options), targets=()).module
    return {
        each.name: list(map(str, each.inputs))
        for each in module.parameters
        if each.inputs[1:]
    }


def split_pair() -> dict[str, Any]:
    """Two samplers that share one denoising: the second goes on where the first one ends."""
    sampler: dict[str, Any] = {
        "noise_seed": 7,
        "steps": 20,
        "sampler_name": "euler",
        "scheduler": "normal",
    }
    workflow = text_to_image()
    workflow["3"] = node(
        "KSamplerAdvanced",
        **sampler,
        cfg=3,
        add_noise="enable",
        start_at_step=0,
        end_at_step=10,
        return_with_leftover_noise="enable",
        model=["4", 0],
        positive=["6", 0],
        negative=["7", 0],
        latent_image=["5", 0],
    )
    second = {**workflow["3"]["inputs"], "cfg": 5, "add_noise": "disable"}
    second |= {"start_at_step": 10, "end_at_step": 10000, "latent_image": ["3", 0]}
    workflow["11"] = node("KSamplerAdvanced", **second)
    workflow["8"]["inputs"]["samples"] = ["11", 0]
    return workflow


def test_the_halves_of_one_denoising_share_its_schedule() -> None:
    found = sets(split_pair())
    assert found["steps"] == ["3-inputs-steps", "11-inputs-steps"]
    assert found["switch_at_step"] == [
        "3-inputs-end_at_step",
        "11-inputs-start_at_step",
    ]
    assert {"sampler_name", "scheduler"} <= found.keys()


def test_what_is_deployed_differently_stays_apart() -> None:
    workflow = split_pair()
    workflow["11"]["inputs"]["steps"] = 30
    assert "steps" not in sets(workflow)
    assert not any("cfg" in name for name in sets(workflow))


def test_everything_stays_apart_where_the_user_says_so() -> None:
    assert sets(split_pair(), share=False) == {}


def test_a_size_that_nodes_of_one_flow_repeat_is_one() -> None:
    workflow = text_to_image()
    workflow["12"] = node(
        "ImageScale",
        image=["8", 0],
        upscale_method="bilinear",
        width=512,
        height=768,
        crop="disabled",
    )
    workflow["9"]["inputs"]["images"] = ["12", 0]
    assert sets(workflow)["width"] == ["5-inputs-width", "12-inputs-width"]


def test_pipelines_side_by_side_share_nothing_by_chance() -> None:
    workflow = text_to_image()
    for id, each in text_to_image().items():
        inputs = {
            name: [f"2{value[0]}", value[1]] if isinstance(value, list) else value
            for name, value in each["inputs"].items()
        }
        workflow[f"2{id}"] = {**each, "inputs": inputs}
    workflow["23"]["inputs"]["seed"] = 5
    workflow["24"]["inputs"]["ckpt_name"] = "other.safetensors"
    assert sets(workflow) == {}


def test_texts_that_one_encoder_takes_twice_are_one() -> None:
    workflow = text_to_image()
    workflow["6"] = node(
        "CLIPTextEncodeFlux", clip=["4", 1], clip_l="a fox", t5xxl="a fox", guidance=3.5
    )
    assert sets(workflow)["positive_prompt"] == ["6-inputs-clip_l", "6-inputs-t5xxl"]


def test_a_set_has_no_name_that_is_right_for_one_of_its_inputs_alone() -> None:
    workflow = text_to_image()
    workflow["5"]["inputs"]["width"] = 640
    for id in ("6", "7"):
        text = workflow[id]["inputs"]["text"]
        workflow[id] = node(
            "CLIPTextEncodeSDXL", clip=["4", 1], width=1024, text_g=text, text_l=text
        )
    found = sets(workflow)
    assert found["conditioning_width"] == ["6-inputs-width", "7-inputs-width"]


def test_a_model_file_that_several_loaders_read_is_one() -> None:
    workflow = text_to_image()
    workflow["20"] = node("CheckpointLoaderSimple", ckpt_name="model.safetensors")
    workflow["7"]["inputs"]["clip"] = ["20", 1]
    assert ["4-inputs-ckpt_name", "20-inputs-ckpt_name"] in sets(workflow).values()


def test_a_call_sets_every_input_of_a_set() -> None:
    made = generate(split_pair(), name="made")
    assert 'Input("3", "steps"' in made.files["made.py"]
    schema = made.module.parameters
    [steps] = [each for each in schema if each.name == "steps"]
    assert len(steps.inputs) == 2


def test_slots_for_loras_in_a_row_are_not_one_although_they_hold_one_file() -> None:
    found = sets(with_loras("fill.safetensors", "fill.safetensors"))
    keys = {key for each in found.values() for key in each}
    assert not keys & {f"2{at}-inputs-lora_name" for at in range(2)}
    assert not keys & {f"2{at}-inputs-strength_model" for at in range(2)}


def test_a_server_that_several_nodes_call_is_one() -> None:
    workflow = text_to_image()
    address = "http://127.0.0.1:11434"
    for id in ("6", "7"):
        workflow[f"2{id}"] = node("OllamaGenerate", prompt=id, url=address, model="m")
        workflow[id]["inputs"]["text"] = [f"2{id}", 0]
    assert ["26-inputs-url", "27-inputs-url"] in sets(workflow).values()


def test_the_halves_of_one_denoising_share_the_settings_of_their_models() -> None:
    workflow = split_pair()
    for id, sampler in (("30", "3"), ("31", "11")):
        workflow[id] = node("ModelSamplingSD3", shift=8.0, model=["4", 0])
        workflow[sampler]["inputs"]["model"] = [id, 0]
    assert ["30-inputs-shift", "31-inputs-shift"] in sets(workflow).values()


def test_equal_placeholders_are_one_and_a_rate_is_one_however_it_is_called() -> None:
    workflow = text_to_image()
    workflow["5"] = node("EmptyLTXVLatentVideo", width=64, height=64, length="{{N}}")
    workflow["20"] = node("LTXVEmptyLatentAudio", frames_number="{{N}}", frame_rate=24)
    workflow["21"] = node("LTXVConcatAVLatent", video_latent=["5", 0])
    workflow["21"]["inputs"]["audio_latent"] = ["20", 0]
    workflow["3"]["inputs"]["latent_image"] = ["21", 0]
    workflow["22"] = node("CreateVideo", fps=24.0, images=["8", 0])
    workflow["9"] = node("SaveVideo", filename_prefix="v", video=["22", 0])
    found = sets(workflow)
    assert found["length"] == ["5-inputs-length", "20-inputs-frames_number"]
    assert found["frame_rate"] == ["20-inputs-frame_rate", "22-inputs-fps"]


def test_what_has_no_effect_leaves_its_name_to_what_has_one() -> None:
    workflow = text_to_image()
    workflow["20"] = node("EmptyLatentImage", width=512, height=512, batch_size=1)
    workflow["21"] = node("ImageScale", upscale_method="area", width=512, height=512)
    workflow["21"]["inputs"] |= {"crop": "disabled", "image": ["8", 0]}
    workflow["5"]["inputs"] |= {"width": 512, "height": 512}
    workflow["9"]["inputs"]["images"] = ["21", 0]
    assert sets(workflow)["width"] == ["5-inputs-width", "21-inputs-width"]
