"""Modules of many parameters, whose fields are read some at a time."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from viewcomfy_codegen.pipeline import Generated, generate
from viewcomfy_codegen.targets.python.reading import read_module


def _large(title: str) -> Generated:
    nodes: dict[str, Any] = {
        f"{'9' * 30}{id:03}": {
            "class_type": "KSampler",
            "inputs": {"seed": id, "steps": 20},
            "_meta": {"title": title},
        }
        for id in range(200)
    }
    return generate(json.dumps(nodes).encode(), name="made")


def test_no_line_of_a_docstring_is_taken_for_a_field() -> None:
    made = _large(f"{'w' * 40} fake: Annotated[int, Input('1', 'x')] = 1")
    text = made.files["made.py"]
    assert re.search(r"^    fake: Annotated\[", text, re.MULTILINE)
    schema = json.loads(made.files["made.schema.json"])
    assert read_module(text, "made.py").schema == schema


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_field_of_a_large_module_is_read(newline: str) -> None:
    made = _large("Sampler")
    earlier = read_module(made.files["made.py"].replace("\n", newline), "made.py")
    assert earlier.schema == json.loads(made.files["made.schema.json"])
    assert list(earlier.names.values()) == [
        each.name for each in made.module.parameters
    ]
