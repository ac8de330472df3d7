"""Texts of a workflow that try to become code, or to break what is written around them."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from random import Random
from typing import Any

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import CodegenError, generate
from viewcomfy_codegen.targets.python.reading import read_module

from ..helpers.hostile import TEXTS, document, refused_or_harmless
from ..helpers.support import imported, required_values


def workflow(text: str) -> dict[str, Any]:
    """The text wherever a workflow has one."""
    return {
        "1": {
            "class_type": text,
            "inputs": {text or "x": text, "level": 3, "image": f"{text}.png"},
            "_meta": {"title": text},
        },
        text
        or "2": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": text, "clip": ["1", 0]},
            "_meta": {"title": text},
        },
    }


def check(document: dict[str, Any], folder: Path, source: str = "w.json") -> None:
    """The client compiles, is black's, imports without
    running anything, and sends what was there.
    """
    made = generate(json.dumps(document), name="made", source=source)
    text = made.files["made.py"]
    assert black.format_str(text, mode=black.Mode()) == text
    module = imported(text, folder)
    assert not hasattr(builtins, "hostile")
    fields = module.WORKFLOW.fields
    names = [field.name for field in fields]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert json.loads(made.files["made.schema.json"]) == module.WORKFLOW.schema
    given_ = required_values(module.WORKFLOW.schema)
    params, _ = module.WORKFLOW.to_wire(module.Parameters(**given_))
    keys = {each.key for field in fields if field.required for each in field.inputs}
    for key, value in params.items():
        if key in keys:
            continue
        node, _, name = key.partition("-inputs-")
        was = document[node]["inputs"][name]
        # A list goes out marked, so that it is not taken for a link.
        assert value == ({"__value__": was} if isinstance(was, list) else was)
    again = read_module(text, "made.py")
    assert [each.name for each in again.fields] == names
    assert again.schema == module.WORKFLOW.schema


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_text_of_a_workflow_becomes_code(text: str, tmp_path: Path) -> None:
    check(workflow(text), tmp_path)


@pytest.mark.parametrize("text", TEXTS[:12], ids=range(12))
def test_no_name_of_a_file_becomes_code(text: str, tmp_path: Path) -> None:
    check(workflow("plain"), tmp_path, source=text)


WORDS = st.sampled_from(TEXTS[:-1]) | st.text(max_size=12)
VALUES = st.recursive(
    WORDS
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, min_size=3, max_size=4)
    | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=5,
)
NODES = st.dictionaries(
    st.text(min_size=1, max_size=6),
    st.fixed_dictionaries(
        {
            "class_type": st.sampled_from(["KSampler", "LoadImage", "Odd"])
            | st.text(min_size=1, max_size=8),
            "inputs": st.dictionaries(
                st.sampled_from(["seed", "text", "image", "cfg"]) | WORDS,
                VALUES,
                max_size=4,
            ),
            "_meta": st.fixed_dictionaries({"title": WORDS}),
        }
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("examples", [25, pytest.param(200, marks=pytest.mark.heavy)])
def test_any_workflow_has_a_client(tmp_path: Path, examples: int) -> None:
    @given(NODES)
    @settings(max_examples=examples)
    def has_a_client(document: dict[str, Any]) -> None:
        try:
            generate(json.dumps(document), name="made")
        except CodegenError:
            return
        check(document, tmp_path)

    has_a_client()


@pytest.mark.heavy
@pytest.mark.parametrize("part", range(4))
def test_two_thousand_hostile_workflows_are_refused_or_harmless(part: int) -> None:
    made = sum(
        refused_or_harmless(document(Random(f"{part}.{number}")))
        for number in range(500)
    )
    assert made > 200


@given(st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_any_hostile_workflow_is_refused_or_harmless(chance: Random) -> None:
    refused_or_harmless(document(chance))
