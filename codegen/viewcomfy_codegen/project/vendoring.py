"""Copies the runtime into the user's project, so that an app runs without the generator
installed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import viewcomfy_runtime
from viewcomfy_runtime.reading import read_path

from ..errors import CodegenError, Diagnostic
from ..targets.checksums import marked
from ..version import __version__
from .earlier import refuse_edited

INSTALLED: Final = "viewcomfy_runtime"
"""The module that generated code imports if there is no copy."""

_MARK: Final = "VERSION"
_OURS: Final = "viewcomfy-codegen "
_HEADER: Final = f"""\
# Part of viewcomfy-codegen {__version__}, copied by `viewcomfy-codegen vendor`.
# MIT license, see LICENSE. Do not edit it: copying again replaces it.
# ruff: noqa
# fmt: off
# mypy: ignore-errors
# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
"""
"""The header of each copied file: its origin, and comments that exclude it from the project's
linters.
"""


def copied(folder: Path, *, force: bool = False) -> dict[Path, str | None]:
    """The contents of `folder` by path: the whole runtime with its license, types and version; None
    for files to remove.

    Raises CodegenError for a folder with other files or an edited copy, unless `force`.
    """
    present = _present(folder)
    if present and not force:
        _refuse_foreign(folder, present)
    source = Path(viewcomfy_runtime.__file__).parent
    texts = {
        path.relative_to(source).as_posix(): path.read_text("utf-8")
        for path in _files(source)
    }
    texts = {
        name: _HEADER + text if name.endswith(".py") else text
        for name, text in texts.items()
    }
    listed = "".join(f"{_digest(text)}  {name}\n" for name, text in texts.items())
    texts[_MARK] = f"{_OURS}{__version__}\n\n{listed}"
    gone = dict.fromkeys(present.keys() - texts.keys())
    return {folder / name: text for name, text in (gone | texts).items()}


def shared_runtime(path: Path, *, force: bool = False) -> dict[Path, str | None]:
    """The runtime that TypeScript modules import from `path`.

    Raises CodegenError if the file was edited or not generated, unless `force`.
    """
    if path.is_file() and not force:
        refuse_edited(path, _text(path))
    from ..targets.typescript.module import companion

    return {path: marked(companion(), "")}


def stale(files: Mapping[Path, str | None]) -> list[Path]:
    """The files whose content is out of date."""
    return [
        path
        for path, text in files.items()
        if (_text(path) if path.is_file() else None) != text
    ]


def _refuse_foreign(folder: Path, present: Mapping[str, str]) -> None:
    """Raises CodegenError if a file differs from the earlier copy's list; missing files are written
    again.
    """
    mark = present.get(_MARK, "")
    known = {
        name: digest
        for line in mark.splitlines()
        for digest, gap, name in [line.partition("  ")]
        if gap
    }
    others = [name for name in present if name != _MARK and name not in known]
    edited = [
        name
        for name, digest in known.items()
        if name in present and _digest(present[name]) != digest
    ]
    if not mark.startswith(_OURS) or others:
        fault = "holds files that viewcomfy-codegen did not write"
    elif edited:
        fault = "was edited by hand since the runtime was copied there"
    else:
        return
    named = f" ({', '.join((others or edited)[:3])})"
    hint = "name another folder, or overwrite it with --force"
    raise CodegenError(Diagnostic(str(folder), fault + named, hint))


def imported_from(vendor: Path, module: Path, project: Path) -> str:
    """The import path of the copy in `vendor` for `module`: relative within a package, otherwise
    absolute from `project`.

    Raises CodegenError for a folder whose name Python cannot import.
    """
    vendor, module, project = (each.absolute() for each in (vendor, module, project))
    package = _package(module.parent)
    if package is not None and vendor.is_relative_to(package):
        up = 0
        folder = module.parent
        while not vendor.is_relative_to(folder):
            folder, up = folder.parent, up + 1
        dots, parts = "." * (up + 1), vendor.relative_to(folder).parts
    elif vendor.parent == module.parent:
        dots, parts = "", (vendor.name,)
    else:
        inside = vendor.is_relative_to(project)
        parts = vendor.relative_to(project).parts if inside else (vendor.name,)
        dots, parts = "", parts[parts[:1] == ("src",) :]
    if not parts or not all(re.fullmatch(r"[^\W\d]\w*", part) for part in parts):
        raise CodegenError(
            Diagnostic(
                str(vendor),
                "is not a package that Python can import",
                "give a folder inside the project, such as app/_viewcomfy",
            )
        )
    return dots + ".".join(parts)


def _package(folder: Path) -> Path | None:
    """The outermost package that contains `folder`."""
    found = None
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        found, folder = folder, folder.parent
    return found


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    ]


def _present(folder: Path) -> dict[str, str]:
    """The texts of the files in a folder by relative path. Raises CodegenError if it isn't a
    folder.
    """
    if folder.exists() and not folder.is_dir():
        raise CodegenError(
            Diagnostic(str(folder), "is a file", "name a folder for the runtime")
        )
    names = {path: path.relative_to(folder).as_posix() for path in _files(folder)}
    return {name: _text(path) for path, name in names.items()}


def _text(path: Path) -> str:
    """A file's text with its original line endings, which version control may have changed."""
    try:
        return read_path(path).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError as error:
        raise CodegenError(
            Diagnostic(
                str(path), f"cannot be read: {error.strerror}", "check its permissions"
            )
        ) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
