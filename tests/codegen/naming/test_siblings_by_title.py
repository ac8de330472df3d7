"""What tells nodes apart by their authors' words: titles, prefixes of files, numbers in both."""

from __future__ import annotations

import copy

from ...helpers.cases import base_and_refiner
from ...helpers.chains import with_loras
from ...helpers.support import Workflow, names_of, node, text_to_image


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


def test_every_sibling_gets_the_authors_word() -> None:
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
    for id, title in (("20", "Load LoRA Flux Juan"), ("21", "Load LoRA Solarpunk")):
        workflow[id] = node(
            "LoraLoader",
            title,
            lora_name="l.sft",
            strength_model=1.0,
            strength_clip=1.0,
        )
    names = names_of(workflow)
    assert names["20-inputs-strength_clip"] == "juan_lora_strength_clip"
    assert names["21-inputs-strength_clip"] == "solarpunk_lora_strength_clip"


def test_a_weak_word_keeps_a_noun_behind_two_words_of_its_authors() -> None:
    workflow: Workflow = {}
    for id, title in (("1", "Close Up"), ("2", "Wide Shot")):
        workflow[id] = node("CFGNorm", strength=1.0)
        workflow[f"1{id}"] = node("SaveImage", title, images=[id, 0])
    names = names_of(workflow)
    assert names["1-inputs-strength"] == "close_up_norm_strength"


def test_long_prefixes_leave_out_what_all_begin_with() -> None:
    workflow: Workflow = {}
    for id, prefix in (("1", "shot_clean_plate"), ("2", "shot_body_swap_out")):
        workflow[id] = node("Odd Source", frame_load_cap=0, select_every_nth=1)
        workflow[f"1{id}"] = node("SaveImage", images=[id, 0], filename_prefix=prefix)
    names = names_of(workflow)
    assert names["1-inputs-frame_load_cap"] == "clean_frame_load_cap"
    assert names["2-inputs-frame_load_cap"] == "body_frame_load_cap"


def test_titles_that_differ_in_a_number_alone_are_numbered_alike() -> None:
    workflow = base_and_refiner()
    workflow["7"]["_meta"] = {"title": "Sampler"}
    workflow["8"]["_meta"] = {"title": "Sampler2"}
    names = names_of(workflow)
    assert names["7-inputs-steps"] == "sampler_1_steps"
    assert names["8-inputs-steps"] == "sampler_2_steps"


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


def test_a_letter_with_a_number_in_titles_stays_one_word() -> None:
    workflow: Workflow = {}
    for id in ("1", "2"):
        workflow[id] = node("EmptyImage", f"L0{id} image", width=512)
        workflow[f"1{id}"] = node("SaveImage", images=[id, 0], filename_prefix="x")
    assert names_of(workflow)["2-inputs-width"] == "l02_width"


def test_all_inputs_of_a_numbered_part_have_its_number() -> None:
    workflow: Workflow = {
        "1": node("CheckpointLoaderSimple", ckpt_name="a.safetensors")
    }
    for part, copied in (("1", "40"), ("2", "30")):
        seed, saver = f"5{part}", f"6{part}"
        workflow[seed] = node("PrimitiveInt", value=1)
        workflow[saver] = node(
            "SaveImage", images=[f"{copied}:3", 0], filename_prefix="a"
        )
        workflow |= {
            f"{copied}:1": node(
                "CLIPTextEncode", f"Prompt, Part {part}", text="a cat", clip=["1", 1]
            ),
            f"{copied}:2": node(
                "KSampler",
                seed=[seed, 0],
                steps=20,
                model=["1", 0],
                positive=[f"{copied}:1", 0],
                latent_image=[f"{copied}:4", 0],
            ),
            f"{copied}:3": node("VAEDecode", samples=[f"{copied}:2", 0], vae=["1", 2]),
            f"{copied}:4": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        }
    names = names_of(workflow)
    assert names["51-inputs-value"] == "part_1_seed"
    assert names["52-inputs-value"] == "part_2_seed"
    assert names["40:2-inputs-steps"] == "part_1_steps"
    assert names["30:2-inputs-steps"] == "part_2_steps"
    assert names["40:4-inputs-batch_size"] == "part_1_batch_size"
    assert names["61-inputs-filename_prefix"] == "part_1_filename_prefix"


def test_a_file_without_a_role_is_known_by_its_kind_beside_one_with_a_role() -> None:
    workflow = text_to_image()
    workflow |= {
        "10": node("LoadImage", image="pose.png"),
        "11": node("LoadImage", image="a.png"),
        "12": node("ImageScaleToTotalPixels", image=["10", 0], megapixels=1.0),
        "13": node("ImageScaleToTotalPixels", image=["11", 0], megapixels=0.5),
        "14": node("ControlNetLoader", control_net_name="pose.safetensors"),
        "15": node(
            "ControlNetApply",
            conditioning=["6", 0],
            control_net=["14", 0],
            image=["12", 0],
            strength=1.0,
        ),
        "16": node("VAEEncode", pixels=["13", 0], vae=["4", 2]),
    }
    workflow["3"]["inputs"] |= {"positive": ["15", 0], "latent_image": ["16", 0]}
    names = names_of(workflow)
    assert names["12-inputs-megapixels"] == "control_megapixels"
    assert names["13-inputs-megapixels"] == "image_megapixels"
