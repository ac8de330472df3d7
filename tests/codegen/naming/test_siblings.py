"""How nodes whose inputs would have the same names are distinguished: each has one prefix for
all its inputs.
"""

from __future__ import annotations

from ...helpers.cases import video
from ...helpers.support import Workflow, names_of, node, text_to_image


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


def test_siblings_are_in_the_order_of_their_numbers() -> None:
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


def test_inputs_beside_a_file_are_told_apart_by_its_role() -> None:
    workflow: Workflow = {
        "5": node("Odd Portrait", driving=["1", 0], source=["2", 0]),
        "9": node("SaveImage", filename_prefix="m", images=["5", 0]),
    }
    for id in ("1", "2"):
        workflow[id] = node("VHS_LoadVideo", video="a.mp4", frame_load_cap=0)
    names = names_of(workflow)
    assert names["1-inputs-video"] == "driving_video"
    assert names["1-inputs-frame_load_cap"] == "driving_frame_load_cap"
    assert names["2-inputs-frame_load_cap"] == "source_frame_load_cap"


def test_a_plain_class_stands_bare_beside_one_that_says_more() -> None:
    workflow = text_to_image()
    for id, kind in (("20", "IPAdapterAdvanced"), ("21", "IPAdapterFaceID")):
        workflow[id] = node(kind, weight=0.5, model=["4", 0])
    workflow["21"]["inputs"]["model"] = ["20", 0]
    workflow["3"]["inputs"]["model"] = ["21", 0]
    names = names_of(workflow)
    assert names["20-inputs-weight"] == "ip_adapter_weight"
    assert names["21-inputs-weight"] == "face_ip_adapter_weight"


def test_a_text_titled_as_the_prompt_is_it_where_two_are_joined() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["20", 0]
    workflow["20"] = node("StringConcatenate", string_a=["21", 0], string_b=["22", 0])
    workflow["21"] = node("PrimitiveString", "prompts", value="a cat")
    workflow["22"] = node("PrimitiveString", value="high quality")
    names = names_of(workflow)
    assert names["21-inputs-value"] == "positive_prompt"
    assert names["22-inputs-value"] == "prompt_suffix"


def test_a_number_stands_behind_the_noun_in_all_names_of_a_node() -> None:
    workflow = text_to_image()
    workflow["20"] = node("FaceDetailer", image=["8", 0], steps=8, cycle=1)
    workflow["21"] = node("FaceDetailer", image=["20", 0], steps=9, cycle=1)
    workflow["9"]["inputs"]["images"] = ["21", 0]
    names = names_of(workflow)
    assert names["21-inputs-steps"] == "face_detailer_2_steps"
    assert names["21-inputs-cycle"] == "face_detailer_2_cycle"


def test_outputs_that_leave_several_nodes_to_be_numbered_distinguish_none() -> None:
    workflow: Workflow = {}
    for id, prefix in (("1", "group_test"), ("2", "group_test"), ("3", "readme")):
        workflow[id] = node("KSampler", steps=20)
        workflow[f"1{id}"] = node("VAEDecode", samples=[id, 0])
        workflow[f"2{id}"] = node(
            "SaveImage", images=[f"1{id}", 0], filename_prefix=prefix
        )
    names = names_of(workflow)
    assert [names[f"{id}-inputs-steps"] for id in "123"] == [
        "steps_1",
        "steps_2",
        "steps_3",
    ]


def test_a_prefix_has_as_many_words_as_fit_before_all_inputs_of_a_node() -> None:
    workflow: Workflow = {}
    for id, prefix in (("1", "north_pole_night"), ("2", "south_sea_day")):
        workflow[id] = node("KSampler", steps=20, sampler_name="euler")
        workflow[f"1{id}"] = node("VAEDecode", samples=[id, 0])
        workflow[f"2{id}"] = node(
            "SaveImage", images=[f"1{id}", 0], filename_prefix=prefix
        )
    names = names_of(workflow)
    assert names["1-inputs-steps"] == "north_pole_steps"
    assert names["1-inputs-sampler_name"] == "north_pole_sampler_name"


def test_a_sampler_beside_other_nodes_with_steps_is_known_by_its_pass() -> None:
    workflow = text_to_image()
    workflow["3"] = node(
        "SamplerCustomAdvanced",
        sampler=["20", 0],
        latent_image=["5", 0],
    )
    workflow["20"] = node("KSamplerSelect", sampler_name="euler")
    workflow["21"] = node("BasicScheduler", steps=20, scheduler="normal", denoise=1.0)
    workflow["24"] = node("Odd Chart", sigmas=["21", 0])
    workflow["22"] = node("LatentUpscaleBy", scale_by=1.5, samples=["3", 0])
    workflow["23"] = node(
        "KSampler", seed=1, steps=9, sampler_name="euler", latent_image=["22", 0]
    )
    workflow["8"]["inputs"]["samples"] = ["23", 0]
    names = names_of(workflow)
    assert names["23-inputs-steps"] == "upscale_steps"
    assert names["23-inputs-sampler_name"] == "upscale_sampler_name"


def test_a_video_with_frames_in_between_says_so_beside_one_without() -> None:
    workflow = text_to_image()
    workflow["20"] = node("RIFE VFI", multiplier=2, frames=["8", 0])
    workflow["9"] = node("VHS_VideoCombine", frame_rate=16, images=["8", 0])
    workflow["21"] = node("VHS_VideoCombine", frame_rate=32, images=["20", 0])
    names = names_of(workflow)
    assert names["9-inputs-frame_rate"] == "frame_rate"
    assert names["21-inputs-frame_rate"] == "interpolated_frame_rate"
