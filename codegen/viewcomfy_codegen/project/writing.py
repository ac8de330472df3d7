"""Texts onto a disk: all of them or none, each file whole at any moment."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import CodegenError, Diagnostic


def write_all(texts: Mapping[Path, str]) -> None:
    """Writes each text to its path as UTF-8, once all of them are safely on the disk.

    Raises CodegenError where a file cannot be written; then, as on Ctrl-C, the old files are as they were and no
    temporary one stays behind.
    """
    with contextlib.ExitStack() as stack:
        staged = [
            (stack.enter_context(_staged(path, text)), path)
            for path, text in texts.items()
        ]
        for temporary, path in staged:
            with _explained(path):
                os.replace(temporary, path)


@contextlib.contextmanager
def _staged(path: Path, text: str) -> Iterator[Path]:
    """The text in a temporary file beside `path`, which is gone afterwards unless it was moved."""
    with _explained(path):
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(None, "it is not writable")
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:80]}.", suffix=".tmp", dir=path.parent
        )
    temporary = Path(name)
    try:
        with _explained(path):
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(
                path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
            )
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns the system's error into one that says what to do."""
    try:
        yield
    except FileNotFoundError:
        message, hint = (
            f"the folder {path.parent} does not exist",
            "create it, or write elsewhere with -o",
        )
    except OSError as error:
        message, hint = (
            f"cannot be written: {error.strerror or error}",
            "check the path, its permissions and the free space",
        )
    else:
        return
    raise CodegenError(Diagnostic(str(path), message, hint))


def _umask() -> int:
    """The permissions that new files are denied: the system tells only while setting them."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
