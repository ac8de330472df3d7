"""What is said of a parameter: what its class says of it, where that fits the value."""

from __future__ import annotations

from viewcomfy_codegen.catalog import glossary
from viewcomfy_codegen.planning.wishes import Wish
from viewcomfy_runtime.parameters.key import WireKey

from ...helpers.described import about, said, shown
from ...helpers.support import Workflow, node, schema, text_to_image


def test_a_sentence_about_a_measure_is_not_said_of_a_switch() -> None:
    found = shown("Nobody's", last_frame_fix=False, force_resize_width=0)
    for name in ("last_frame_fix", "force_resize_width"):
        assert about(found, name)["description"].startswith("Node 20")


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


def test_a_file_besides_the_sound_makes_no_picture_of_it() -> None:
    workflow = text_to_image()
    workflow["8"]["class_type"] = "VAEDecodeAudio"
    workflow["9"] = node("SaveAudio", audio=["8", 0], filename_prefix="a")
    workflow["10"] = node("SaveLatent", samples=["3", 0], filename_prefix="b")
    assert said(workflow, "positive_prompt") == "What the result should sound like."


def test_a_batch_that_a_motion_model_joins_is_its_frames() -> None:
    workflow = text_to_image()
    assert said(workflow, "batch_size") == "How many images to make at once."
    workflow["20"] = node(
        "ADE_AnimateDiffLoaderWithContext", model=["4", 0], model_name="mm.ckpt"
    )
    workflow["3"]["inputs"]["model"] = ["20", 0]
    assert said(workflow, "batch_size") == "Number of frames to make."


def test_what_a_language_model_is_told_is_no_description_of_the_result() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["20", 0]
    workflow["20"] = node("TextGenerate", clip=["4", 1], prompt="Write", max_length=9)
    found = str([each for each in schema(workflow)["properties"].values()])
    assert "Instruction or question for the language model." in found


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


def test_a_text_that_an_encoder_takes_twice_says_what_it_becomes() -> None:
    workflow = text_to_image()
    workflow["6"] = node(
        "CLIPTextEncodeFlux", clip=["4", 1], clip_l="a fox", t5xxl="a fox", guidance=3.5
    )
    assert said(workflow, "positive_prompt") == "What the result should show."
    workflow["6"]["inputs"]["clip_l"] = "a cat"
    apart = [str(each) for each in schema(workflow)["properties"].values()]
    assert any("smaller CLIP encoder" in each for each in apart)


def test_a_line_of_dialogue_is_said_to_be_spoken() -> None:
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


def test_a_choice_between_on_and_off_has_no_sentence_about_a_measure() -> None:
    colors = shown("ResizeImageMixlab", average_color="on")
    server = {
        "ResizeImageMixlab": {
            "input": {"required": {"average_color": [["on", "off"]]}},
            "output": ["IMAGE"],
        }
    }
    assert "Color of" not in str(schema(colors, object_info=server))


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


def test_a_prompt_of_a_service_says_what_is_made_of_it() -> None:
    workflow = {
        "1": node("LumaImageToVideoNode", prompt="a fox", model="ray-2", seed=1),
        "2": node("SaveVideo", video=["1", 0], filename_prefix="a"),
    }
    assert said(workflow, "prompt") == "What the video should show."


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


def test_a_view_of_an_object_says_from_which_side_it_is() -> None:
    workflow = {
        "1": node("LoadImage", "Load Image: front", image="a.png"),
        "2": node("LoadImage", "Load Image: back", image="b.png"),
        "3": node("TripoMultiviewToModelNode", image=["1", 0], image_back=["2", 0]),
        "4": node("SaveGLB", mesh=["3", 0], filename_prefix="a"),
    }
    found = said(workflow, "front_image").partition(" Deployed")[0]
    assert found == "Image of the object from the front."


def test_left_and_right_are_views_of_an_object_only_beside_its_front() -> None:
    def images(one: str, other: str) -> Workflow:
        return {
            "1": node("LoadImage", one, image="a.png"),
            "2": node("LoadImage", other, image="a.png"),
            "3": {**node("Taker"), "inputs": {one: ["1", 0], other: ["2", 0]}},
        }

    views = said(images("front", "left"), "left_image")
    assert views.startswith("Image of the object from the left.")
    halves = said(images("right", "left"), "left_image")
    assert not halves.startswith("Image of the object")


def test_a_sentence_about_a_measure_is_said_of_numbers_written_as_text_alone() -> None:
    found = shown("Odd Selector", steps="30", rotation="landscape")
    assert said(found, "steps") == "Number of denoising steps."
    assert about(found, "rotation")["description"].startswith("Node 20")


def test_a_text_that_only_detectors_take_says_what_to_find() -> None:
    workflow: Workflow = {
        "1": node("CLIPTextEncode", text="face", clip=["2", 1]),
        "2": node("CheckpointLoaderSimple", ckpt_name="sam3.safetensors"),
        "3": node("LoadImage", image="a.png"),
        "4": node("SAM3_Detect", model=["2", 0], image=["3", 0], conditioning=["1", 0]),
        "5": node("MaskPreview", mask=["4", 0]),
    }
    wanted = {WireKey("1", "text"): Wish("a label", name="segment")}
    found = schema(workflow, wanted=wanted)["properties"]["segment"]
    assert found["description"].startswith("What to find in the image")


def test_a_system_prompt_of_either_side_is_standing_instructions() -> None:
    sentence, _ = glossary().on_name("system_negative_prompt", "text")
    assert sentence == "Standing instructions for the language model."


def test_a_url_says_what_it_leads_to_as_the_parameters_name_does() -> None:
    workflow = text_to_image()
    workflow["20"] = node("LoadImageFromUrl", url="https://example.com/a.png")
    workflow["21"] = node("VAEEncode", pixels=["20", 0], vae=["4", 2])
    workflow["3"]["inputs"]["latent_image"] = ["21", 0]
    assert said(workflow, "image_url").startswith("Web address of the image.")


def test_guidance_of_sounds_says_nothing_of_looks() -> None:
    workflow = text_to_image()
    assert "look" in said(workflow, "cfg")
    workflow["8"]["class_type"] = "VAEDecodeAudio"
    workflow["9"] = node("SaveAudio", filename_prefix="a", audio=["8", 0])
    assert said(workflow, "cfg") == "How strictly to follow the prompt."
