"""A workflow for people: calls to paste, and its graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...helpers.support import text_to_image
from .test_commands import hostile_workflow, is_harmless, run


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
