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
    assert said(workflow, "width") == "Width in pixels of the image or area."


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
    assert said(workflow, "use_image_invert") == (
        "On takes “ImageInvert”, off “VAEDecode”."
    )


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
