"""The contents of `[tool.viewcomfy-codegen]`: a JSON Schema for completion in editors and for
validation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from viewcomfy_runtime.json_types import JsonObject

from ..errors import Diagnostic

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

TABLE: Final = "viewcomfy-codegen"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: the JSON Schema of its value, and what it is for."""

    schema: Mapping[str, Any]
    about: str


_TEXT: Final = {"type": "string", "minLength": 1}
_SWITCH: Final = {"type": "boolean"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_BY_NAME: Final = {"type": "object", "additionalProperties": _TEXT}
_SEVERAL: Final = {**_TEXTS, "minItems": 2}

SETTINGS: Final[Mapping[str, Setting]] = {
    "source": Setting(
        _TEXT,
        "The workflow: a workflow_api.json, a view_comfy.json, or an image that ComfyUI saved."
        " A pattern, such as workflows/*.json, makes a client of each file that matches; {name} in"
        " the outputs' paths is then the module's name.",
    ),
    "output": Setting(
        _TEXT, "The module to write, in Python or TypeScript. Default: NAME.py."
    ),
    "schema": Setting(
        {"anyOf": [_TEXT, {"const": False}]},
        "The JSON Schema to write, or false for none. Default: beside the module.",
    ),
    "typescript": Setting(_TEXT, "The TypeScript module to write as well."),
    "openapi": Setting(
        {**_TEXT, "pattern": "\\.openapi\\.json$"},
        "The OpenAPI document to write as well: NAME.openapi.json.",
    ),
    "rules": Setting(
        {**_TEXT, "pattern": "\\.md$"},
        "The page for coding assistants to write as well: NAME.md.",
    ),
    "html": Setting(
        {**_TEXT, "pattern": "\\.html$"},
        "The page for people to write as well: NAME.html.",
    ),
    "runtime": Setting(
        _TEXT,
        "Where the TypeScript module imports its runtime from, "
        "such as viewcomfy.ts beside it. Default: it holds its own.",
    ),
    "vendor": Setting(
        _TEXT,
        "A folder for a copy of the runtime, which the Python modules then import.",
    ),
    "view_comfy": Setting(_TEXT, "The view_comfy.json beside the workflow."),
    "workflow": Setting(
        _TEXT, "Which workflow of a view_comfy.json to use, by number or title."
    ),
    "object_info": Setting(
        _TEXT,
        "The node definitions of the project's ComfyUI: its URL, or a saved /object_info.",
    ),
    "catalog": Setting(
        _TEXT,
        "The project's own catalog of node facts, as `catalog update` writes it.",
    ),
    "include": Setting(_TEXTS, "Keep only parameters that match one of these."),
    "exclude": Setting(_TEXTS, "Leave out parameters that match one of these."),
    "all": Setting(_SWITCH, "Keep what marks or a view_comfy.json leave out."),
    "app_only": Setting(_SWITCH, "Leave out what App mode does not show."),
    "share": Setting(
        _SWITCH,
        "Have one parameter set inputs that plainly belong together (default: true).",
    ),
    "optional_files": Setting(_SWITCH, "Let calls leave files out."),
    "branches": Setting(
        _SWITCH,
        "Keep inputs that exist only under other choices than the deployed ones.",
    ),
    "embed": Setting(_SWITCH, "Embed the workflow's graph in the module."),
    "required": Setting(_TEXTS, "Parameters that a call has to give."),
    "optional": Setting(_TEXTS, "Files that a call may leave out."),
    "rename": Setting(
        _BY_NAME,
        "New names, by key (6-inputs-text) or by the name that the workflow itself gives.",
    ),
    "docs": Setting(_BY_NAME, "Sentences, by key or name."),
    "shared": Setting(
        {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    _SEVERAL,
                    {
                        "type": "object",
                        "properties": {
                            "inputs": {"description": "Keys or names.", **_SEVERAL},
                            "default": {
                                "description": "The value that is sent unless a call sets another."
                            },
                        },
                        "required": ["inputs"],
                        "additionalProperties": False,
                    },
                ]
            },
        },
        "One parameter for several inputs: its name, and their keys or names.",
    ),
    "outputs": Setting(_BY_NAME, "Names of outputs, by the id of their node."),
}
COMMON: Final = ("object_info", "catalog", "vendor", "runtime")
"""Settings that are also allowed above the workflows, for all of them."""


def project_schema() -> JsonObject:
    """The JSON Schema of the table, draft 2020-12."""
    settings: JsonObject = {
        name: {"description": each.about, **each.schema}
        for name, each in SETTINGS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"[tool.{TABLE}]",
        "type": "object",
        "properties": {
            **{name: settings[name] for name in COMMON},
            "workflows": {
                "description": "The clients of the project, each under its module's name.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {
                    "type": "object",
                    "properties": settings,
                    "required": ["source"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["workflows"],
        "additionalProperties": False,
    }


def faults_of(table: Any, where: str) -> list[Diagnostic]:
    """Everything that is wrong with the table; `where` names its file."""
    from jsonschema import Draft202012Validator

    found = Draft202012Validator(project_schema()).iter_errors(table)
    inside = f"{where}: [tool.{TABLE}]"
    return [each for error in found for each in _faults(error, inside)]


def _faults(error: ValidationError, where: str) -> Iterator[Diagnostic]:
    """A jsonschema error in the terms of TOML."""
    place = where + "".join(map(_step, error.absolute_path))
    schema: Any = error.schema
    value: Any = error.instance
    expected: Any = error.validator_value
    match error.validator:
        case "type" | "const":
            yield Diagnostic(place, f"must be {_words(schema)}", _EXAMPLE)
        case "anyOf":
            yield from _alternative_faults(error, where, place)
        case "additionalProperties":
            known = schema["properties"]
            for name in (each for each in value if each not in known):
                near = did_you_mean(name, known)
                hint = near or f"the settings are {', '.join(known)}"
                yield Diagnostic(place + _step(name), "is not a setting", hint)
        case "required":
            for name in expected:
                if name not in value:
                    line = (
                        f"[tool.{TABLE}.workflows.NAME]"
                        if name == "workflows"
                        else f"{name} = …"
                    )
                    yield Diagnostic(place, f"{name} is missing", f"add {line}")
        case "minItems":
            yield Diagnostic(place, f"must have at least {expected} items", _EXAMPLE)
        case "minLength" | "minProperties":
            yield Diagnostic(place, "must not be empty", "leave it out instead")
        case _:
            yield Diagnostic(place, error.message, _EXAMPLE)


_EXAMPLE: Final = "docs/project.md shows an example"


def _alternative_faults(
    error: ValidationError, where: str, place: str
) -> Iterator[Diagnostic]:
    """The error for the one alternative that matches the value's type, or else for all of them."""
    depth = len(error.absolute_path)
    wrong = {
        each.schema_path[0]
        for each in error.context
        if len(each.absolute_path) == depth and each.validator in ("type", "const")
    }
    right = [each for each in error.context if each.schema_path[0] not in wrong]
    if right:
        for each in right:
            yield from _faults(each, where)
    else:
        yield Diagnostic(place, f"must be {_words(error.schema)}", _EXAMPLE)


def _words(schema: Any) -> str:
    """What a schema accepts, in the terms of TOML."""
    if "anyOf" in schema:
        return " or ".join(map(_words, schema["anyOf"]))
    if "const" in schema:
        return str(schema["const"]).lower()
    kinds = {
        "string": "a string",
        "boolean": "true or false",
        "array": "a list",
        "object": "a table",
    }
    return kinds[schema["type"]]


def _step(key: str | int) -> str:
    """One key of a path, quoted as TOML requires."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'."{key}"'


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A "did you mean" question with the closest known name, if one is close."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else None
