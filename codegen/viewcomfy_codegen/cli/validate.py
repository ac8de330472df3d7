"""`viewcomfy-codegen validate WORKFLOW call.json`: everything that is wrong with a call."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from viewcomfy_runtime.parameters.fields import Field
from viewcomfy_runtime.parameters.types import Refused, accept

from ..errors import CodegenError, Diagnostic
from ..sources.json_text import read_json
from .files import STANDARD, read_file
from .finishing import tell
from .schemas import Described, described


@click.command("validate")
@click.argument("workflow")
@click.argument("call")
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
def validate_command(workflow: str, call: str, as_json: bool) -> None:
    """Check CALL, a JSON file or - for standard input, against WORKFLOW: a workflow, a generated module or a JSON Schema.

    Exits with 0 where the call is right, with 1 where it is not.
    """
    if workflow == call == STANDARD:
        raise click.UsageError("only one of the two can be standard input")
    try:
        known = described(workflow)
        name = "standard input" if call == STANDARD else call
        value = read_json(read_file(call), name)
        faults = list(_faults(known, value, name))
    except CodegenError as error:
        tell(error.diagnostics)
        sys.exit(1)
    if as_json:
        told = [{"path": path, "message": message} for path, message in faults]
        click.echo(json.dumps({"valid": not faults, "faults": told}, indent=2))
    else:
        for path, message in faults:
            click.echo(f"{name}: {path}: {message}", err=True)
    sys.exit(1 if faults else 0)


def _faults(known: Described, call: Any, name: str) -> Iterator[tuple[str, str]]:
    """Each fault's place, as a JSON path, and what it is."""
    if known.module is None:
        yield from _against_schema(known.schema, call, name)
        return
    if not isinstance(call, dict):
        yield "$", "must be an object of names and values"
        return
    fields = {field.name: field for field in known.module.fields}
    for unknown in call.keys() - fields.keys():
        yield f"$.{unknown}", f"is no parameter{_near(unknown, fields)}"
    for field in fields.values():
        if field.name in call:
            try:
                accept(field.type, call[field.name])
            except Refused as refused:
                yield f"$.{field.name}", str(refused)
        elif field.required:
            yield f"$.{field.name}", "is required"


def _near(unknown: str, fields: dict[str, Field]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(unknown, fields, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _against_schema(
    schema: dict[str, Any], call: Any, name: str
) -> Iterator[tuple[str, str]]:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
    except ImportError:
        raise CodegenError(
            Diagnostic(
                name,
                "checking against a JSON Schema needs jsonschema",
                'pip install "viewcomfy-codegen[validate]", or give the workflow or the module',
            )
        ) from None
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise CodegenError(
            Diagnostic(
                name, f"the schema is none: {error.message}", "generate it again"
            )
        ) from None
    found = Draft202012Validator(schema).iter_errors(call)
    for fault in sorted(found, key=lambda each: each.json_path):
        yield fault.json_path, fault.message
