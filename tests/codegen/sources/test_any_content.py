"""Any content at all is a workflow or a clear error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import CodegenError, generate

from ...helpers.json_values import WORDS, json_values
from ...helpers.support import node, text_to_image


def outcome(content: bytes | str) -> None:
    """A result or a clear error; anything else fails the test."""
    try:
        generate(content)
    except CodegenError as error:
        assert error.diagnostics
        assert all(str(each).splitlines() for each in error.diagnostics)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_result_or_a_clear_error(content: bytes) -> None:
    outcome(content)


JSON = json_values(
    keys=st.sampled_from(["class_type", "inputs", "_meta", "title", "prompt", "nodes"])
    | WORDS,
    longest=4,
    most=20,
)


@given(JSON)
def test_any_json_gives_a_result_or_a_clear_error(value: object) -> None:
    outcome(json.dumps(value))


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_workflow_gives_a_result_or_a_clear_error(
    data: st.DataObject,
) -> None:
    content = json.dumps(text_to_image()).encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    outcome(content[:start] + data.draw(st.binary(max_size=4)) + content[end:])


def circular() -> dict[str, Any]:
    workflow: dict[str, Any] = {"1": node("Mine", level=3)}
    workflow["1"]["inputs"]["level"] = workflow
    return workflow


def deep() -> dict[str, Any]:
    value: Any = 3
    for _ in range(100_000):
        value = [value]
    return {"1": node("Mine", level=value)}


@pytest.mark.parametrize(
    "workflow",
    [circular(), deep(), {"1": node("Mine", level=object())}, {"1": {2, 3}}, {(1,): 2}],
    ids=["circular", "deep", "object", "set", "tuple"],
)
def test_values_that_json_cannot_hold_are_an_error(workflow: Any) -> None:
    with pytest.raises(CodegenError, match="w.json: this is not a workflow"):
        generate(workflow, source="w.json")
