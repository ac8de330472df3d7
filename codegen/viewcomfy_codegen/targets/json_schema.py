"""The plan as a JSON Schema of its calls: the same that the module's `WORKFLOW.schema` says."""

from __future__ import annotations

from viewcomfy_runtime.parameters.fields import Field, schema_of_fields
from viewcomfy_runtime.parameters.inputs import Input

from ..model import Module, Parameter
from .python.rendering import json_text


def json_schema(module: Module) -> str:
    """The text of the schema file (draft 2020-12)."""
    fields = tuple(_field(parameter) for parameter in module.parameters)
    return json_text(schema_of_fields(module.title, fields), indent=2) + "\n"


def _field(parameter: Parameter) -> Field:
    inputs = tuple(
        Input(target.node, target.name, group=parameter.group)
        for target in parameter.inputs
    )
    return Field(
        parameter.name, parameter.type, inputs, parameter.default, parameter.doc
    )
