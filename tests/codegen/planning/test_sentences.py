"""What is said of a parameter: what its class says of it, where that fits the value."""

from __future__ import annotations

from typing import Any

from ...helpers.support import Workflow, node, schema, text_to_image


def about(workflow: Workflow, name: str) -> dict[str, Any]:
    """What the schema says of a parameter."""
    found: dict[str, Any] = schema(workflow)["properties"][name]
    return found


def said(workflow: Workflow, name: str) -> str:
    """The sentence without the place of the input."""
    return str(about(workflow, name)["description"]).partition(" Node ")[0]


def shown(class_type: str, **inputs: Any) -> Workflow:
    """Text to image whose image goes through one more node."""
    workflow = text_to_image()
    workflow["20"] = node(class_type, image=["8", 0], **inputs)
    workflow["9"]["inputs"]["images"] = ["20", 0]
    return workflow


def test_a_sentence_about_a_measure_is_not_said_of_a_switch() -> None:
    found = shown("Nobody's", last_frame_fix=False, force_resize_width=0)
    for name in ("last_frame_fix", "force_resize_width"):
        assert about(found, name)["description"].startswith("Node 20")


def test_a_shared_constant_says_what_holds_for_all_that_use_it() -> None:
    workflow = shown("ImageScale", upscale_method="area", crop="disabled", height=512)
    workflow["21"] = node("PrimitiveInt", value=512)
    workflow["5"]["inputs"]["width"] = ["21", 0]
    workflow["20"]["inputs"]["width"] = ["21", 0]
    assert said(workflow, "width") == "Width in pixels."


def test_a_remark_in_a_default_title_is_not_part_of_a_name() -> None:
    workflow = shown("RIFE VFI", multiplier=2, ckpt_name="rife47.pth")
    title = "RIFE VFI (recommend rife47 and rife49)"
    workflow["20"]["_meta"] = {"title": title}
    assert "frame" in said(workflow, "multiplier")


def test_an_object_says_its_keys() -> None:
    lora = {"on": True, "lora": "a.safetensors", "strength": 0.7}
    found = about(shown("Power Lora Loader (rgthree)", lora_1=lora), "lora_1")
    assert found["type"] == "object"
    assert "Keys: on, lora, strength." in found["description"]


def test_a_switch_says_between_what_it_chooses() -> None:
    workflow = text_to_image()
    workflow["21"] = node("ImageInvert", image=["8", 0])
    workflow["20"] = node(
        "ComfySwitchNode", switch=False, on_false=["8", 0], on_true=["21", 0]
    )
    workflow["9"]["inputs"]["images"] = ["20", 0]
    assert said(workflow, "enable_image_invert") == (
        "On uses “ImageInvert”; off uses “VAEDecode”."
    )


def test_a_constant_that_sets_a_switch_says_between_what_it_chooses() -> None:
    workflow = text_to_image()
    workflow["21"] = node("ImageInvert", image=["8", 0])
    workflow["20"] = node(
        "ComfySwitchNode", switch=["22", 0], on_false=["8", 0], on_true=["21", 0]
    )
    workflow["22"] = node("PrimitiveBoolean", "Invert it", value=False)
    workflow["9"]["inputs"]["images"] = ["20", 0]
    assert said(workflow, "invert_it") == (
        "On uses “ImageInvert”; off uses “VAEDecode”."
    )


def test_a_model_file_is_what_its_loader_loads() -> None:
    loader = node("DownloadAndLoadDepthAnythingV2Model", model="depth.safetensors")
    workflow = shown("DepthAnything_V2", da_model=["21", 0]) | {"21": loader}
    assert said(workflow, "depth_model") == "Depth model file to load."
    workflow["21"] = node("CaptionService", model="fast-1")
    assert said(workflow, "da_model") == "Which caption service model to use."


def test_a_strength_says_what_acts_by_its_family_or_else_its_class() -> None:
    assert said(shown("Odd LoRA Thing", strength=0.5), "lora_strength") == (
        "How strongly the LoRA acts; 0 turns it off."
    )
    assert said(shown("Odd Thing", strength=0.5), "odd_thing_strength") == (
        "How strongly the odd thing acts; 0 turns it off."
    )


def test_a_batch_of_given_images_is_no_number_of_results() -> None:
    workflow = shown("RIFE VFI", batch_size=4, frames=["8", 0])
    found = said(workflow, "interpolation_batch_size")
    assert found.startswith("How many images or frames are processed at once")


def test_a_prompt_of_a_workflow_that_makes_sound_says_what_it_sounds_like() -> None:
    workflow = text_to_image()
    workflow["8"]["class_type"] = "VAEDecodeAudio"
    workflow["9"] = node("SaveAudio", audio=["8", 0], filename_prefix="a")
    assert said(workflow, "positive_prompt") == "What the result should sound like."


def test_what_a_language_model_is_told_is_no_description_of_the_result() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["20", 0]
    workflow["20"] = node("TextGenerate", clip=["4", 1], prompt="Write", max_length=9)
    found = str([each for each in schema(workflow)["properties"].values()])
    assert "Instruction or question for the language model." in found


def test_a_switch_that_sets_several_says_what_it_is_called_after() -> None:
    workflow = text_to_image()
    workflow["21"] = node("PrimitiveBoolean", "Enable turbo LoRA", value=False)
    for id in ("22", "23"):
        workflow[id] = node("ComfySwitchNode", switch=["21", 0], on_true=["8", 0])
    workflow["9"]["inputs"]["images"] = ["22", 0]
    workflow["24"] = node("PreviewImage", images=["23", 0])
    found = schema(workflow)["properties"]["enable_turbo_lora"]
    assert found["description"].startswith("Whether to use the turbo LoRA.")
    assert found["x-viewcomfy-group"] == "basic"


def test_a_negative_prompt_of_an_unknown_class_says_what_is_not_wanted() -> None:
    workflow = {
        "1": node("Odd Encode", prompt="a fox", negative_prompt="a cat"),
        "2": node("KSampler", positive=["1", 0], negative=["1", 1]),
    }
    assert said(workflow, "negative_prompt") == "What the result should not show."


def test_an_edit_instruction_is_no_description_of_a_result() -> None:
    workflow = text_to_image()
    for id in ("6", "7"):
        workflow[id] = node("TextEncodeQwenImageEdit", clip=["4", 1], prompt=f"do {id}")
    assert "changed" in said(workflow, "positive_prompt")
    assert said(workflow, "negative_prompt") == "What the result should not show."


def test_a_constant_behind_a_display_is_what_uses_it() -> None:
    workflow = {
        "1": node("PrimitiveString", value="voice A"),
        "2": node("easy showAnything", text="voice A", anything=["1", 0]),
        "4": node("EdgeTTS", text="hello", voice=["2", 0], speed=1.0, pitch=0),
        "5": node("SaveAudio", audio=["4", 0], filename_prefix="a"),
    }
    found = schema(workflow)["properties"]
    assert found["voice"]["x-viewcomfy-key"] == "1-inputs-value"
    assert "2-inputs-text" not in str(found)
    assert said(workflow, "text") == "Text to speak."


def test_a_size_is_named_by_its_title_whatever_else_uses_it() -> None:
    workflow = text_to_image()
    for id, title in (("20", "Width"), ("21", "Height")):
        workflow[id] = node("PrimitiveInt", title, value=640)
    workflow["5"]["inputs"] |= {"width": ["20", 0], "height": ["21", 0]}
    workflow["30"] = node("ImageScale", width=["20", 0], height=["21", 0])
    workflow["31"] = node("DWPreprocessor", resolution=["20", 0], image=["30", 0])
    found = schema(workflow)["properties"]
    assert found["width"]["x-viewcomfy-key"] == "20-inputs-value"
    assert found["height"]["x-viewcomfy-key"] == "21-inputs-value"


def test_a_text_that_an_encoder_takes_twice_says_what_it_becomes() -> None:
    workflow = text_to_image()
    workflow["6"] = node(
        "CLIPTextEncodeFlux", clip=["4", 1], clip_l="a fox", t5xxl="a fox", guidance=3.5
    )
    assert said(workflow, "positive_prompt") == "What the result should show."
    workflow["6"]["inputs"]["clip_l"] = "a cat"
    apart = [str(each) for each in schema(workflow)["properties"].values()]
    assert any("smaller CLIP encoder" in each for each in apart)


def test_a_line_of_dialogue_is_told_to_be_spoken() -> None:
    workflow = {
        "1": node("ElevenLabsTextToDialogue", **{"inputs": "1", "inputs.text1": "Hi"}),
        "2": node("SaveAudioMP3", filename_prefix="a", audio=["1", 0]),
    }
    assert said(workflow, "text1") == "Text to speak."
    assert said(workflow, "inputs") == "How many lines of dialogue there are."


def test_a_text_that_is_joined_before_a_language_model_answers_is_an_instruction() -> (
    None
):
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["22", 0]
    workflow["20"] = node("PrimitiveString", "Prompt", value="Describe a logo")
    workflow["21"] = node("StringConcatenate", string_a=["20", 0], string_b=" now")
    workflow["22"] = node("OllamaGenerate", prompt=["21", 0], model="llama3.2")
    assert said(workflow, "positive_prompt") == (
        "Instruction or question for the language model."
    )


def test_how_a_language_model_should_behave_is_no_instruction() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["22", 0]
    workflow["20"] = node("PrimitiveString", "System prompt", value="You write poems")
    workflow["22"] = node("OllamaGenerate", prompt="A fox", system=["20", 0])
    assert said(workflow, "system_prompt") == (
        "Standing instructions for the language model."
    )


def test_a_step_at_which_one_sampler_ends_and_another_starts_hands_over() -> None:
    workflow = text_to_image()
    common: dict[str, Any] = {
        "steps": 20,
        "cfg": 7.0,
        "sampler_name": "euler",
        "scheduler": "normal",
    }
    links = {name: workflow["3"]["inputs"][name] for name in ("positive", "negative")}
    for id, latent, start, end in (("3", "5", 0, 8), ("4b", "3", 8, 10000)):
        workflow[id] = node(
            "KSamplerAdvanced",
            model=["4", 0],
            latent_image=[latent, 0],
            noise_seed=1,
            start_at_step=start,
            end_at_step=end,
            **common,
            **links,
        )
    workflow["8"]["inputs"]["samples"] = ["4b", 0]
    properties = schema(workflow)["properties"].values()
    told = [each["description"].partition(" Node ")[0] for each in properties]
    assert "Step at which one sampler hands over to the next." in told


def test_a_choice_between_on_and_off_has_no_sentence_about_a_measure() -> None:
    colors = shown("ResizeImageMixlab", average_color="on")
    server = {
        "ResizeImageMixlab": {
            "input": {"required": {"average_color": [["on", "off"]]}},
            "output": ["IMAGE"],
        }
    }
    assert "Color of" not in str(schema(colors, object_info=server))


def test_a_constant_says_what_all_its_consumers_say() -> None:
    workflow = shown("LTXVConditioning", positive=["6", 0])
    workflow["21"] = node("PrimitiveFloat", value=24.0)
    workflow["20"]["inputs"]["frame_rate"] = ["21", 0]
    workflow["22"] = node("CreateVideo", images=["8", 0], fps=["21", 0])
    workflow["23"] = node("SaveVideo", video=["22", 0], filename_prefix="a")
    told = [each["description"] for each in schema(workflow)["properties"].values()]
    assert any(each.startswith("Frames per second of the video.") for each in told)


def test_a_constant_whose_consumers_differ_says_what_it_sets() -> None:
    workflow = shown("Odd Thing", tint=["21", 0])
    workflow["21"] = node("PrimitiveFloat", "Vibrance", value=0.5)
    workflow["22"] = node("Even Thing", "Glow", image=["20", 0], halo=["21", 0])
    workflow["9"]["inputs"]["images"] = ["22", 0]
    assert said(workflow, "vibrance") == "Sets tint of “Odd Thing” and halo of “Glow”."


def test_a_dotted_input_may_have_a_sentence_apart_from_its_last_word() -> None:
    workflow = text_to_image()
    workflow["20"] = node("CreateVideo", images=["8", 0], fps=24.0)
    values = {"format": "mp4", "format.codec": "h264", "codec": "auto"}
    workflow["9"] = node("SaveVideo", video=["20", 0], filename_prefix="a", **values)
    found = [
        each["description"].partition(" Node ")[0]
        for each in schema(workflow)["properties"].values()
        if "codec" in each["x-viewcomfy-key"].rpartition("-")[2]
    ]
    assert "Codec that compresses the video, for the chosen format." in found
    assert len(set(found)) == len(found)


def test_a_titled_text_that_is_only_joined_has_no_sentence_about_a_part() -> None:
    workflow = text_to_image()
    workflow["20"] = node("PrimitiveString", "Scene name", value="kitchen")
    workflow["21"] = node("StringConcatenate", string_a=["20", 0], string_b="_1")
    workflow["9"]["inputs"]["filename_prefix"] = ["21", 0]
    assert "join" not in said(workflow, "scene_name")


def test_a_prompt_of_a_service_says_what_is_made_of_it() -> None:
    workflow = {
        "1": node("LumaImageToVideoNode", prompt="a fox", model="ray-2", seed=1),
        "2": node("SaveVideo", video=["1", 0], filename_prefix="a"),
    }
    assert said(workflow, "prompt") == "What the video should show."


def test_a_chosen_option_says_what_its_title_says() -> None:
    workflow = text_to_image()
    workflow["20"] = node("CustomCombo", "Aspect ratio", choice="1:1", option1="1:1")
    workflow["21"] = node("Odd Size", one=["20", 0], other=["20", 0], image=["8", 0])
    workflow["9"]["inputs"]["images"] = ["21", 0]
    told = said(workflow, "aspect_ratio")
    assert told == "Proportion of width to height of the result."


def test_a_file_named_as_a_frame_is_that_frame_however_it_is_used() -> None:
    workflow = text_to_image()
    workflow["20"] = node("LoadImage", "First frame", image="a.png")
    workflow["21"] = node("WanVaceToVideo", control_video=["20", 0])
    assert said(workflow, "first_frame").startswith("First frame of the video.")


def test_seeds_of_two_kinds_that_are_one_parameter_say_what_holds_for_both() -> None:
    workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": node(
            "TripoImageToModelNode", image=["1", 0], model_seed=4, texture_seed=4
        ),
        "3": node("SaveGLB", mesh=["2", 0], filename_prefix="a"),
    }
    (seed,) = (
        each
        for each in schema(workflow)["properties"].values()
        if "seed" in str(each.get("x-viewcomfy-key", each.get("x-viewcomfy-keys")))
    )
    assert seed["description"].startswith("Seed of the random numbers;")


def test_a_titled_flag_says_what_its_title_says_rather_than_what_it_feeds() -> None:
    workflow = shown("LTXVImgToVideoInplace", bypass=["21", 0])
    workflow["21"] = node("PrimitiveBoolean", "Text to video", value=False)
    found = said(workflow, "text_to_video")
    assert found == "Whether to make the video from the text alone."
