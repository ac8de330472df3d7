"""The names of parameters that set several inputs."""

from __future__ import annotations

import pytest

from viewcomfy_codegen.naming.common import in_all, in_common


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
