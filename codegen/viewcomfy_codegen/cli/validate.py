"""`viewcomfy-codegen validate WORKFLOW CALL`: report everything that is wrong with a call."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from viewcomfy_runtime.errors import InvalidParametersError
from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.parameters.fields import Field
from viewcomfy_runtime.parameters.wire import THE_CALL, parsed

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD
from ..sources.json_text import read_json
from .console import err, out_json, reporting_errors
from .descriptions import description_of
from .files import read_file


@click.command("validate")
@click.argument("workflow")
@click.argument("call")
@click.option("--json", "as_json", is_flag=True, help="Print the faults as JSON.")
def validate_command(workflow: str, call: str, as_json: bool) -> None:
    """Check the JSON in CALL against WORKFLOW.

    WORKFLOW is a workflow, a generated module or a JSON Schema; CALL is a file, or - for standard
    input. The exit code is 0 for a valid call, 1 for any other.
    """
    if workflow == call == STANDARD:
        raise click.UsageError("only one of the two can be standard input")
    with reporting_errors():
        known = description_of(workflow, foreign=True)
        name = "standard input" if call == STANDARD else call
        value = _read_call(call, name)
        if known.fields is not None:
            faults = list(_by_fields(known.fields, value))
        else:
            faults = _by_schema(known.schema, value, workflow)
    if as_json:
        listed = [{"path": path, "message": message} for path, message in faults]
        out_json({"valid": not faults, "faults": listed})
    else:
        for path, message in faults:
            err(f"{name}: {path}: {message}")
        if not faults:
            err(f"{name} is a valid call")
    sys.exit(1 if faults else 0)


def _read_call(call: str, name: str) -> Any:
    """The JSON value in a file. Raises CodegenError."""
    data = read_file(call)
    try:
        return read_json(data, name)
    except CodegenError as error:
        hint = (
            'a call is a JSON object of values by parameter name, such as {"steps": 30}'
        )
        raise CodegenError(
            *(each._replace(hint=hint) for each in error.diagnostics)
        ) from None


def _by_fields(fields: Sequence[Field], call: Any) -> Iterator[tuple[str, str]]:
    """Each fault's JSON path and message."""
    try:
        parsed(tuple(fields), call)
    except InvalidParametersError as error:
        for fault in error.faults:
            inside = f".{fault.parameter}" if fault.parameter != THE_CALL else ""
            yield f"${inside}", fault.message


def _by_schema(
    schema: Mapping[str, JsonValue], call: Any, place: str
) -> list[tuple[str, str]]:
    """A call's faults according to a JSON Schema alone. Raises CodegenError if the schema is not
    valid.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        # A registry of its own keeps the validator from fetching what a schema refers to.
        validator = Draft202012Validator(schema, registry=Registry())
        found = sorted(validator.iter_errors(call), key=lambda each: each.json_path)
    except SchemaError as error:
        reason = f"this is not a valid JSON Schema: {error.message}"
    except Unresolvable as error:
        reason = f"the schema refers to {error.ref}, which is not in it"
    except RecursionError:
        reason = "the schema or the call is nested too deeply"
    else:
        return [(fault.json_path, fault.message) for fault in found]
    raise CodegenError(Diagnostic(place, reason, "generate the schema again"))
