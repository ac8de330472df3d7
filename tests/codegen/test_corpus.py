"""What must hold on every real workflow. VIEWCOMFY_SHARED names where they are."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import black
import pytest
from jsonschema import Draft202012Validator

from viewcomfy_codegen import Generated, generate
from viewcomfy_codegen.graph.workflow import is_link, unwrapped
from viewcomfy_codegen.sources.api_format import is_node, without_wrappers

from ..helpers.checkers import findings_of_mypy, findings_of_pyright, findings_of_ruff
from ..helpers.shared import shared_file
from ..helpers.support import imported, required_values


def _nodes(file: Path) -> dict[str, Any]:
    entries = without_wrappers(json.loads(file.read_bytes()))
    assert isinstance(entries, dict)
    return {id: entry for id, entry in entries.items() if is_node(entry)}


@lru_cache(maxsize=256)
def _made(file: Path) -> Generated:
    return generate(file.read_bytes(), name="made", source=file.name)


def test_each_is_laid_out_as_black_would(corpus_file: Path) -> None:
    text = _made(corpus_file).files["made.py"]
    assert black.format_str(text, mode=black.Mode()) == text


def test_each_is_the_same_whatever_the_order_of_its_nodes(corpus_file: Path) -> None:
    nodes = list(_nodes(corpus_file).items())
    random.Random(1).shuffle(nodes)
    shuffled = generate(json.dumps(dict(nodes)), name="made", source=corpus_file.name)
    assert shuffled.files == _made(corpus_file).files


def test_each_sends_its_own_values_when_nothing_is_touched(
    corpus_file: Path, tmp_path: Path
) -> None:
    module = imported(_made(corpus_file).files["made.py"], tmp_path)
    nodes = _nodes(corpus_file)
    required = required_values(module.WORKFLOW.schema)
    params, files = module.WORKFLOW.to_wire(module.Parameters(**required))
    given = {
        each.key
        for field in module.WORKFLOW.fields
        if field.required
        for each in field.inputs
    }
    assert params
    for key, value in params.items():
        if key in given:
            continue
        node, _, name = key.partition("-inputs-")
        own = nodes[node]["inputs"][name]
        assert not is_link(own)
        assert json.dumps(value) == json.dumps(
            {"__value__": unwrapped(own)} if isinstance(unwrapped(own), list) else own
        )
    assert module.WORKFLOW.graph == nodes


def test_each_has_a_schema_that_is_valid_and_accepts_its_defaults(
    corpus_file: Path, tmp_path: Path
) -> None:
    made = _made(corpus_file)
    schema = json.loads(made.files["made.schema.json"])
    module = imported(made.files["made.py"], tmp_path)
    assert module.WORKFLOW.schema == schema
    Draft202012Validator.check_schema(schema)
    call = required_values(schema)
    Draft202012Validator(schema).validate(call)
    defaults = {
        name: each["default"]
        for name, each in schema["properties"].items()
        if "default" in each
    }
    Draft202012Validator(schema).validate({**defaults, **call})
    assert module.WORKFLOW.parse({**defaults, **call}) == module.Parameters(**call)


def test_each_official_template_holds_to_the_same(
    official_file: Path, tmp_path: Path
) -> None:
    test_each_is_laid_out_as_black_would(official_file)
    test_each_sends_its_own_values_when_nothing_is_touched(official_file, tmp_path)
    test_each_has_a_schema_that_is_valid_and_accepts_its_defaults(
        official_file, tmp_path
    )


def test_hashing_changes_nothing(tmp_path: Path) -> None:
    folder = shared_file("corpus/api")
    script = (
        "import hashlib, pathlib, sys\n"
        "from viewcomfy_codegen import generate\n"
        "for file in sorted(pathlib.Path(sys.argv[1]).glob('*.json')):\n"
        "    made = generate(file.read_bytes(), name='made', source=file.name)\n"
        "    print(hashlib.sha256(repr(sorted(made.files.items())).encode()).hexdigest())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.fixture(scope="module")
def all_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shared_file("corpus/api")
    target = tmp_path_factory.mktemp("modules")
    for number, file in enumerate(sorted(folder.glob("*.json"))):
        text = _made(file).files["made.py"]
        (target / f"made_{number}.py").write_text(text, encoding="utf-8")
    return target


@pytest.mark.parametrize(
    "findings", [findings_of_ruff, findings_of_mypy, findings_of_pyright]
)
def test_checkers_find_nothing_in_any(all_modules: Path, findings: Any) -> None:
    assert findings(all_modules) == ""
