"""Saves all files of a result in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import SaveError, ViewComfyError
from .writing import checked_folder, ensure_folder, write_file

if TYPE_CHECKING:
    from .files import OutputFile

_MOST_FAILED: Final = 20
"""Maximum number of files listed in an error."""


def save_all(
    outputs: Iterable[OutputFile],
    names: Iterable[str],
    directory: str | os.PathLike[str],
    timeout: float,
) -> list[Path]:
    """Write each output into the directory under its name, and return their paths. If some fail,
    raises SaveError naming them after writing the others.
    """
    folder = ensure_folder(checked_folder(directory))
    saved: list[Path] = []
    failed: list[str] = []
    for output, name in zip(outputs, names, strict=True):
        try:
            saved.append(write_file(output.chunks(timeout=timeout), folder, name))
        except SaveError as error:
            failed.append(error.message)
        except ViewComfyError as error:
            failed.append(f"{output.filename}: {error.message}")
    if failed:
        lines = failed[:_MOST_FAILED]
        if len(failed) > len(lines):
            lines.append(f"and {len(failed) - len(lines)} more")
        raise SaveError(
            "\n".join(["not all files could be saved", *lines]),
            saved,
            hint="the result is still there: save it again, perhaps elsewhere",
        )
    return saved
