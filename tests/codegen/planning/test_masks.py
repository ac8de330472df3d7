"""Pictures whose loader's mask the workflow uses have a file for that mask."""

from __future__ import annotations

from pathlib import Path

from ...helpers.images import masked_image
from ...helpers.support import module_of, names_of, node, schema


def test_a_picture_whose_mask_is_used_has_a_file_for_it() -> None:
    assert names_of(masked_image())["1-inputs-image-viewcomfymask"] == "image_mask"


def test_a_picture_whose_mask_is_not_used_has_none() -> None:
    workflow = {"1": node("LoadImage", image="a.png")}
    workflow["2"] = node("SaveImage", images=["1", 0], filename_prefix="x")
    assert "1-inputs-image-viewcomfymask" not in names_of(workflow)


def test_a_picture_of_which_only_the_mask_is_used_has_none_unless_requested() -> None:
    workflow = {"1": node("LoadImage", "Load Mask", image="a.png")}
    workflow["2"] = node("MaskToImage", mask=["1", 1])
    workflow["3"] = node("SaveImage", images=["2", 0], filename_prefix="x")
    assert "1-inputs-image-viewcomfymask" not in names_of(workflow)
    assert "1-inputs-image-viewcomfymask" in names_of(workflow, all=True)


def test_a_mask_is_sent_where_it_is_given(tmp_path: Path) -> None:
    module = module_of(masked_image(), tmp_path)
    _, without = module.WORKFLOW.to_wire(module.Parameters(image=b"x"))
    assert list(without) == ["1-inputs-image"]
    _, files = module.WORKFLOW.to_wire(module.Parameters(image=b"x", image_mask=b"y"))
    assert files["1-inputs-image-viewcomfymask"].data == b"y"


def test_a_mask_is_not_required() -> None:
    found = schema(masked_image())
    assert found["required"] == ["image"]
    assert "image_mask" in found["properties"]


def test_a_masks_name_gives_way_to_one_that_is_there() -> None:
    more = {"6": node("Unknown", "Image Mask", number=3)}
    names = names_of({**masked_image(), **more})
    assert names["6-inputs-number"] == "image_mask"
    assert names["1-inputs-image-viewcomfymask"] == "image_mask_2"
