"""Entries of the project's table that describe a client for each file that matches a pattern."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import CodegenError, Diagnostic
from .paths import name_of
from .table import TABLE

NAME: Final = "{name}"
"""Stands for the module's name in the paths of an entry that describes several clients."""

_OUTPUTS: Final = ("output", "schema", "typescript", "openapi", "rules", "html")
_GENERATED: Final = (".schema.json", ".openapi.json")
"""What may stand beside the workflows and isn't one."""

_DEEP: Final = re.compile(r"(?:\*\*/)+")

Entry = tuple[str, Mapping[str, Any]]


def expanded(
    workflows: Mapping[str, Mapping[str, Any]], folder: Path, place: str
) -> Iterator[Entry]:
    """The entries by their key, those whose source is a pattern once for each file that matches
    it, in the order of the files' names; a file that has an entry of its own belongs to that one.

    Raises CodegenError for a pattern that nothing matches, and for an output that would be the same
    file for all.
    """
    sources = (each["source"] for each in workflows.values())
    own = {_normal(folder, each) for each in sources if not _is_pattern(each)}
    for key, settings in workflows.items():
        if not _is_pattern(settings["source"]):
            yield key, settings
            continue
        where = f"{place}: [tool.{TABLE}.workflows.{key}]"
        entry = {"output": f"{NAME}.py", **settings}
        _refuse_shared(entry, where)
        for found in _matches(entry["source"], folder, own, where):
            yield key, _of_file(entry, found)


def _is_pattern(source: str) -> bool:
    return "*" in source or "?" in source


def _normal(folder: Path, source: str) -> str:
    return os.path.normcase(os.path.abspath(folder / source))


def _refuse_shared(entry: Mapping[str, Any], where: str) -> None:
    """Raises CodegenError for each output that would be the same file for all clients."""
    faults = [
        Diagnostic(
            where,
            f"{each} is the same file, {entry[each]}, for every workflow that source matches",
            f'write {NAME} where the module\'s name belongs, as in output = "app/{NAME}.py"',
        )
        for each in _OUTPUTS
        if isinstance(entry.get(each), str) and NAME not in entry[each]
    ]
    if faults:
        raise CodegenError(*faults)


def _matches(source: str, folder: Path, own: set[str], where: str) -> list[str]:
    found = [
        each
        for each in sorted({*_found(_DEEP.sub("**/", source), folder)})
        if not each.endswith(_GENERATED)
        and (folder / each).is_file()
        and _normal(folder, each) not in own
    ]
    if not found:
        hint = "check the pattern: * stands for any part of a name, ** for any folders"
        raise CodegenError(Diagnostic(where, f"no file matches {source}", hint))
    return found


def _found(pattern: str, folder: Path) -> Iterator[str]:
    """The paths that match, from `folder`.

    Folders that are symbolic links are not followed below `**`: two that lead upward would have
    more ways through them than anyone could walk.
    """
    start, deep, rest = pattern.partition("**/")
    if not deep or start[-1:] not in ("", "/"):
        yield from glob.glob(pattern, root_dir=folder)
        return
    for top in glob.glob(start, root_dir=folder) if start else [""]:
        for place, folders, _ in os.walk(folder / top):
            folders[:] = [each for each in folders if not each.startswith(".")]
            below = os.path.relpath(place, folder / top)
            for each in _found(rest, Path(place)):
                yield os.path.normpath(os.path.join(top, below, each))


def _of_file(entry: Mapping[str, Any], source: str) -> dict[str, Any]:
    name = name_of(source)
    paths = {
        each: entry[each].replace(NAME, name)
        for each in (*_OUTPUTS, "view_comfy")
        if isinstance(entry.get(each), str)
    }
    return {**entry, **paths, "source": source}
