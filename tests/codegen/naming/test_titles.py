"""What a title gives to a name: the author's words, trimmed as a person would."""

from __future__ import annotations

import pytest

from ...helpers.support import Workflow, beside, names_of, node, text_to_image


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Enter your Headline here", "headline"),
        ("Relight CFG (1.2-3.5)", "relight_cfg"),
        ("$width.value", "width"),
        ("$scale.value!:How large the result is, from 1 to 4", "scale"),
        ("$scale.~value:Optional", "scale"),
        ("$model.value:Which one to use", "model"),
        ("Style strength (optional)", "style_strength"),
        ("Clip Length ( in seconds )", "clip_length"),
        ("Blend (0 = off)", "blend"),
        ("style influence on/off", "style_influence"),
        ("Quality {forge_quality}", "quality"),
        ("Float {steps}", "steps"),
        ("Divider [in_divider]", "divider"),
        ("线条控制强度#2.0", "线条控制强度"),
        ("2线条控制强度", "线条控制强度_2"),
        ("1st strength", "first_strength"),
        ("3D strength", "strength_3d"),
        ("Turn left or right", "turn_left_right"),
        ("CONFIG Strength", "strength"),
        ("Strength (2)", "strength"),
        ("Strength (uses the second LoRA)", "strength"),
        ("4-Step Turbo Strength", "turbo_strength"),
        ("Strength (no effect at 0)", "strength"),
        ("Strength (from Settings)", "strength"),
        ("Duration (5s)", "duration"),
        ("Float (Set Megapixels)", "megapixels"),
        ("720p Strength", "strength"),
        ("12. Turbo Strength", "turbo_strength"),
        ("Turbo Strength (only while it runs)", "turbo_strength"),
        ("强度【每次只改这里】", "强度"),
        ("强度-0=关", "强度"),
        ("Denoise Denoise", "denoise"),
        ("Seed", "seed"),
    ],
)
def test_a_title_is_trimmed_like_a_person_would(title: str, name: str) -> None:
    workflow = {
        "1": node("PrimitiveFloat", title, value=2.0000000000000004),
        "2": node("Odd Node", lever=["1", 0]),
    }
    assert names_of(workflow)["1-inputs-value"] == name


def test_a_title_that_says_mask_in_another_language_needs_no_other_noun() -> None:
    workflow = {
        "1": node("LoadImageMask", "蒙版（白=重绘）", image="a.png", channel="red"),
        "2": node("MaskToImage", mask=["1", 0]),
        "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    assert names_of(workflow)["1-inputs-image"] == "蒙版"


def test_what_a_program_begins_its_titles_with_is_no_part_of_a_name() -> None:
    names = names_of(
        {
            "a": node("LoadImage", "_tool_fill_pose_image", image="a.png"),
            "b": node("PrimitiveFloat", "_tool_fill_blend", value=0.5),
            "c": node("PrimitiveInt", "_tool_fill_count", value=2),
        }
    )
    assert names["a-inputs-image"] == "pose_image"
    assert names["b-inputs-value"] == "blend"
    assert names["c-inputs-value"] == "count"


def test_a_default_title_with_broken_emojis_says_nothing() -> None:
    workflow = text_to_image()
    broken = "Video Combine 🎥🅥🅗🅢".encode().decode("cp1252")
    workflow["9"] = node("VHS_VideoCombine", broken, format="video/h264-mp4")
    workflow["9"]["inputs"]["images"] = ["8", 0]
    assert names_of(workflow)["9-inputs-format"] == "video_format"


def test_a_title_that_says_positive_keeps_it_beside_a_negative_one() -> None:
    workflow = text_to_image()
    workflow["6"]["_meta"] = {"title": "Positive Prompt - Action"}
    assert names_of(workflow)["6-inputs-text"] == "action_positive_prompt"


def test_a_title_of_which_a_preposition_is_left_says_nothing() -> None:
    workflow = text_to_image()
    workflow["20"] = node("ImageScale", "Upscale Image By", width=9, image=["8", 0])
    workflow["9"]["inputs"]["images"] = ["20", 0]
    assert "by" not in names_of(workflow)["20-inputs-width"].split("_")


def test_a_size_in_a_title_is_no_part_of_a_width() -> None:
    workflow: Workflow = {}
    for id, title in (("1", "Video Size"), ("2", "Preview Size")):
        workflow[id] = node("EmptyImage", title, width=512, height=512)
        workflow[f"1{id}"] = node("SaveImage", images=[id, 0], filename_prefix="x")
    names = names_of(workflow)
    assert names["1-inputs-width"] == "video_width"
    assert names["2-inputs-height"] == "preview_height"


def test_a_long_title_that_ends_in_what_it_feeds_distinguishes_siblings() -> None:
    workflow: Workflow = {
        "9": node("VHS_LoadImagesPath", directory="in", select_every_nth=1)
    }
    for place, kind in enumerate(("Mask", "Depth")):
        title = f"Animated {kind} Video Select Every Nth"
        workflow[f"1{place}"] = node("PrimitiveInt", title, value=1)
        workflow[f"2{place}"] = node(
            "VHS_LoadVideoPath", video="a.mp4", select_every_nth=[f"1{place}", 0]
        )
    names = names_of(workflow)
    assert names["10-inputs-value"] == "mask_select_every_nth"
    assert names["11-inputs-value"] == "depth_select_every_nth"


def test_a_title_with_a_number_that_no_other_shares_is_no_name_for_a_lone_file() -> (
    None
):
    alone = {
        "1": node("LoadImage", "Load Image1", image="a.png"),
        "3": node("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    assert names_of(alone)["1-inputs-image"] == "image"
    two = {**alone, "2": node("LoadImage", "Load Image2", image="b.png")}
    assert names_of(two)["2-inputs-image"] == "image2"


def test_a_mask_that_its_author_titled_is_a_mask() -> None:
    workflow = {
        "1": node("LoadImageMask", "Place Light Mask Here", image="a.png", channel="r"),
        "2": node("MaskToImage", mask=["1", 0]),
        "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    assert names_of(workflow)["1-inputs-image"] == "light_mask"


def test_a_title_in_another_language_needs_no_second_noun() -> None:
    workflow = {
        "1": node("LoadImage", "Imagem de modelo", image="a.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    assert names_of(workflow)["1-inputs-image"] == "imagem_de_modelo"


def test_default_titles_of_any_language_name_nothing() -> None:
    english = names_of(text_to_image())
    workflow = text_to_image()
    for id, title in {
        "3": "K采样器",
        "4": "Checkpoint加载器（简易）",
        "5": "空Latent图像",
        "6": "CLIP文本编码",
        "7": "CLIP文本编码",
        "9": "保存图像",
    }.items():
        workflow[id]["_meta"] = {"title": title}
    assert names_of(workflow) == english


@pytest.mark.parametrize(
    ("title", "word"), [("我的LoRA风格", "风格"), ("MiDaS look", "midas")]
)
def test_brands_stay_in_one_piece(title: str, word: str) -> None:
    names = beside(
        _20=node("LoraLoaderModelOnly", title, lora_name="a", strength_model=1.0),
    )
    parts = names["20-inputs-strength_model"].split("_")
    assert word in parts
    assert not {"lo", "ra", "mi", "da"}.intersection(parts)
