"""The names of parameters that set several inputs."""

from __future__ import annotations

import pytest

from viewcomfy_codegen.naming.common import in_all, in_common, of_parts


@pytest.mark.parametrize(
    "names",
    [
        ("stage_c_seed", "stage_b_seed"),
        ("stage_1_seed", "stage_2_seed"),
        ("high_noise_seed", "low_noise_seed"),
    ],
)
def test_no_part_of_what_tells_stages_apart_is_in_the_name_of_both(
    names: tuple[str, str],
) -> None:
    assert (in_all(names), in_common(names)) == ("seed", "seed")


def test_a_stage_that_all_share_is_in_the_name() -> None:
    assert in_common(("stage_b_cfg", "stage_b_image_cfg")) == "cfg"
    assert in_all(("stage_b_cfg", "stage_b_image_cfg")) == "stage_b_cfg"


def test_the_numbered_word_of_parts_is_not_in_the_name_of_all_but_a_noun_is() -> None:
    parts = ("pass_1_noise_seed", "pass_2_noise_seed")
    assert of_parts(parts, ("noise",)) == ["noise_seed", "noise_seed"]
    loras = ["lora_1_strength", "lora_2_strength"]
    assert of_parts(loras, ("lora",)) == loras
    mixed = ["pass_1_seed", "seed"]
    assert of_parts(mixed, ()) == mixed
