"""Assigning files to a module's outputs, with and without node ids from the server."""

from __future__ import annotations

import pickle
import warnings
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    AmbiguousOutputWarning,
    OutputFile,
    OutputNode,
    PromptResult,
)
from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.results.naming import Naming
from viewcomfy_runtime.testing import FakeClient, result_with

IMAGE = OutputNode("portrait", "9", "SaveImage", "image", "portrait", "filename_prefix")
OTHER = OutputNode("mask", "12", "SaveImage", "image", "mask", "filename_prefix")
VIDEO = OutputNode(
    "video", "15", "SaveVideo", "video", "video/ComfyUI", "filename_prefix"
)


class Result(PromptResult):
    @property
    def portrait(self) -> list[OutputFile]:
        return self.of("9")

    @property
    def video(self) -> list[OutputFile]:
        return self.of("15")


def result(*files: OutputFile, **params: JsonValue) -> PromptResult:
    return PromptResult("p", "success", True, 1.0, files, {}, params)


def named(made: PromptResult, *nodes: OutputNode) -> Result:
    return Naming(Result, nodes)(made)


def test_the_servers_word_decides() -> None:
    made = named(result(OutputFile("mask_1.png", "image/png", node="9")), IMAGE, OTHER)
    assert [each.filename for each in made.portrait] == ["mask_1.png"]


def test_without_it_the_files_name_decides() -> None:
    files = (
        OutputFile("portrait_1.png", "image/png"),
        OutputFile("mask_1.png", "image/png"),
    )
    made = named(result(*files), IMAGE, OTHER)
    assert [each.filename for each in made.portrait] == ["portrait_1.png"]
    assert [each.filename for each in made.of("12")] == ["mask_1.png"]


def test_the_prefix_counts_as_it_was_sent() -> None:
    files = (
        OutputFile("hero_1.png", "image/png"),
        OutputFile("mask_1.png", "image/png"),
    )
    made = named(
        result(*files, **{"9-inputs-filename_prefix": "out/hero"}), IMAGE, OTHER
    )
    assert [each.filename for each in made.portrait] == ["hero_1.png"]


def test_the_longer_prefix_wins() -> None:
    longer = OutputNode("face", "20", "SaveImage", "image", "portrait_face")
    made = named(result(OutputFile("portrait_face_1.png", "image/png")), IMAGE, longer)
    assert made.portrait == []
    assert len(made.of("20")) == 1


@pytest.mark.parametrize("prefix", ["portrait", "ComfyUI"])
def test_a_previews_file_is_that_of_the_node_without_a_prefix(prefix: str) -> None:
    saving = OutputNode("saved", "9", "SaveImage", "image", prefix, "filename_prefix")
    preview = OutputNode("preview", "10", "PreviewImage", "image")
    files = (
        OutputFile("ComfyUI_temp_abcde_00001_.png", "image/png"),
        OutputFile(f"{prefix}_00001_.png", "image/png"),
    )
    made = named(result(*files), saving, preview)
    assert [each.node for each in made.outputs] == ["10", "9"]


def test_the_only_output_of_a_kind_has_the_files_of_that_kind() -> None:
    made = named(result(OutputFile("whatever.mp4", "video/mp4")), IMAGE, VIDEO)
    assert [each.filename for each in made.video] == ["whatever.mp4"]


def test_what_cannot_be_told_is_in_outputs_alone_and_a_warning_says_so() -> None:
    file = OutputFile("x.png", "image/png")
    with pytest.warns(AmbiguousOutputWarning, match=r"x\.png"):
        made = named(result(file), IMAGE, OTHER)
    assert made.outputs == (file,)
    assert made.portrait == []
    assert made.by_node == {}


def test_a_warning_points_to_the_line_that_ran_the_workflow(module: ModuleType) -> None:
    unknown = result_with("x.bin", b"1")
    with pytest.warns(AmbiguousOutputWarning) as caught:
        module.WORKFLOW.run(
            module.Parameters(), client=FakeClient(module.WORKFLOW, [unknown])
        )
    assert [each.filename for each in caught] == [__file__]


def test_a_module_without_outputs_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert named(result(OutputFile("x.png", "image/png"))).outputs


def test_a_result_can_be_pickled() -> None:
    made = named(result(OutputFile("portrait_1.png", "image/png")), IMAGE)
    assert pickle.loads(pickle.dumps(made)).portrait == made.portrait
