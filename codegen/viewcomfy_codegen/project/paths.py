"""Output paths: module names that Python can import, and files that do not overwrite each other."""

from __future__ import annotations

import keyword
import os
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from ..targets.json_schema import JSON_SCHEMA
from ..targets.python.target import PYTHON
from ..targets.registry import SUFFIXES, all_targets, target_of
from ..targets.target import Target
from ..words import snake, words

STANDARD: Final = "-"
"""Standard input as a source, standard output as a module's path."""


def label_of(source: str) -> str:
    """The name of a source for messages and for what is generated from it."""
    return "standard input" if source == STANDARD else Path(source).name


class UnusableOutput(ValueError):
    """An output cannot be written to this path; the message says why, and what to use instead."""


def name_of(workflow: str) -> str:
    """A module name derived from the workflow's file name."""
    name = snake(words(Path(workflow).stem)) if workflow != STANDARD else "workflow"
    if not name[:1].isidentifier():
        name = f"workflow_{name}".rstrip("_")
    return name if _importable(name) and name not in _SHADOWING else f"{name}_workflow"


def output_targets(
    workflow: str, wanted: Sequence[str], schema: str | None, no_schema: bool
) -> dict[Path, Target]:
    """The files to write, each with its target; the target that remembers names best comes first.

    The schema is written beside the first file unless another path is given. Raises UnusableOutput.
    """
    found: dict[Path, Target] = {}
    for text in wanted or [_default(workflow)]:
        path = Path(text)
        if path in found:
            raise UnusableOutput(
                f"{path} is given twice; give each output a file of its own"
            )
        found[path] = PYTHON if text == STANDARD else _target(path)
    first = next(iter(found))
    if schema is not None:
        if Path(schema) in found:
            raise UnusableOutput(f"the schema and {schema} are the same file")
        found[Path(schema)] = JSON_SCHEMA
    elif not no_schema and first != Path(STANDARD):
        if not any(each is JSON_SCHEMA for each in found.values()):
            found[_stem(first, found[first]).with_suffix(".schema.json")] = JSON_SCHEMA
    refuse_same(found, [workflow])
    module = next((at.stem for at, each in found.items() if each is PYTHON), None)
    for path in [at for at, each in found.items() if each.suffix == ".md"]:
        from ..targets.rules import Rules

        found[path] = Rules(module or name_of(workflow))
    return dict(sorted(found.items(), key=lambda pair: SUFFIXES.index(pair[1].suffix)))


def title_of(workflow: str, outputs: Iterable[Path]) -> str:
    """The client's title, from its first file or the workflow."""
    first = next(iter(outputs))
    if first == Path(STANDARD):
        return name_of(workflow)
    return first.name.partition(".")[0]


def _default(workflow: str) -> str:
    return STANDARD if workflow == STANDARD else f"{name_of(workflow)}.py"


def _stem(path: Path, target: Target) -> Path:
    return path.with_name(path.name.removesuffix(target.suffix))


def _target(path: Path) -> Target:
    """The target with this file extension. Raises UnusableOutput if there is none."""
    if path.is_dir():
        raise UnusableOutput(
            f"{path} is a folder; name the module's file, for instance {path / 'my_workflow.py'}"
        )
    target = target_of(path.name)
    if target is None:
        better = path.with_name(name_of(path.name) + _nearest_ending(path.suffix))
        known = ", ".join(f"{each.suffix} ({each.name})" for each in all_targets())
        raise UnusableOutput(
            f"the ending of {path} does not say what to write; use one of {known},"
            f" for instance {better}"
        )
    if target is PYTHON:
        _refuse_unimportable(path)
    return target


def _nearest_ending(suffix: str) -> str:
    """The ending of a file that can be written that is most like this one; Python's if none is."""
    longer = [each for each in SUFFIXES if suffix and each.endswith(suffix)]
    nearest = longer or get_close_matches(suffix, SUFFIXES, n=1)
    return nearest[0] if nearest else PYTHON.suffix


def _refuse_unimportable(path: Path) -> None:
    if not _importable(path.stem):
        better = path.with_name(f"{name_of(path.name)}.py")
        raise UnusableOutput(
            f"{path} is not a module that Python can import; write {better}, for instance"
        )
    if path.stem in _SHADOWING:
        raise UnusableOutput(
            f"{path}: Python has a module {path.stem} of its own, which this one would hide;"
            f" for instance {path.with_name(f'{path.stem}_workflow.py')}"
        )


_SHADOWING = frozenset({*sys.stdlib_module_names, "viewcomfy_runtime", "requests"})
"""Modules that a generated module imports, directly or indirectly. Under such a name it would
import itself.
"""


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "__init__"


def refuse_same(outputs: Iterable[Path], workflows: Iterable[str]) -> None:
    """Raises UnusableOutput if two outputs are the same file, or if one would overwrite a
    workflow. Paths that differ in case alone are one file on Windows and macOS.
    """
    seen = {
        os.path.realpath(each).casefold(): ("the workflow", each)
        for each in workflows
        if each != STANDARD
    }
    for path in outputs:
        if path == Path(STANDARD):
            continue
        place = os.path.realpath(path)
        if place.casefold() not in seen:
            seen[place.casefold()] = str(path), str(path)
            continue
        name, other = seen[place.casefold()]
        where = "" if os.path.realpath(other) == place else " on Windows and macOS"
        raise UnusableOutput(
            f"{path} and {name} are the same file{where}; pass ComfyUI's file as the WORKFLOW,"
            " and give each output another name"
        )
