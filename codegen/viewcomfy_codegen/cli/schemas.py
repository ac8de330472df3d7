"""What calls a file describes: a workflow's, a generated module's, or a JSON Schema's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..pipeline import generate
from ..targets.python.reading import ReadModule, read_module
from .files import STANDARD, read_file


@dataclass(frozen=True, slots=True)
class Described:
    """The schema of calls; the workflow's nodes and the parameters where the file tells of them."""

    schema: dict[str, Any]
    graph: Mapping[str, Any] | None = None
    module: ReadModule | None = None


def described(place: str) -> Described:
    """What a file describes, told apart by its content. Raises CodegenError for what describes no calls."""
    data = read_file(place)
    name = "standard input" if place == STANDARD else place
    schema = _schema(data)
    if schema is not None:
        return Described(schema)
    text = data.decode("utf-8", "replace")
    if place.endswith(".py") or "WORKFLOW: Final" in text:
        module = read_module(text, name)
        return Described(module.schema, module.graph, module)
    made = generate(data, name="workflow", source=name)
    return Described(
        json.loads(made.files["workflow.schema.json"]),
        made.graph,
        read_module(made.files["workflow.py"], name),
    )


def _schema(data: bytes) -> dict[str, Any] | None:
    """The JSON Schema in the file, if it is one of ours."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and isinstance(found.get("properties"), dict):
        return found
    return None
