"""The project's settings: `[tool.viewcomfy-codegen]` in pyproject.toml, with a table for each
client.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from viewcomfy_runtime.reading import read_path

from ..errors import CodegenError, Diagnostic
from ..planning.options import Options
from ..targets.python.target import PYTHON, Python
from ..targets.rules import Rules
from ..targets.target import Target
from ..targets.typescript.target import TypeScript
from .paths import output_targets
from .patterns import expanded
from .regenerate import Task
from .table import COMMON, TABLE, faults_of
from .vendoring import imported_from
from .wanted import wanted_of

FILE: Final = "pyproject.toml"


def tasks_of_project() -> list[Task]:
    """The tasks in the nearest pyproject.toml with our table; none without one.

    Raises CodegenError with every fault in it.
    """
    path = settings_file()
    return tasks_of(path) if path is not None else []


def settings_file() -> Path | None:
    """The nearest pyproject.toml with our table, from the current folder upwards: as a relative
    path if it is in that folder, so that messages name files as the user would.

    Raises CodegenError if one isn't valid TOML.
    """
    places = (Path(FILE), *(each / FILE for each in Path.cwd().parents))
    return next(
        (path for path in places if path.is_file() and _table(path) is not None), None
    )


def tasks_of(path: Path) -> list[Task]:
    """The tasks that a pyproject.toml describes. Raises CodegenError with every fault in it."""
    return _tasks(_table(path), path.parent, path)


def _table(path: Path) -> Any:
    tools = _read(path).get("tool")
    return tools.get(TABLE) if isinstance(tools, dict) else None


def _read(path: Path) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(read_path(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        # Not only TOMLDecodeError: nor may numbers be too long, or lists too deep.
        hint = "correct it there; strings need quotes"
        raise CodegenError(
            Diagnostic(str(path), f"this is not valid TOML: {error}", hint)
        ) from None
    except OSError as error:
        raise CodegenError(
            Diagnostic(str(path), f"cannot be read: {error.strerror}", "check it")
        ) from None


def _tasks(table: Any, folder: Path, path: Path) -> list[Task]:
    faults = faults_of(table, str(path))
    if faults:
        raise CodegenError(*faults)
    return [
        _task(name, {**_common(table), **settings}, folder, path)
        for name, settings in expanded(table["workflows"], folder, str(path))
    ]


def _common(table: Mapping[str, Any]) -> dict[str, object]:
    return {name: table[name] for name in COMMON if name in table}


def _task(name: str, settings: Mapping[str, Any], folder: Path, path: Path) -> Task:
    where = f"{path}: [tool.{TABLE}.workflows.{name}]"
    module = folder / settings.get("output", f"{name}.py")
    outputs = _outputs(settings, module, folder, where)
    vendor = runtime = None
    if "vendor" in settings and outputs[module] is PYTHON:
        vendor = folder / settings["vendor"]
        outputs[module] = Python(imported_from(vendor, module, folder))
    web = next((each for each in outputs if each.suffix == ".ts"), None)
    if "runtime" in settings and web is not None:
        runtime = (web.parent / settings["runtime"]).with_suffix(".ts")
        outputs[web] = TypeScript(f"./{settings['runtime']}")
    return Task(
        source=str(folder / settings["source"]),
        name=module.stem,
        outputs=outputs,
        vendor=vendor,
        runtime=runtime,
        options=_options(settings),
        view_comfy=_placed(settings.get("view_comfy"), folder),
        workflow=settings.get("workflow"),
        object_info=_placed(settings.get("object_info"), folder),
        catalog=_placed(settings.get("catalog"), folder),
        wanted=wanted_of(settings, where),
    )


def _outputs(
    settings: Mapping[str, Any], module: Path, folder: Path, where: str
) -> dict[Path, Target]:
    """The files to write, each with its target. Raises CodegenError if two are the same file."""
    others = ("typescript", "openapi", "rules", "html")
    wanted = [folder / settings[each] for each in others if each in settings]
    schema = settings.get("schema")
    try:
        outputs = output_targets(
            str(folder / settings["source"]),
            [str(module), *map(str, wanted)],
            str(folder / schema) if schema else None,
            schema is False,
        )
    except ValueError as error:  # UnusableOutput, or what the system says of a path
        raise CodegenError(Diagnostic(where, str(error))) from None
    if "rules" in settings:
        outputs[folder / settings["rules"]] = Rules(_imported(module, folder))
    return outputs


def _options(settings: Mapping[str, Any]) -> Options:
    return Options(
        tuple(settings.get("include", ())),
        tuple(settings.get("exclude", ())),
        settings.get("all", False),
        settings.get("optional_files", False),
        settings.get("embed", True),
        branches=settings.get("branches", True),
        app_only=settings.get("app_only", False),
        share=settings.get("share", True),
    )


def _imported(module: Path, folder: Path) -> str:
    """The name under which the project imports the module, from the project's folder or its
    `src`.
    """
    place, root = (Path(os.path.abspath(each)) for each in (module, folder))
    if not place.is_relative_to(root):  # nor is there a way to it on another drive
        return module.stem
    *folders, _ = place.relative_to(root).parts
    parts = [*folders[folders[:1] == ["src"] :], module.stem]
    inside = all(part.isidentifier() for part in parts)
    return ".".join(parts) if inside else module.stem


def _placed(place: str | None, folder: Path) -> str | None:
    """A path relative to the project's folder; a URL as it is."""
    if place is None or "://" in place:
        return place
    return str(folder / place)
