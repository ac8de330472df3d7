"""What is said of a constant: what is known of the inputs that it sets, and of its title."""

from __future__ import annotations

from typing import Any

from ...helpers.described import said, shown
from ...helpers.support import node, schema, text_to_image


def test_a_shared_constant_says_what_holds_for_all_that_use_it() -> None:
    workflow = shown("ImageScale", upscale_method="area", crop="disabled", height=512)
    workflow["21"] = node("PrimitiveInt", value=512)
    workflow["5"]["inputs"]["width"] = ["21", 0]
    workflow["20"]["inputs"]["width"] = ["21", 0]
    assert said(workflow, "width") == "Width in pixels."


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
    workflow["21"] = node("PrimitiveFloat", "Shimmer", value=0.5)
    workflow["22"] = node("Even Thing", "Glow", image=["20", 0], halo=["21", 0])
    workflow["9"]["inputs"]["images"] = ["22", 0]
    assert said(workflow, "shimmer") == "Sets tint of “Odd Thing” and halo of “Glow”."


def test_a_titled_text_that_is_only_joined_has_no_sentence_about_a_part() -> None:
    workflow = text_to_image()
    workflow["20"] = node("PrimitiveString", "Scene name", value="kitchen")
    workflow["21"] = node("StringConcatenate", string_a=["20", 0], string_b="_1")
    workflow["9"]["inputs"]["filename_prefix"] = ["21", 0]
    assert "join" not in said(workflow, "scene_name")


def test_a_chosen_option_says_what_its_title_says() -> None:
    workflow = text_to_image()
    workflow["20"] = node("CustomCombo", "Aspect ratio", choice="1:1", option1="1:1")
    workflow["21"] = node("Odd Size", one=["20", 0], other=["20", 0], image=["8", 0])
    workflow["9"]["inputs"]["images"] = ["21", 0]
    told = said(workflow, "aspect_ratio")
    assert told == "Proportion of width to height of the result."


def test_a_titled_flag_says_what_its_title_says_rather_than_what_it_feeds() -> None:
    workflow = shown("LTXVImgToVideoInplace", bypass=["21", 0])
    workflow["21"] = node("PrimitiveBoolean", "Text to video", value=False)
    found = said(workflow, "text_to_video")
    assert found == "Whether to make the video from the text alone."


def test_a_number_that_is_only_calculated_with_says_so() -> None:
    workflow = text_to_image()
    workflow["20"] = node("PrimitiveInt", value=512)
    workflow["21"] = node("ComfyMathExpression", expression="a*2", a=["20", 0])
    workflow["5"]["inputs"] |= {"width": ["21", 0], "height": ["21", 0]}
    told = [each["description"] for each in schema(workflow)["properties"].values()]
    assert any(
        each.startswith("Number used in the workflow's calculations.") for each in told
    )


def test_a_constant_that_sets_many_inputs_names_the_first_and_counts_the_others() -> (
    None
):
    workflow = shown("Odd Thing", glow=["21", 0], halo=["21", 0], rim=["21", 0])
    workflow["21"] = node("PrimitiveFloat", "Shimmer", value=0.5)
    assert said(workflow, "shimmer") == (
        "Sets glow of “Odd Thing”, halo of “Odd Thing” and 1 other input."
    )


def test_what_makes_an_image_of_its_value_is_no_constant() -> None:
    workflow = shown("ImageStitch", image2=["21", 0])
    workflow["21"] = node("LoadImageFromURL", value="https://a.org/b.png")
    assert said(workflow, "image_url") == "Web address of the image."


def test_a_sliders_value_says_what_it_is_rather_than_that_it_is_a_sliders() -> None:
    slider = node("mxSlider2D", "Image size", Xi=512, Yi=768, isfloatX=0, isfloatY=0)
    workflow = {"1": slider, "2": node("Odd Painting", a=["1", 0], b=["1", 1])}
    assert said(workflow, "image_width") == "Width of the image in pixels."
