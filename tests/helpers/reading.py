"""Workflows in API format as they are read: nodes, notes, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from viewcomfy_codegen import CodegenError, Diagnostic
from viewcomfy_codegen.graph.workflow import Workflow
from viewcomfy_codegen.sources.api_format import read_workflow

NODE = '{"1": {"class_type": "KSampler", "inputs": {"seed": %s}}}'


def read(text: str | bytes) -> Workflow:
    """The workflow in a file."""
    data = text if isinstance(text, bytes) else text.encode()
    return read_workflow(data, "w.json")[0]


def notes(workflow: dict[str, Any]) -> list[Diagnostic]:
    """What there is to say of a workflow that is read."""
    return read_workflow(json.dumps(workflow).encode(), "w.json")[1]


def refused(text: str | bytes) -> tuple[Diagnostic, ...]:
    """What is said of a file that is refused; each thing comes with a remedy."""
    with pytest.raises(CodegenError) as caught:
        read(text)
    found = caught.value.diagnostics
    assert found and all(each.hint and each.severity == "error" for each in found)
    return found


def only(diagnostics: tuple[Diagnostic, ...]) -> Diagnostic:
    """The one that there is."""
    (found,) = diagnostics
    return found
