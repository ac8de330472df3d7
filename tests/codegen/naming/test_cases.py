"""Small workflows whose names came out wrong once, each for a whole kind of fault."""

from __future__ import annotations

import json
from typing import Final

import pytest

from ...helpers.shared import shared_file
from ...helpers.support import names_of

RIGHT: Final = {
    "n01_zh": {"6-inputs-text": "positive_prompt", "3-inputs-seed": "seed"},
    "n03_mask": {"1-inputs-file": "control_video"},
    "n03b_mask": {"1-inputs-image": "control_image"},
    "n04_url": {"20-inputs-String": "image_url"},
    "n04b_detect": {"20-inputs-value": "mask_prompt"},
    "n04d_tts": {
        "1-inputs-value": "text",
        "2-inputs-value": "voice",
        "3-inputs-value": "speed",
    },
    "n07_consumers": {"20-inputs-value": "pad_left"},
    "n08_tagger": {"20-inputs-model": "tagger_model"},
    "n10_chain": {
        "50-inputs-strength": "depth_control_strength",
        "51-inputs-strength": "openpose_control_strength",
        "40-inputs-resolution": "depth_resolution",
    },
    "n11_sampler": {
        "3-inputs-steps": "sampler_1_steps",
        "30-inputs-steps": "sampler_2_steps",
        "30-inputs-denoise": "sampler_2_denoise",
    },
    "n13_t2i2v": {
        "6-inputs-text": "image_positive_prompt",
        "5-inputs-width": "image_width",
        "25-inputs-width": "video_width",
    },
    "n14_width": {"2-inputs-value": "width"},
    "n16_rife": {"20-inputs-multiplier": "multiplier"},
    "n17_ace": {"2-inputs-tags": "tags", "2-inputs-lyrics": "lyrics"},
    "n18_pixelle": {"23-inputs-image": "image"},
    "n21_loras": {
        "20-inputs-strength_model": "lora_1_strength",
        "21-inputs-strength_model": "lora_2_strength",
    },
    "n22_show": {"1-inputs-value": "voice", "4-inputs-text": "text"},
    "n31_s2v": {"1-inputs-audio": "audio"},
    "n32b_width": {"20-inputs-value": "width"},
    "n35_segment": {"1-inputs-image": "image"},
    "n36_inpaint_seg": {"1-inputs-image": "image", "4-inputs-prompt": "mask_prompt"},
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_name_that_was_wrong_once_is_right(case: str) -> None:
    names = names_of(json.loads(shared_file(f"cases/{case}.json").read_bytes()))
    assert {key: names.get(key) for key in RIGHT[case]} == RIGHT[case]
