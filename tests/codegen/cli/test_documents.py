"""Documents for people: calls to paste, and the graph."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ...helpers.commands import run
from ...helpers.support import text_to_image
from ...helpers.terminal import hostile_workflow, is_harmless


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.json"
    path.write_text(json.dumps(text_to_image()))
    return path


def test_a_call_imports_the_module_that_generate_writes(workflow: Path) -> None:
    done = run("inspect", str(workflow), "--call", "python")
    assert "from portrait import Parameters, run\n" in done.stdout


def test_a_call_as_json_is_one_that_validates(workflow: Path) -> None:
    done = run("inspect", str(workflow), "--call", "json")
    assert json.loads(done.stdout)["positive_prompt"] == "a lighthouse"


@pytest.mark.parametrize(
    "option",
    ["--graph", *(f"--call={each}" for each in ("python", "async", "curl", "json"))],
)
def test_nothing_that_a_terminal_obeys_is_printed(option: str) -> None:
    done = run("inspect", "-", option, text=hostile_workflow())
    assert done.exit_code == 0
    assert is_harmless(done.stdout)


def test_only_one_form_is_printed(workflow: Path) -> None:
    done = run("inspect", str(workflow), "--graph", "--json")
    assert done.exit_code == 2
    assert "cannot be combined" in done.output


def test_docs_writes_one_page_for_several_workflows(workflow: Path) -> None:
    other = workflow.with_name("other.json")
    other.write_text(json.dumps(text_to_image()))
    page = workflow.with_name("page.html")
    done = run("docs", str(workflow), str(other), "-o", str(page))
    assert done.exit_code == 0
    text = page.read_text("utf-8")
    assert ">Portrait</h1>" in text and ">Other</h1>" in text
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    assert (
        run("docs", str(workflow), str(other), "-o", str(page), "--check").exit_code
        == 0
    )


def test_docs_keeps_a_page_that_somebody_else_wrote(workflow: Path) -> None:
    page = workflow.with_name("page.html")
    page.write_text("<p>mine")
    assert run("docs", str(workflow), "-o", str(page)).exit_code == 1
    assert page.read_text() == "<p>mine"
    assert run("docs", str(workflow), "-o", str(page), "--force").exit_code == 0


@pytest.mark.parametrize("command", ["docs", "rules", "openapi", "params", "convert"])
def test_what_is_read_is_never_overwritten(command: str, workflow: Path) -> None:
    before = workflow.read_text()
    done = run(command, str(workflow), "-o", str(workflow))
    assert done.exit_code == 2
    assert "are the same file" in done.stderr
    assert workflow.read_text() == before


def test_a_document_does_not_take_the_place_of_a_module(workflow: Path) -> None:
    module = workflow.with_name("made.py")
    assert run(str(workflow), "-o", str(module)).exit_code == 0
    before = module.read_text("utf-8")
    for command in ("docs", "rules", "openapi"):
        done = run(command, str(workflow), "-o", str(module))
        assert done.exit_code == 2
        assert "another kind of file (Python)" in done.stderr
    assert module.read_text("utf-8") == before


def test_a_page_is_kept_fresh_with_the_project(
    workflow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workflow.parent
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text(
        "[tool.viewcomfy-codegen.workflows.portrait]\n"
        'source = "portrait.json"\nhtml = "portrait.html"\n'
        '[tool.viewcomfy-codegen.workflows.portrait.rename]\nsteps = "effort"\n'
    )
    assert run("generate").exit_code == 0
    assert "<code>effort</code>" in Path("portrait.html").read_text("utf-8")
    assert run("generate", "--check").exit_code == 0
    changed = text_to_image() | {"8": {"class_type": "VAEDecodeTiled", "inputs": {}}}
    workflow.write_text(json.dumps(changed))
    done = run("generate", "--check")
    assert done.exit_code == 1
    assert "portrait.html" in done.stdout


@pytest.mark.parametrize("command", ["docs", "openapi", "rules"])
def test_a_document_shows_what_its_reader_asks_for(
    command: str, workflow: Path
) -> None:
    options = ("--include", "steps", "--include", "*prompt", "--exclude", "negative*")
    done = run(command, str(workflow), "-o", "-", *options)
    assert done.exit_code == 0, done.output
    assert "steps" in done.stdout and "positive_prompt" in done.stdout
    assert "negative_prompt" not in done.stdout.partition("x-viewcomfy-keys")[0]


def test_a_document_takes_its_titles_from_a_view_comfy_json(workflow: Path) -> None:
    beside = workflow.with_name("view_comfy.json")
    inputs = [{"workflowPath": ["3", "inputs", "steps"], "title": "Number of passes"}]
    groups = [{"title": "Sampling", "inputs": inputs}]
    shown = {"inputs": groups, "advancedInputs": []}
    made = [
        {"viewComfyJSON": shown, "workflowApiJSON": json.loads(workflow.read_text())}
    ]
    beside.write_text(json.dumps({"workflows": made}))
    done = run("rules", str(workflow), "-o", "-", "--view-comfy", str(beside))
    assert done.exit_code == 0, done.output
    assert "number_of_passes" in done.stdout
