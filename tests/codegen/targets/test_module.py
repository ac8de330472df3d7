"""The generated module in use."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import black
import pytest

from viewcomfy_codegen.targets.python.rendering import docstring
from viewcomfy_runtime import (
    IncompatibleModuleError,
    PromptResult,
    Upload,
    ViewComfyError,
    Workflow,
)
from viewcomfy_runtime.parameters.format import FORMAT

from ...helpers.cases import CASES
from ...helpers.support import imported, made, module_of, text_to_image


def test_parameters_are_a_mutable_dataclass_of_keywords(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    parameters = module.Parameters(positive_prompt="a fox")
    parameters.steps = 30
    assert dataclasses.is_dataclass(parameters)
    assert not hasattr(parameters, "__dict__")
    with pytest.raises(TypeError):
        module.Parameters("a fox")


def test_untouched_parameters_are_the_workflows_own_values(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    params, files = module.WORKFLOW.to_wire(module.Parameters())
    assert params["3-inputs-seed"] == 156680208700286
    assert repr(params["3-inputs-cfg"]) == "8"
    assert files == {}


def test_a_seed_of_none_is_drawn_anew_within_its_range(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    parameters = module.Parameters(seed=None)
    drawn = {module.WORKFLOW.to_wire(parameters)[0]["3-inputs-seed"] for _ in range(5)}
    assert len(drawn) == 5
    assert all(0 <= seed < 2**64 for seed in drawn)


def test_negative_seeds_are_never_drawn(tmp_path: Path) -> None:
    workflow = {"1": {"class_type": "Seed (rgthree)", "inputs": {"seed": -1}}}
    module = module_of(workflow, tmp_path)
    parameters = module.Parameters(seed=None)
    drawn = [module.WORKFLOW.to_wire(parameters)[0]["1-inputs-seed"] for _ in range(50)]
    assert min(drawn) >= 0


def test_files_go_beside_the_values_under_their_key(tmp_path: Path) -> None:
    module = module_of(CASES["image_to_image"](), tmp_path)
    params, files = module.WORKFLOW.to_wire(
        module.Parameters(image=b"\x89PNG\r\n\x1a\n")
    )
    assert "10-inputs-image" not in params
    assert files["10-inputs-image"].filename == "image.png"


def test_an_output_is_described_by_its_nodes_title(tmp_path: Path) -> None:
    workflow = text_to_image()
    (id,) = (id for id, node in workflow.items() if node["class_type"] == "SaveImage")
    workflow[id]["_meta"] = {"title": "Final portrait"}
    output = module_of(workflow, tmp_path).Result.portrait
    assert output.__doc__ == f"Images from node {id}, Final portrait (SaveImage)."


def test_a_docstring_of_any_length_is_laid_out_as_black_would() -> None:
    for text in ("a word or two " * 9, "w" * 120):
        module = "\n\n".join(
            f'class A{length}:\n    {docstring(text[:length] + ".", 4)}\n'
            for length in range(60, 110)
        )
        assert black.format_str(module, mode=black.Mode()) == module


def test_params_are_never_empty(tmp_path: Path) -> None:
    module = module_of(CASES["only_files"](), tmp_path, include=("image",))
    params, files = module.WORKFLOW.to_wire(
        module.Parameters(image=Upload(b"x", "in.png"))
    )
    assert params == {"2-inputs-filename_prefix": "out"}
    assert list(files) == ["1-inputs-image"]


def test_a_list_is_wrapped_so_that_it_is_no_link(tmp_path: Path) -> None:
    module = module_of(CASES["values_of_all_kinds"](), tmp_path)
    parameters = module.Parameters()
    assert parameters.items == [1, 2, [3]]
    assert module.WORKFLOW.to_wire(parameters)[0]["57:8-inputs-items"] == {
        "__value__": [1, 2, [3]]
    }


def test_defaults_that_can_change_are_not_shared(tmp_path: Path) -> None:
    module = module_of(CASES["values_of_all_kinds"](), tmp_path)
    module.Parameters().items.append(4)
    assert module.Parameters().items == [1, 2, [3]]


def test_the_graph_is_carried_unless_it_is_left_out(tmp_path: Path) -> None:
    assert module_of(text_to_image(), tmp_path).WORKFLOW.graph == text_to_image()
    without = module_of(text_to_image(), tmp_path, embed=False)
    with pytest.raises(ViewComfyError, match="--no-embed"):
        without.WORKFLOW.graph  # noqa: B018


@pytest.mark.parametrize("case", CASES)
def test_the_schema_file_and_the_modules_schema_are_one(
    case: str, tmp_path: Path
) -> None:
    import json

    files = made(CASES[case]()).files
    module = imported(files["made.py"], tmp_path)
    assert module.WORKFLOW.schema == json.loads(files["made.schema.json"])


def test_without_its_source_a_module_keeps_its_sentences(tmp_path: Path) -> None:
    import json

    files = made(text_to_image()).files
    bare: dict[str, object] = {"__name__": "without_source"}
    module = type(sys)("without_source")
    sys.modules["without_source"] = module
    exec(
        compile(files["made.py"], "<nowhere>", "exec"),
        module.__dict__ | bare,
        module.__dict__,
    )
    assert module.WORKFLOW.schema == json.loads(files["made.schema.json"])
    assert "Number of denoising steps" in (module.Parameters.__doc__ or "")


@pytest.mark.parametrize(
    ("format", "word"), [(FORMAT + 1, "newer"), (FORMAT - 1, "older")]
)
def test_a_module_of_another_format_says_what_to_do(format: int, word: str) -> None:
    with pytest.raises(IncompatibleModuleError, match=word) as caught:
        Workflow(object, PromptResult, format=format, title="Any")
    assert caught.value.hint


def test_importing_loads_neither_requests_nor_the_generator(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text(
        made(CASES["video"]()).files["made.py"], encoding="utf-8"
    )
    script = (
        "import sys, made\n"
        "heavy = "
        "{'requests', 'requests_toolbelt', 'jinja2', 'click', 'black', 'viewcomfy_codegen'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_where_the_runtime_is_missing_the_traceback_names_its_package(
    tmp_path: Path,
) -> None:
    path = tmp_path / "made.py"
    path.write_text(made(text_to_image()).files["made.py"], encoding="utf-8")
    bare = [sys.executable, "-I", "-S", str(path)]
    run = subprocess.run(bare, capture_output=True, text=True, encoding="utf-8")
    assert "No module named 'viewcomfy_runtime'" in run.stderr
    assert "in the package viewcomfy-codegen" in run.stderr
