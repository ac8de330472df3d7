"""What outputs are called, and in which order they stand."""

from __future__ import annotations

from viewcomfy_codegen.naming.outputs import RESERVED_OUTPUTS
from viewcomfy_runtime import PromptResult

from ...helpers.support import Workflow, node, schema, text_to_image


def outputs(*nodes: tuple[str, str]) -> list[str]:
    """The names of these output nodes of one image, by class and prefix of their files' names."""
    workflow: Workflow = {"1": node("LoadImage", image="a.png")}
    for id, (class_type, prefix) in enumerate(nodes, 2):
        inputs = {"images": ["1", 0]}
        workflow[str(id)] = {
            "class_type": class_type,
            "inputs": {**inputs, "filename_prefix": prefix} if prefix else inputs,
        }
    return list(schema(workflow)["x-viewcomfy-outputs"])


def test_what_is_saved_comes_before_previews_and_has_the_plain_name() -> None:
    found = outputs(
        ("PreviewImage", ""),
        ("ImageCompare", ""),
        ("SaveImage", "ComfyUI"),
        ("PreviewImage", ""),
    )
    assert found == ["image", "preview_1", "comparison", "preview_2"]


def test_the_programs_name_is_no_part_of_an_outputs_name() -> None:
    found = outputs(("SaveImage", "ComfyUI-close_up"), ("SaveImage", "ComfyUI-wide"))
    assert found == ["close_up", "wide"]


def test_outputs_of_one_name_are_numbered_by_it() -> None:
    found = outputs(*[("SaveImage", "close_up")] * 2, ("SaveImage", "far"))
    assert found == ["close_up_1", "close_up_2", "far"]


def test_a_number_that_tells_stays() -> None:
    found = outputs(("SaveImage", "ComfyUI-90_left"), ("SaveImage", "ComfyUI-45_left"))
    assert found == ["image_90_left", "image_45_left"]


def test_what_makes_a_model_of_a_text_gives_a_model() -> None:
    workflow = {"1": node("TripoTextToModelNode", prompt="a fox")}
    ((name, about),) = schema(workflow)["x-viewcomfy-outputs"].items()
    assert (name, about["kind"]) == ("model", "model")


def test_no_output_has_the_name_of_what_every_result_has() -> None:
    public = {name for name in dir(PromptResult) if not name.startswith("_")}
    assert public <= RESERVED_OUTPUTS


def test_a_title_that_only_says_that_something_is_shown_is_no_name() -> None:
    workflow = text_to_image()
    workflow["20"] = node("easy showAnything", "Show Any", anything=["8", 0])
    assert set(schema(workflow)["x-viewcomfy-outputs"]) == {"image", "preview"}
