"""How the commands read files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Final

import click

from viewcomfy_runtime.json_types import JsonObject, JsonValue
from viewcomfy_runtime.reading import TooLargeError, read_path, read_stream

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD, UnusableOutput, refuse_same
from ..project.writing import write_all
from ..sources.object_info import classes_in, is_url, object_info
from .console import err, out_text

_MOST_NAMES: Final = 6


def read_file(path: str) -> bytes:
    """The content of a file or of standard input. Raises CodegenError if it cannot be read."""
    if path == STANDARD and sys.stdin is None:
        raise CodegenError(Diagnostic(path, "standard input is closed"))
    try:
        return read_stream(sys.stdin.buffer) if path == STANDARD else read_path(path)
    except (OSError, ValueError) as error:
        raise CodegenError(_unreadable(path, error)) from None


def refuse_overwriting(output: str, workflows: Iterable[str]) -> None:
    """Raises click.UsageError for an output that is one of the files that are read."""
    try:
        refuse_same([Path(output)], workflows)
    except UnusableOutput as error:
        raise click.UsageError(str(error)) from None


def read_beside(path: Path) -> str | None:
    """The text of a file that may not exist. Raises CodegenError if it cannot be read."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # Reading a pipe, for instance, could wait forever.
            hint = "name another output"
            raise CodegenError(Diagnostic(str(path), "is not an ordinary file", hint))
        return read_path(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CodegenError(_unreadable(str(path), error)) from None


def read_node_classes(place: str) -> dict[str, JsonObject]:
    """The node classes in a ComfyUI's /object_info: its URL, or a saved file. Raises
    CodegenError.
    """
    if is_url(place):
        return classes_in(object_info(place), place)
    if re.fullmatch(r"[\w.-]+:\d+/?", place) and not Path(place).exists():
        hint = f"a server's URL begins with http://: http://{place}"
        raise CodegenError(Diagnostic(place, "there is no such file", hint))
    return classes_in(read_file(place), place)


def node_classes(place: str | None) -> Mapping[str, JsonValue] | None:
    """What --object-info names, if it is given. Raises CodegenError."""
    return read_node_classes(place) if place else None


def write_output(text: str, output: str) -> None:
    """Write the text to the file that the user named, or print it. Raises CodegenError."""
    if output == STANDARD:
        out_text(text)
        return
    write_all({Path(output): text})
    err(f"wrote {output}")


def users_catalog() -> Path:
    """Where the user's own catalog is kept, for runs outside of a project. The file may not
    exist.
    """
    return Path(click.get_app_dir("viewcomfy-codegen")) / "catalog.json"


def users_catalog_if_any() -> str | None:
    """The user's catalog, if there is one."""
    path = users_catalog()
    return str(path) if path.is_file() else None


def users_facts() -> Mapping[str, JsonValue] | None:
    """The classes in the user's catalog, if there is one. Raises CodegenError if it cannot be
    read.
    """
    return node_classes(users_catalog_if_any())


def _advice(path: Path) -> str:
    """What to check about a file that isn't there: its folder, or a file there that was meant."""
    folder = path.parent
    try:
        names = sorted(each.name for each in islice(folder.iterdir(), 10_000))
    except OSError:
        return f"check the path: the folder {folder} cannot be read"
    nearest = get_close_matches(path.name, names, n=1, cutoff=0.8)
    if nearest:
        return f"did you mean {path.with_name(nearest[0])}?"
    # Schemas that stand beside workflows are rarely meant.
    endings = [path.suffixes, path.suffixes[-1:]]
    alike = [each for each in names if path.suffix and Path(each).suffixes in endings]
    if not alike:
        return "check the path"
    place = "this folder" if folder == Path() else str(folder)
    more = ", …" if len(alike) > _MOST_NAMES else ""
    return f"check the path; {place} has {', '.join(alike[:_MOST_NAMES])}{more}"


def _unreadable(path: str, error: OSError | ValueError) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        return Diagnostic(path, "there is no such file", _advice(Path(path)))
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):
        return Diagnostic(path, "this is a folder", "give the workflow_api.json in it")
    if isinstance(error, TooLargeError):
        hint = "for a workflow, export it alone with File > Export (API)"
    else:
        hint = "check the file and its permissions"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Diagnostic(path, f"cannot be read: {reason}", hint)
