"""Sentences about inputs: the most specific accurate one is used, or none."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from viewcomfy_codegen.catalog import Glossary, glossary, shipped
from viewcomfy_codegen.catalog.data import shipped_data
from viewcomfy_codegen.words import plain_name

GLOSSARY = Glossary(
    {
        "classes": {"KSampler": {"steps": "Of the class."}},
        "names": {
            "steps": "Of the name.",
            "size": "In pixels.",
            "model": [["file", "{noun} file."], ["", "Any model."]],
            "strength": [["number", "How strong the {family} is."], ["", "It acts."]],
            "widgets": "Several widgets.",
        },
        "families": {"sampler": {"cfg": "Of classes like it."}},
        "choices": {"size": "One of the sizes.", "*_size": "Sizes for {rest}."},
        "patterns": [
            ["*_size", "number", "Pixels of {rest}."],
            ["keep_*", "flag", "Whether to keep the {rest}."],
            ["use_*", "flag", "Whether to use {the_rest}."],
            ["*_cfg", "number", "Guidance for the {rest}."],
            ["max_*", "number", "Maximum number of {plural}."],
            ["max_*", "number", "Upper limit of the {rest}."],
            ["*_color", "value", "Color of the {rest}."],
        ],
        "roles": {"positive": "What it shows."},
        "spelled": {"vae": "VAE", "lora": "LoRA"},
    }
)


@pytest.mark.parametrize(
    ("class_type", "name", "kind", "tooltip", "sentence"),
    [
        ("KSampler", "steps", "integer", "Told.", "Of the class."),
        ("Other", "steps", "integer", "Told.", "Told."),
        ("Other", "steps", "integer", "", "Of the name."),
        ("My Sampler", "cfg", "number", "", "Of classes like it."),
        ("Other", "size", "integer", "", "In pixels."),
        ("Other", "size", "choice", "", "One of the sizes."),
        ("Other", "tile_size", "integer", "", "Pixels of tile."),
        ("Other", "tile_size", "choice", "", "Sizes for tile."),
        ("Other", "tile_size", "text", "", ""),
        ("Other", "_size", "choice", "", "One of the sizes."),
        ("Other", "unheard", "text", "", ""),
        ("Load VAE Model", "model", "file", "", "VAE file."),
        ("Load VAE Model", "model", "text", "", "Any model."),
        ("Some LoRA", "strength", "number", "", "How strong the LoRA is."),
        ("Other", "strength", "number", "", "It acts."),
        ("Other", "widget", "integer", "", "Several widgets."),
        ("Other", "vae_size", "integer", "", "Pixels of VAE."),
        ("Other", "low_size", "integer", "", ""),
        ("Other", "keep_aspect", "flag", "", "Whether to keep the aspect."),
        ("Other", "keep_all_parts", "flag", "", "Whether to keep all parts."),
        ("Other", "use_style_mask", "flag", "", "Whether to use the style mask."),
        ("Other", "use_tiling", "flag", "", "Whether to use tiling."),
        ("Other", "use_tiles", "flag", "", "Whether to use tiles."),
        ("Other", "stage2_cfg", "number", "", "Guidance for stage 2."),
        ("Other", "base_cfg_2", "number", "", "Guidance for the base."),
        ("Other", "max_faces", "integer", "", "Maximum number of faces."),
        ("Other", "max_radius", "number", "", "Upper limit of the radius."),
        ("Other", "faces_per_image", "integer", "", "Number of faces per image."),
        ("Other", "edge_color", "text", "", "Color of the edge."),
        ("Other", "edge_color", "flag", "", ""),
    ],
)
def test_the_nearest_true_sentence_counts(
    class_type: str, name: str, kind: str, tooltip: str, sentence: str
) -> None:
    assert GLOSSARY.sentence(class_type, name, kind, tooltip)[0] == sentence


def test_a_choice_is_never_in_pixels_and_a_services_model_no_file() -> None:
    for name in ("resolution", "target_resolution", "size", "model_name"):
        text, _ = glossary().sentence("Unheard", name, "choice")
        assert text
        assert not re.search(r"pixel|file", text)


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("enable_upscale", "flag", "Whether to upscale."),
        ("enable_soft_upscale", "flag", ""),
        ("use_final_version", "flag", "Whether to use the final version."),
        ("add_edge_noise", "flag", "Whether to add edge noise."),
        ("add_edge_label", "flag", "Whether to add an edge label."),
        ("allow_label_overlap", "flag", "Whether to allow label overlap."),
        ("unload_before_upload", "flag", ""),
        ("return_all", "flag", ""),
        ("filter_level", "flag", ""),
        ("glow_threshold", "number", "Threshold for the glow."),
        ("soft_upscale_strength", "number", ""),
        ("fancy_steps", "number", "Number of fancy steps."),
        ("max_fancy_steps", "number", "Maximum number of fancy steps."),
        ("min_seq_len", "number", "Lower limit of the sequence length."),
        ("label_interval", "number", ""),
        ("label_or_path", "text", ""),
        ("apply_label_o", "flag", ""),
        ("glcm_strength", "number", ""),
    ],
)
def test_a_pattern_says_only_what_is_good_english(
    name: str, kind: str, sentence: str
) -> None:
    assert glossary().sentence("Unheard", name, kind)[0] == sentence


def test_every_sentence_is_american_and_ends() -> None:
    british = re.compile(
        r"colour|grey|ptimise|centre\b|behaviour|neighbour|analyse|picture|wards\b"
    )
    odd = re.compile(r"^(Least|Most|Own) |\bone a line\b|[Hh]ow often")
    for class_type in shipped().classes():
        facts = shipped().node(class_type)
        named = facts.inputs if facts is not None else ()
        for name, kind in itertools.product(named, ("text", "number", "flag", "file")):
            text, _ = glossary().sentence(class_type, plain_name(name), kind)
            assert not british.search(text), (class_type, name, text)
            assert not odd.search(text), (class_type, name, text)
            assert not text or text[-1] in ".!?", (class_type, name, text)


def test_every_sentence_can_be_reached_by_a_name_without_numbers() -> None:
    data = json.loads(shipped_data("glossary.json"))
    names = [
        *data["names"],
        *(each for own in data["classes"].values() for each in own),
    ]
    assert [each for each in names if plain_name(each) != each] == []
