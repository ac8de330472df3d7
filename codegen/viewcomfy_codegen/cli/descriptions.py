"""The calls that a file describes: a workflow, a generated module, or a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.parameters.fields import Field

from ..errors import CodegenError, Diagnostic
from ..project.earlier import kept_from, renumbered_by
from ..project.paths import STANDARD, name_of
from ..targets.call_schema import checked_schema, read_call_schema
from ..targets.json_schema import JSON_SCHEMA, schema_of
from ..targets.python.reading import read_module
from ..targets.target import Earlier
from ..targets.typescript.target import TYPESCRIPT
from ..words import numbered
from .files import read_file
from .workflow_options import AS_IT_IS, Reading

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Description:
    """A call schema, with the workflow's nodes and the parameters if the file contains them.

    `fallback` is sent by calls that set nothing.
    """

    schema: Mapping[str, JsonValue]
    graph: Mapping[str, Mapping[str, object]] | None = None
    fields: Sequence[Field] | None = None
    fallback: Mapping[str, JsonValue] = field(default_factory=dict)


def description_of(
    place: str,
    reading: Reading = AS_IT_IS,
    *,
    foreign: bool = False,
    earlier: Description | None = None,
) -> Description:
    """What a file describes, detected from its content; `reading` applies to workflows, which keep
    the names of the `earlier` one as they do when a module is generated again.

    A JSON Schema has to be one that is generated, unless it may be `foreign`. Raises CodegenError
    if the file does not describe calls.
    """
    data = read_file(place)
    name = "standard input" if place == STANDARD else place
    text = data.decode(json.detect_encoding(data), "replace").removeprefix("\ufeff")
    schema = read_call_schema(text)
    if schema is not None and foreign:
        return Description(schema)
    if schema is not None:
        found = Description(schema)
    elif place.endswith(".py") or "WORKFLOW: Final" in text:
        module = read_module(text, name)
        found = Description(module.schema, module.graph, module.fields, module.fallback)
    elif place.endswith(".ts"):
        script = TYPESCRIPT.read(text, name)
        found = Description(script.schema, script.graph)
    else:
        return _of_workflow(data, place, reading, earlier)
    checked_schema(found.schema, name, usable=True)
    return found


def _of_workflow(
    data: bytes, place: str, reading: Reading, earlier: Description | None
) -> Description:
    made = reading.generated(data, place, "workflow")
    if earlier is not None:
        known = Earlier.of_schema(earlier.schema, earlier.graph)
        kept = kept_from(known, renumbered_by(known, made.workflow))
        made = reading.generated(
            data,
            place,
            "workflow",
            wanted=kept.names,
            together=kept.together,
            apart=kept.known,
            outputs=kept.outputs,
        )
    fields = tuple(parameter.field for parameter in made.module.parameters)
    return Description(schema_of(made.module), made.graph, fields, made.module.fallback)


def read_each(
    places: Sequence[str], read: Callable[[str, str], _Read]
) -> dict[str, _Read]:
    """What `read` returns for the module's name and the path of each file, by these names. Raises
    CodegenError with every fault.
    """
    found: dict[str, _Read] = {}
    faults: list[Diagnostic] = []
    taken: set[str] = set()
    for place in places:
        name = numbered(name_of(place.removesuffix(JSON_SCHEMA.suffix)), taken)
        try:
            found[name] = read(name, place)
        except CodegenError as error:
            faults += error.diagnostics
    if faults:
        raise CodegenError(*faults)
    return found


def descriptions_by_name(
    places: Sequence[str], reading: Reading = AS_IT_IS
) -> dict[str, Description]:
    """What several files describe, by the name of their module. Raises CodegenError with every
    fault.
    """

    def titled(name: str, place: str) -> Description:
        found = description_of(place, reading)
        title = found.schema.get("title")
        if title in (None, _UNNAMED):
            title = " ".join(name.split("_")).capitalize()
        return replace(found, schema={**found.schema, "title": title})

    return read_each(places, titled)


_UNNAMED: Final = "Workflow"
"""The title of a schema that was generated from a workflow without a name."""
