"""What calls a file describes: a workflow's, a generated module's, or a JSON Schema's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viewcomfy_runtime.parameters.fields import Field

from ..pipeline import generate
from ..planning.options import Options
from ..project.paths import STANDARD
from ..targets.json_schema import schema_of
from ..targets.python.reading import read_module
from ..targets.typescript.target import TYPESCRIPT
from .files import read_file, users_facts


@dataclass(frozen=True, slots=True)
class Described:
    """The schema of calls; the workflow's nodes and the parameters if the file has them."""

    schema: Mapping[str, Any]
    graph: Mapping[str, Any] | None = None
    fields: Sequence[Field] | None = None


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
        return Described(module.schema, module.graph, module.fields)
    if place.endswith(".ts"):
        earlier = TYPESCRIPT.read(text, name)
        return Described(earlier.schema, earlier.graph)
    options = Options(kept=users_facts())
    made = generate(data, name="workflow", source=name, options=options, targets=())
    fields = tuple(parameter.field for parameter in made.module.parameters)
    return Described(schema_of(made.module), made.graph, fields)


def _schema(data: bytes) -> dict[str, Any] | None:
    """The JSON Schema in the file, if it is one."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and isinstance(found.get("properties"), dict):
        return found
    return None
