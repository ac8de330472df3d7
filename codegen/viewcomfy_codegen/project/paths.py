"""Where the outputs go: names of modules that Python can import, and files that do not overwrite each other."""

from __future__ import annotations

import keyword
import sys
from pathlib import Path
from typing import Final

from ..words import snake, words

STANDARD: Final = "-"
"""Standard input as a source, standard output as a module's place."""


class UnusableOutput(ValueError):
    """A place where an output cannot go; its text says why, and what to write instead."""


def name_of(workflow: str) -> str:
    """A module's name after the workflow's file."""
    name = snake(words(Path(workflow).stem)) if workflow != STANDARD else "workflow"
    if not name[:1].isidentifier():
        name = f"workflow_{name}".rstrip("_")
    return name if _importable(name) and name not in _SHADOWING else f"{name}_workflow"


def module_path(workflow: str, output: str | None) -> Path | None:
    """Where the module goes; None for standard output. Raises UnusableOutput for a place that no module can have."""
    if output == STANDARD or (output is None and workflow == STANDARD):
        return None
    path = Path(output) if output is not None else Path(f"{name_of(workflow)}.py")
    if path.is_dir():
        raise UnusableOutput(
            f"{path} is a folder; name the module's file, for instance {path / 'my_workflow.py'}"
        )
    if path.suffix != ".py" or not _importable(path.stem):
        better = path.with_name(f"{name_of(path.name)}.py")
        raise UnusableOutput(
            f"{path} is not a module that Python can import; write {better}, for instance"
        )
    if path.stem in _SHADOWING:
        raise UnusableOutput(
            f"{path}: Python has a module {path.stem} of its own, which this one would hide;"
            f" for instance {path.with_name(f'{path.stem}_workflow.py')}"
        )
    return path


_SHADOWING = frozenset({*sys.stdlib_module_names, "viewcomfy_runtime", "requests"})
"""Modules that a generated one imports, itself or through others: under such a name it would import itself."""


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "__init__"


def schema_path(
    module: Path | None, schema: str | None, no_schema: bool
) -> Path | None:
    """Where the schema goes: beside the module unless it is said otherwise; None for nowhere."""
    if schema is not None:
        return Path(schema)
    return None if no_schema or module is None else module.with_suffix(".schema.json")


def refuse_same(schema: Path, module: Path | None, workflow: str) -> None:
    """Raises UnusableOutput where the schema would overwrite the module or the workflow."""
    others = [(module, "the module")] if module else []
    if workflow != STANDARD:
        others.append((Path(workflow), "the workflow itself"))
    for other, what in others:
        if schema.resolve() == other.resolve():
            raise UnusableOutput(
                f"the schema {schema} and {what} are the same file; give the schema another name"
            )
