"""What an input is called for: the role that the graph gives it, never across a change of type."""

from __future__ import annotations

from typing import Any

import pytest

from ...helpers.support import Workflow, beside, names_of, node, text_to_image


def test_what_a_mask_is_computed_from_is_not_the_mask() -> None:
    names = names_of(
        {
            "1": node("LoadImage", image="a.png"),
            "2": node("RMBG", model="RMBG-2.0", image=["1", 0]),
            "3": node("MaskToImage", mask=["2", 1]),
            "4": node("SaveImage", filename_prefix="m", images=["3", 0]),
        }
    )
    assert names["1-inputs-image"] == "image"
    assert "mask" not in names["2-inputs-model"]


def test_a_video_keeps_its_role_beside_the_mask_that_is_made_of_it() -> None:
    names = names_of(
        {
            "1": node("LoadVideo", file="in.mp4"),
            "2": node("GetVideoComponents", video=["1", 0]),
            "3": node(
                "ImagePadForOutpaint",
                image=["2", 0],
                left=64,
                top=0,
                right=64,
                bottom=0,
                feathering=0,
            ),
            "4": node("MaskToImage", mask=["3", 1]),
            "6": node("ImageToMask", image=["4", 0], channel="red"),
            "10": node(
                "WanVaceToVideo",
                width=832,
                height=480,
                length=81,
                batch_size=1,
                strength=1.0,
                control_video=["3", 0],
                control_masks=["6", 0],
            ),
        }
    )
    assert names["1-inputs-file"] == "control_video"


def test_what_a_map_is_computed_from_is_not_the_map() -> None:
    names = names_of(
        {
            "1": node("LoadImage", image="a.png"),
            "2": node("DepthAnythingPreprocessor", image=["1", 0]),
            "3": node("Odd Parallax", image=["1", 0], depth_map=["2", 0]),
            "4": node("SaveImage", filename_prefix="m", images=["3", 0]),
        }
    )
    assert names["1-inputs-image"] == "image"


def test_an_image_of_which_colors_are_borrowed_too_keeps_its_role() -> None:
    workflow = image_to_video()
    workflow["20"] = node("ColorMatch", image_ref=["1", 0], image_target=["8", 0])
    workflow["9"] = node("SaveImage", filename_prefix="m", images=["20", 0])
    assert names_of(workflow)["1-inputs-image"] == "end_image"


def image_to_video() -> Workflow:
    workflow = text_to_image()
    workflow["1"] = node("LoadImage", image="a.png")
    workflow["5"] = node(
        "WanFirstLastFrameToVideo", end_image=["1", 0], positive=["6", 0]
    )
    return workflow


def test_the_text_of_a_detector_is_what_to_find() -> None:
    workflow: Workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": node("SAMModelLoader (segment anything)", model_name="m"),
        "3": node("GroundingDinoModelLoader (segment anything)", model_name="n"),
        "4": node(
            "GroundingDinoSAMSegment (segment anything)",
            prompt="cat",
            threshold=0.3,
            sam_model=["2", 0],
            grounding_dino_model=["3", 0],
            image=["1", 0],
        ),
        "5": node("SaveImage", filename_prefix="m", images=["4", 0]),
    }
    names = names_of(workflow)
    assert names["4-inputs-prompt"] == "mask_prompt"
    assert names["1-inputs-image"] == "image"
    assert names["2-inputs-model_name"] == "sam_model_name"
    assert names["3-inputs-model_name"] == "grounding_dino_model_name"
    workflow["6"] = node("PrimitiveString", value="cat")
    workflow["4"]["inputs"]["prompt"] = ["6", 0]
    assert names_of(workflow)["6-inputs-value"] == "mask_prompt"


def test_an_address_is_named_for_what_stands_there() -> None:
    names = beside(
        _20=node("String", String="https://example.org/a.png"),
        _21=node("LoadImagesFromURL", url=["20", 0]),
        _22=node("VAEEncode", pixels=["21", 0], vae=["4", 2]),
    )
    assert names["20-inputs-String"] == "image_url"


def speech(**constant: Any) -> dict[str, str]:
    return names_of(
        {
            "1": node("PrimitiveString", value="en-US-A"),
            "2": node("easy showAnything", text="old", anything=["1", 0]),
            "3": node("EdgeTTS", text="hi", voice=["2", 0], speed=1.0, pitch=0),
            "4": node("SaveAudio", audio=["3", 0], filename_prefix="a"),
        }
    )


def test_a_constant_is_named_by_what_uses_it_also_behind_a_display() -> None:
    names = speech()
    assert names["1-inputs-value"] == "voice"
    assert "2-inputs-text" not in names


def test_what_is_spoken_is_the_text() -> None:
    assert speech()["3-inputs-text"] == "text"


def test_consumers_that_calculate_do_not_name_a_constant() -> None:
    names = beside(
        _20=node("ImpactInt", value=128),
        _21=node(
            "ImagePadForOutpaint",
            left=["20", 0],
            top=0,
            right=0,
            bottom=0,
            feathering=0,
            image=["8", 0],
        ),
        _22=node("MathExpression|pysssss", expression="a*2", a=["20", 0]),
        _23=node("ImageScale", width=["22", 0], height=64, image=["21", 0]),
    )
    assert names["20-inputs-value"] == "pad_left"
    assert names["21-inputs-top"] == "pad_top"


def test_a_node_that_works_is_not_named_by_what_it_feeds() -> None:
    names = beside(
        _20=node("WD14Tagger|pysssss", model="wd", threshold=0.35, image=["8", 0]),
        _21=node("Text Concatenate", delimiter=", ", text_a="x", text_c=["20", 0]),
    )
    assert names["20-inputs-model"] == "tagger_model"


def test_a_formula_is_no_seed() -> None:
    workflow = text_to_image()
    workflow["3"]["inputs"]["seed"] = ["20", 0]
    workflow["20"] = node("SimpleMath+", value="a+b", a=["21", 0])
    workflow["21"] = node("PrimitiveInt", value=3)
    assert names_of(workflow)["20-inputs-value"] == "expression"


def test_a_value_of_formulas_in_a_row_is_named_by_what_the_last_one_makes() -> None:
    workflow = text_to_image()
    workflow["5"]["inputs"]["width"] = ["22", 0]
    workflow["20"] = node("PrimitiveInt", value=3)
    workflow["21"] = node("SimpleMath+", value="a*2", a=["20", 0])
    workflow["22"] = node("SimpleMath+", value="b*8", b=["21", 0])
    assert names_of(workflow)["20-inputs-value"] == "width_a"


def test_a_language_model_that_describes_an_image_enhances_no_prompt() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["21", 0]
    workflow["20"] = node("LoadImage", image="a.png")
    workflow["21"] = node("TextGenerate", prompt="Describe", seed=1, image=["20", 0])
    assert names_of(workflow)["21-inputs-seed"] == "llm_seed"


def test_an_encoded_sound_is_still_audio() -> None:
    names = names_of(
        {
            "1": node("LoadAudio", audio="a.mp3"),
            "2": node("AudioEncoderLoader", audio_encoder_name="w"),
            "3": node("AudioEncoderEncode", audio_encoder=["2", 0], audio=["1", 0]),
            "4": node(
                "WanSoundImageToVideo",
                width=640,
                height=640,
                length=77,
                batch_size=1,
                audio_encoder_output=["3", 0],
                ref_image=["5", 0],
            ),
            "5": node("LoadImage", image="r.png"),
        }
    )
    assert names["1-inputs-audio"] == "audio"
    assert names["5-inputs-image"] == "reference_image"


def test_an_inputs_own_side_beats_the_graphs() -> None:
    names = names_of(
        {
            "1": node("LoadImage", image="a.png"),
            "2": node("PointsEditor", coordinates="[]", neg_coordinates="[]"),
            "3": node("DownloadAndLoadSAM2Model", model="m"),
            "4": node(
                "Sam2Segmentation",
                sam2_model=["3", 0],
                image=["1", 0],
                coordinates_positive=["2", 0],
            ),
            "5": node("MaskToImage", mask=["4", 0]),
            "6": node("SaveImage", images=["5", 0], filename_prefix="m"),
        }
    )
    assert names["2-inputs-coordinates"] == "positive_coordinates"
    assert names["2-inputs-neg_coordinates"] == "negative_coordinates"


def test_a_text_keeps_its_role_when_a_stage_tells_it_apart() -> None:
    workflow = text_to_image()
    workflow["20"] = node("CLIPTextEncode", text="finer", clip=["4", 1])
    workflow["21"] = {
        **workflow["3"],
        "inputs": {**workflow["3"]["inputs"]},
    }
    workflow["21"]["inputs"] |= {"positive": ["20", 0], "latent_image": ["3", 0]}
    workflow["8"]["inputs"]["samples"] = ["21", 0]
    names = names_of(workflow)
    assert names["6-inputs-text"] == "base_positive_prompt"
    assert names["20-inputs-text"] == "refiner_positive_prompt"
    assert names["7-inputs-text"] == "negative_prompt"


def test_lyrics_and_tags_are_what_their_class_calls_them() -> None:
    names = names_of(
        {
            "1": node("CheckpointLoaderSimple", ckpt_name="ace.safetensors"),
            "2": node("TextEncodeAceStepAudio", tags="pop", lyrics="la", clip=["1", 1]),
            "5": node("KSampler", seed=1, positive=["2", 0], model=["1", 0]),
            "6": node("VAEDecodeAudio", samples=["5", 0], vae=["1", 2]),
            "7": node("SaveAudioMP3", filename_prefix="a", audio=["6", 0]),
        }
    )
    assert names["2-inputs-tags"] == "tags"
    assert names["2-inputs-lyrics"] == "lyrics"


def test_a_socket_in_another_language_says_what_is_linked_and_no_role() -> None:
    inputs: dict[str, Any] = {"SD1.5": "off", "图像": ["1", 0]}
    workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": node("EasySizeSimpleImage", **inputs),
        "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    names = names_of(workflow)
    assert names["1-inputs-image"] == "image"
    assert names["2-inputs-SD1.5"] == "sd1_5"


def test_a_prompt_is_what_an_image_is_made_of_not_what_is_noted_about_it() -> None:
    notes = node("Image Saver Metadata", positive="unknown", negative="unknown")
    names = beside(_20=notes, _21=node("Image Saver Simple", metadata=["20", 0]))
    assert names["6-inputs-text"] == "positive_prompt"
    assert names["7-inputs-text"] == "negative_prompt"
    assert names["20-inputs-positive"] == "saver_metadata_positive_prompt"


def test_what_describes_an_image_is_not_told_what_to_find() -> None:
    workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": node(
            "Florence2Run", text_input="", task="caption", num_beams=3, image=["1", 0]
        ),
        "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
    }
    assert names_of(workflow)["2-inputs-text_input"] == "text_input"


def test_a_number_that_somebody_wrote_as_text_is_no_prompt() -> None:
    names = beside(
        _6=node("CLIPTextEncode", text=["20", 0], clip=["4", 1]),
        _20=node("Odd Converter", text="170.0", scale=2),
    )
    assert names["20-inputs-text"] == "text"


def test_one_text_for_both_sides_is_the_prompt() -> None:
    workflow = text_to_image()
    workflow["3"]["inputs"]["negative"] = ["6", 0]
    del workflow["7"]
    assert names_of(workflow)["6-inputs-text"] == "prompt"


def test_the_parts_of_a_conditioning_are_no_roles() -> None:
    more = {
        "20": node("CLIPTextEncode", text="in snow", clip=["4", 1]),
        "21": node(
            "ConditioningConcat", conditioning_to=["6", 0], conditioning_from=["20", 0]
        ),
    }
    workflow = {**text_to_image(), **more}
    workflow["3"]["inputs"]["positive"] = ["21", 0]
    assert names_of(workflow)["20-inputs-text"].startswith("positive_prompt")


@pytest.mark.parametrize(
    ("class_type", "inputs", "name"),
    [
        ("CR LoRA Stack", {"model_weight_1": 1.0, "clip": 1}, "lora_model_weight_1"),
        ("RemapImageRange", {"min": 0.5, "max": 1.5}, "remap_range_min"),
        ("FreeU_V2", {"b1": 1.3, "s1": 0.9}, "freeu_b1"),
        ("SizePicker", {"resolution": "64x64", "override": 8}, "resolution"),
        ("Text _O", {"text": "a fox"}, "text"),
        ("ImageCompositeMasked", {"x": 8, "y": 9}, "composite_x"),
    ],
)
def test_what_says_nothing_alone_has_its_families_noun(
    class_type: str, inputs: dict[str, Any], name: str
) -> None:
    names = names_of({"1": node(class_type, **inputs)})
    assert names[f"1-inputs-{next(iter(inputs))}"] == name


def test_inputs_of_one_node_that_choices_bring_are_told_apart_by_where_they_part() -> (
    None
):
    paths = ("first.codec.encoding.color_space", "second.codec.encoding.color_space")
    names = names_of({"1": node("Odd Saver", **dict.fromkeys(paths, "auto"))})
    assert set(names.values()) == {"first_color_space", "second_color_space"}


def test_a_file_that_a_lora_is_loaded_from_is_an_address_of_a_lora() -> None:
    url = "https://example.com/a.safetensors"
    names = names_of({"a": node("Odd Lora Download", url=url)})
    assert names["a-inputs-url"] == "lora_url"


def test_a_socket_for_an_image_with_transparency_is_no_role() -> None:
    workflow = {
        "1": node("LoadImage", image="a.png"),
        "2": node("Odd Flattening", rgba=["1", 0]),
        "3": node("SaveImage", filename_prefix="m", images=["2", 0]),
    }
    assert names_of(workflow)["1-inputs-image"] == "image"


def test_a_step_is_that_of_what_is_split_there() -> None:
    names = names_of({"a": node("SplitSigmas", step=3, sigmas=["b", 0])})
    assert names["a-inputs-step"] == "split_sigmas_step"


def test_a_text_that_is_added_to_a_linked_one_is_a_prefix_or_suffix() -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = ["20", 0]
    workflow["20"] = node("StringConcatenate", string_a=["21", 0], string_b="bright")
    workflow["21"] = node("Odd Reading", image=["22", 0])
    workflow["22"] = node("LoadImage", image="a.png")
    assert names_of(workflow)["20-inputs-string_b"] == "prompt_suffix"


def test_an_address_or_path_of_an_image_is_its_address() -> None:
    workflow = {
        "1": node("LoadImageFromUrlOrPath", url_or_path="https://example.com/a.png"),
        "2": node("SaveImage", filename_prefix="m", images=["1", 0]),
    }
    assert names_of(workflow)["1-inputs-url_or_path"] == "image_url"


def test_a_slider_titled_size_holds_a_width_and_a_height() -> None:
    workflow = {
        "1": node("mxSlider2D", "Image size", Xi=512, Yi=768, isfloatX=0, isfloatY=0),
        "2": node("Odd Painting", a=["1", 0], b=["1", 1]),
    }
    names = names_of(workflow)
    assert names["1-inputs-Xi"] == "image_width"
    assert names["1-inputs-Yi"] == "image_height"
