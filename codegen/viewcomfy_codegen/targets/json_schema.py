"""The plan as a JSON Schema of its calls, equal to the module's `WORKFLOW.schema`."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.schemas import schema_of_fields

from ..errors import CodegenError, Diagnostic
from ..model import Module
from .call_schema import checked_schema, read_call_schema
from .python.rendering import json_text
from .target import Earlier, Target


def schema_of(module: Module) -> JsonObject:
    """The JSON Schema (draft 2020-12) of the module's calls."""
    fields = tuple(parameter.field for parameter in module.parameters)
    return schema_of_fields(module.title, fields, module.outputs)


class _JsonSchema:
    name = "JSON Schema"
    suffix = ".schema.json"
    reserved: frozenset[str] = frozenset()

    def render(self, module: Module) -> str:
        return json_text(schema_of(module), indent=2) + "\n"

    def read(self, text: str, name: str) -> Earlier:
        found = read_call_schema(text)
        if found is None:
            raise CodegenError(
                Diagnostic(
                    name,
                    "not a JSON Schema that viewcomfy-codegen generated",
                    "generate it again from its workflow",
                )
            )
        return Earlier.of_schema(checked_schema(found, name))


JSON_SCHEMA: Final[Target] = _JsonSchema()
