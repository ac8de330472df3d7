"""The project's own settings: `[tool.viewcomfy-codegen]` in pyproject.toml, a table for each client."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from ..errors import CodegenError, Diagnostic
from ..planning.plan import Options
from ..planning.wishes import Wish
from .regenerate import Task

FILE: Final = "pyproject.toml"
TABLE: Final = "viewcomfy-codegen"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: the JSON Schema of its value, and what it is for."""

    schema: Mapping[str, Any]
    about: str


_TEXT: Final = {"type": "string", "minLength": 1}
_SWITCH: Final = {"type": "boolean"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_BY_PARAMETER: Final = {"type": "object", "additionalProperties": _TEXT}

SETTINGS: Final[Mapping[str, Setting]] = {
    "source": Setting(
        _TEXT,
        "The workflow: a workflow_api.json, a view_comfy.json, or a picture that ComfyUI saved.",
    ),
    "output": Setting(_TEXT, "The module to write. Default: NAME.py."),
    "schema": Setting(
        {"anyOf": [_TEXT, {"const": False}]},
        "The JSON Schema to write, or false for none. Default: beside the module.",
    ),
    "view_comfy": Setting(_TEXT, "The view_comfy.json beside the workflow."),
    "workflow": Setting(
        _TEXT, "Which workflow of a view_comfy.json is meant, by number or title."
    ),
    "object_info": Setting(
        _TEXT, "What the project's ComfyUI says of its nodes: its address, or a file."
    ),
    "include": Setting(_TEXTS, "Keep only parameters that match one of these."),
    "exclude": Setting(_TEXTS, "Leave out parameters that match one of these."),
    "all": Setting(_SWITCH, "Keep what marks, or a view_comfy.json, leave out."),
    "optional_files": Setting(_SWITCH, "Let calls leave files out."),
    "embed": Setting(_SWITCH, "Carry the workflow's graph in the module."),
    "required": Setting(_TEXTS, "Parameters that a call has to give."),
    "optional": Setting(_TEXTS, "Files that a call may leave out."),
    "rename": Setting(_BY_PARAMETER, "Names, by key (6-inputs-text) or present name."),
    "docs": Setting(_BY_PARAMETER, "Sentences, by key or present name."),
    "shared": Setting(
        {"type": "object", "additionalProperties": {**_TEXTS, "minItems": 2}},
        "One parameter for several inputs: its name, and their keys or names.",
    ),
}
_COMMON: Final = ("object_info",)


def project_schema() -> dict[str, Any]:
    """The JSON Schema of the table, by which editors complete it."""
    settings = {
        name: {"description": each.about, **each.schema}
        for name, each in SETTINGS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[tool.viewcomfy-codegen]",
        "type": "object",
        "properties": {
            **{name: settings[name] for name in _COMMON},
            "workflows": {
                "description": "The clients of the project, each under its module's name.",
                "type": "object",
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


def tasks_of_project(
    *, start: Path | None = None, fresh: bool = False, force: bool = False
) -> list[Task] | None:
    """The tasks that the nearest pyproject.toml with a table of ours names, from `start` upwards; None where there is none.

    Raises CodegenError with everything that is wrong in it.
    """
    folder = (start or Path.cwd()).absolute()
    for place in (folder, *folder.parents):
        path = place / FILE
        if path.is_file():
            table = _read(path).get("tool", {}).get(TABLE)
            if table is not None:
                tasks = _tasks(table, place, path)
                return [replace(task, fresh=fresh, force=force) for task in tasks]
    return None


def _read(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CodegenError(
            Diagnostic(str(path), f"this is no valid TOML: {error}", "correct it")
        ) from None
    except OSError as error:
        raise CodegenError(
            Diagnostic(str(path), f"cannot be read: {error.strerror}", "check it")
        ) from None


def _tasks(table: Any, folder: Path, path: Path) -> list[Task]:
    faults = list(_faults(table, project_schema(), f"{path}: [tool.{TABLE}]"))
    if faults:
        raise CodegenError(*faults)
    return [
        _task(name, {**_common(table), **settings}, folder, path)
        for name, settings in table["workflows"].items()
    ]


def _common(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table[name] for name in _COMMON if name in table}


def _faults(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[Diagnostic]:
    """What is wrong with a value, by as much of JSON Schema as the table's has."""
    kind = schema.get("type")
    for choice in schema.get("anyOf", ()):
        if not list(_faults(value, choice, where)):
            return
    if "anyOf" in schema:
        yield Diagnostic(where, "must be a path, or false", "see the README")
    elif "const" in schema:
        if value is not schema["const"]:
            yield Diagnostic(where, f"must be {schema['const']}")
    elif type(value) is not _PYTHON[str(kind)]:
        yield Diagnostic(where, f"must be {_WORDS[str(kind)]}", "see the README")
    elif kind == "string":
        if len(value) < schema["minLength"]:
            yield Diagnostic(where, "must not be empty", "leave it out instead")
    elif kind == "array":
        if len(value) < schema.get("minItems", 0):
            yield Diagnostic(where, f"must have {schema['minItems']} at least", None)
        for index, item in enumerate(value):
            yield from _faults(item, schema["items"], f"{where}[{index}]")
    elif kind == "object":
        yield from _faults_of_table(value, schema, where)


_PYTHON: Final[Mapping[str, Any]] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
}
_WORDS: Final = {
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}


def _faults_of_table(
    value: Mapping[str, Any], schema: Mapping[str, Any], where: str
) -> Iterator[Diagnostic]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Diagnostic(where, f"has no {name}", f"add {name} = …")
    for name, item in value.items():
        inside = f"{where}.{name}"
        if name in known:
            yield from _faults(item, known[name], inside)
        elif schema.get("additionalProperties"):
            yield from _faults(item, schema["additionalProperties"], inside)
        else:
            near = get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            )
            yield Diagnostic(inside, "is no setting", hint)


def _task(name: str, settings: Mapping[str, Any], folder: Path, path: Path) -> Task:
    from .paths import refuse_same, schema_path

    where = f"{path}: [tool.{TABLE}.workflows.{name}]"
    module = folder / settings.get("output", f"{name}.py")
    _refuse_unimportable(module, where)
    wanted = settings.get("schema")
    schema = schema_path(
        module, str(folder / wanted) if wanted else None, wanted is False
    )
    if schema is not None:
        refuse_same(schema, module, str(folder / settings["source"]))
    return Task(
        source=str(folder / settings["source"]),
        name=module.stem,
        module=module,
        schema=schema,
        options=Options(
            tuple(settings.get("include", ())),
            tuple(settings.get("exclude", ())),
            settings.get("all", False),
            settings.get("optional_files", False),
            settings.get("embed", True),
        ),
        view_comfy=_placed(settings.get("view_comfy"), folder),
        workflow=settings.get("workflow"),
        object_info=_placed(settings.get("object_info"), folder),
        wanted=_wanted(settings, where),
        shared=tuple(tuple(each) for each in settings.get("shared", {}).values()),
    )


def _placed(place: str | None, folder: Path) -> str | None:
    """A path from the project's folder; an address as it is."""
    if place is None or "://" in place:
        return place
    return str(folder / place)


def _refuse_unimportable(module: Path, where: str) -> None:
    import click

    from .paths import module_path

    try:
        module_path("-", str(module))
    except click.UsageError as error:
        raise CodegenError(
            Diagnostic(where, error.message, "set output to the module's file")
        ) from None


def _wanted(settings: Mapping[str, Any], where: str) -> dict[str, Wish]:
    """What is wanted of parameters, by key or name."""
    found: dict[str, Wish] = {}

    def want(place: str, **wish: Any) -> None:
        found[place] = replace(found.get(place, Wish(where)), **wish)

    for name, inputs in settings.get("shared", {}).items():
        want(inputs[0], name=name)
    for place, name in settings.get("rename", {}).items():
        want(place, name=name)
    for place, text in settings.get("docs", {}).items():
        want(place, doc=text)
    for place in settings.get("optional", ()):
        want(place, required=False)
    for place in settings.get("required", ()):
        want(place, required=True)
    return found
