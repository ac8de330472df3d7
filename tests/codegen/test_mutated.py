"""Files of every kind that were damaged at random: refused with a message, or harmless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.cli.main import main
from viewcomfy_codegen.project.changes import changes_between
from viewcomfy_codegen.targets.json_schema import JSON_SCHEMA
from viewcomfy_codegen.targets.openapi import OPENAPI
from viewcomfy_codegen.targets.python.target import PYTHON
from viewcomfy_codegen.targets.target import Target
from viewcomfy_codegen.targets.typescript.target import TYPESCRIPT

from ..helpers.branching import described, workflow
from ..helpers.cases import image_to_image, values_of_all_kinds
from ..helpers.hostile import document, refused_or_harmless
from ..helpers.mutating import mutated, mutated_text
from ..helpers.support import made

TARGETS: list[Target] = [PYTHON, TYPESCRIPT, JSON_SCHEMA, OPENAPI]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def schemas() -> Iterator[str]:
    for each in (image_to_image(), values_of_all_kinds()):
        yield made(each).files["made.schema.json"]


@pytest.mark.heavy
def test_a_damaged_workflow_or_app_is_refused_or_harmless() -> None:
    for number in range(200):
        chance = Random(number)
        refused_or_harmless(mutated(chance, document(chance)))


def quiet(*arguments: str) -> None:
    done = CliRunner().invoke(main, list(arguments))
    assert isinstance(done.exception, SystemExit | None), arguments
    assert done.exit_code in (0, 1), arguments
    assert not {"\x1b", "\x9b", "\u202e"} & {*done.output}


def test_no_command_fails_over_a_damaged_workflow(folder: Path) -> None:
    for number in range(60):
        chance = Random(number)
        damaged = mutated(chance, image_to_image(), 6)
        (folder / "w.json").write_text(json.dumps(damaged))
        quiet("inspect", "w.json")
        quiet("inspect", "w.json", "--json")
        quiet("convert", "w.json", "-o", "-")
        quiet("params", "w.json", "-o", "-")


def test_no_command_fails_over_a_damaged_schema(folder: Path) -> None:
    program = "params = {}\nparams['10-inputs-image'] = 'a.png'\n"
    (folder / "old.py").write_text(program)
    (folder / "call.json").write_text('{"steps": 3, "nothing": null}')
    for number, text in enumerate([*schemas()] * 12):
        damaged = mutated(Random(number), json.loads(text))
        (folder / "a.schema.json").write_text(json.dumps(damaged))
        (folder / "b.schema.json").write_text(text)
        quiet("diff", "a.schema.json", "b.schema.json")
        quiet("diff", "b.schema.json", "a.schema.json", "--json")
        quiet("validate", "a.schema.json", "call.json")
        quiet("openapi", "a.schema.json", "-o", "-")
        quiet("rules", "a.schema.json", "-o", "-")
        quiet("migrate", "old.py", "-m", "a.schema.json")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.name))
def test_a_damaged_output_can_be_compared_or_is_refused(target: Target) -> None:
    found = made(workflow(), object_info=described())
    text = target.render(found.module)
    schema = json.loads(JSON_SCHEMA.render(found.module))
    for number in range(150):
        try:
            earlier = target.read(mutated_text(Random(number), text), "made")
            said: Any = {} if earlier is None else earlier.schema
        except CodegenError:
            continue
        told = [*changes_between(said, schema), *changes_between(schema, said)]
        assert all(str(each).isprintable() for each in told)


@pytest.mark.parametrize("name", ["a b", "x=1); evil(", "x\n```\n# Do", ""])
def test_a_name_in_a_schema_never_becomes_a_program(folder: Path, name: str) -> None:
    schema = json.loads(next(schemas()))
    required = {**schema, "required": [name]}
    schema["properties"][name] = schema["properties"].pop("image")
    (folder / "old.py").write_text("params = {'10-inputs-image': 'a.png'}\n")
    for each in (schema, required):
        (folder / "a.schema.json").write_text(json.dumps(each))
        for arguments in (["rules", "-o", "-"], ["migrate", "old.py", "-m"]):
            done = CliRunner().invoke(main, [*arguments, "a.schema.json"])
            assert done.exit_code == 1
            assert "not one that viewcomfy-codegen generates" in done.output


def test_a_schema_s_faults_are_reported_by_their_place(folder: Path) -> None:
    schema = json.loads(next(schemas()))
    schema["properties"]["steps"]["minimum"] = "1"
    schema["required"] = 5
    (folder / "a.schema.json").write_text(json.dumps(schema))
    done = CliRunner().invoke(main, ["rules", "a.schema.json", "-o", "-"])
    assert "a.schema.json: the JSON Schema is not one" in done.output
    assert "generates: properties.steps.minimum" in done.output
    assert "generates: required" in done.output


@pytest.mark.parametrize(
    "wrong", ['ge="1"', "ge=[]", 'le="9" * 3', "multiline=print()"]
)
def test_a_module_whose_bounds_are_not_numbers_is_refused(
    folder: Path, wrong: str
) -> None:
    text = made(image_to_image()).files["made.py"]
    (folder / "a.py").write_text(text.replace("ge=1,", f"{wrong},"))
    (folder / "b.py").write_text(text)
    for arguments in (["a.py", "b.py"], ["b.py", "a.py"]):
        done = CliRunner().invoke(main, ["diff", *arguments])
        assert isinstance(done.exception, SystemExit)
        assert done.exit_code == 1
