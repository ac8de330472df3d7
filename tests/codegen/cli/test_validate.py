"""`validate`: a call is judged by a workflow, a module or a schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...helpers.commands import run
from ...helpers.support import node


@pytest.mark.parametrize("form", ["workflow", "module", "schema"])
def test_a_call_is_checked_against_each_form(files: dict[str, str], form: str) -> None:
    good = '{"steps": 30, "seed": null}'
    bad = '{"steps": 0, "cfg": "x", "stepz": 1}'
    assert run("validate", files[form], "-", text=good).exit_code == 0
    done = run("validate", files[form], "-", text=bad)
    assert done.exit_code == 1
    assert "$.steps" in done.output
    assert "$.cfg" in done.output
    assert "stepz" in done.output


def test_every_fault_has_its_place_in_json(files: dict[str, str]) -> None:
    Path("call.json").write_text('{"steps": 0}')
    done = run("validate", "w.json", "call.json", "--json")
    told = json.loads(done.stdout)
    assert told["valid"] is False
    assert [each["path"] for each in told["faults"]] == ["$.steps"]


def test_a_call_that_is_no_object_is_wrong(files: dict[str, str]) -> None:
    assert run("validate", "w.json", "-", text="[]").exit_code == 1


def test_a_missing_file_is_named_as_required(
    tmp_path: Path, files: dict[str, str]
) -> None:
    Path("image.json").write_text(json.dumps({"1": node("LoadImage", image="a.png")}))
    done = run("validate", "image.json", "-", text="{}")
    assert "$.image: is required" in done.output


@pytest.mark.parametrize("call", ["{", "", "nowhere"])
def test_a_call_that_cannot_be_read_is_named(files: dict[str, str], call: str) -> None:
    if call != "nowhere":
        Path("call.json").write_text(call)
    done = run("validate", "w.json", "call.json")
    assert done.exit_code == 1
    assert "call.json" in done.output


def test_a_schema_that_is_not_valid_is_reported(files: dict[str, str]) -> None:
    Path("odd.json").write_text('{"properties": {"x": {"type": "nonsense"}}}')
    done = run("validate", "odd.json", "-", text="{}")
    assert done.exit_code == 1
    assert "not a valid JSON Schema" in done.output
    assert run("validate", "-", "-").exit_code == 2
