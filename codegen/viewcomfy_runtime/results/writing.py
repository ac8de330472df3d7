"""Writes files atomically, never over another file and never outside their folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import SaveError, ViewComfyError
from .filenames import free_number, numbered

_WRITABLE: Final = (
    "check that the folder can be written to and that the disk isn't full"
)

_EXTENSION: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}")
"""The extension of a path that is meant as a file; a version such as `v1.2` isn't one."""


def write_file(
    chunks: Iterable[bytes], folder: Path, name: str, *, replaces: bool = False
) -> Path:
    """Write the chunks to a file called `name` in `folder`, which is created if necessary, and
    return its path.

    If the name is taken, a number is added, unless `replaces` allows overwriting. Raises SaveError
    if saving fails, and whatever the iterator raises.
    """
    ensure_folder(folder)
    try:
        # Not with `tempfile`, whose files are private to their owner whatever the umask is.
        temporary = folder / f".viewcomfy-{os.urandom(8).hex()}.part"
        try:
            with temporary.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
            if replaces:
                os.replace(temporary, folder / name)
                return folder / name
            return _placed(temporary, folder, name)
        finally:
            temporary.unlink(missing_ok=True)
    except ViewComfyError:
        raise
    except (OSError, ValueError) as error:
        reason = _reason(error)
    raise SaveError(f"{name} can't be saved in {folder}: {reason}", hint=_WRITABLE)


def checked_folder(directory: str | os.PathLike[str]) -> Path:
    """The path of a folder. Raises SaveError if it has a file's extension, such as `.png`, and no
    folder of that name exists.
    """
    folder = Path(directory)
    # Not `Path.is_dir`, which raises for a name that is too long or out of reach.
    if _EXTENSION.fullmatch(folder.suffix) and not os.path.isdir(folder):
        raise SaveError(
            f"{folder} looks like a file, not a folder",
            hint=f"save_as({str(directory)!r}) writes one file under that name;"
            " create the folder first if it is one",
        )
    return folder


def ensure_folder(folder: Path) -> Path:
    """The directory, created if it doesn't exist. Raises SaveError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    except (OSError, ValueError) as error:
        reason = _reason(error)
    raise SaveError(f"the folder {folder} can't be created: {reason}", hint=_WRITABLE)


def require_writable(folder: Path) -> None:
    """Create the folder if necessary. Raises SaveError if it isn't writable."""
    probe = (
        ensure_folder(checked_folder(folder)) / f".viewcomfy-{os.urandom(8).hex()}.part"
    )
    try:
        probe.touch()
        probe.unlink()
        return
    except OSError as error:
        reason = _reason(error)
    raise SaveError(f"the folder {folder} isn't writable: {reason}", hint=_WRITABLE)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _placed(temporary: Path, folder: Path, name: str) -> Path:
    """Move a complete file to its final name, or to a free one with a number."""
    while True:
        number = free_number(lambda n: os.path.lexists(folder / numbered(name, n)))
        path = folder / numbered(name, number)
        try:
            # A hard link fails if the name is taken, so concurrent runs can't both use it.
            os.link(temporary, path)
            return path
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            with suppress(FileExistsError):
                path.open("xb").close()
                os.replace(temporary, path)
                return path
