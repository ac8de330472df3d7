"""Writes a set of files completely or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import CodegenError, Diagnostic


def write_all(texts: Mapping[Path, str | None], *, within: Iterable[Path] = ()) -> None:
    """Writes each text to its path as UTF-8, once all of them are stored in temporary files; None
    removes the file.

    The folders `within` and those in them are created, no others. Symbolic links are followed.
    Raises CodegenError if a file cannot be written; then, as after Ctrl-C, the old files are
    unchanged and no temporary files remain.
    """
    with contextlib.ExitStack() as undo, contextlib.ExitStack() as stack:
        for folder in within:
            _make_folders(folder, texts, undo)
        staged = [
            (stack.enter_context(_staged(place, text)), place)
            for path, text in texts.items()
            # Not `Path.resolve`, which raises an error for cyclic links.
            if text is not None and (place := Path(os.path.realpath(path)))
        ]
        for temporary, path in staged:
            with _explained(path):
                os.replace(temporary, path)
        for path, text in texts.items():
            if text is None:
                with _explained(path):
                    path.unlink(missing_ok=True)
        undo.pop_all()


def _make_folders(
    within: Path, texts: Mapping[Path, str | None], undo: contextlib.ExitStack
) -> None:
    """Creates `within` and the folders in it that the texts need, and removes them again if writing
    fails.
    """
    for folder in sorted({within, *(path.parent for path in texts)}):
        if folder.is_relative_to(within) and not folder.exists():
            with _explained(folder):
                folder.mkdir()
            undo.callback(_remove_empty, folder)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


@contextlib.contextmanager
def _staged(path: Path, text: str) -> Iterator[Path]:
    """The text in a temporary file beside `path`, which is deleted afterwards unless it was
    moved.
    """
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
    """Turns an OSError into a CodegenError that says what to do."""
    try:
        yield
    except FileNotFoundError:
        message, hint = (
            f"the folder {path.parent} does not exist",
            "create it, or write elsewhere",
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
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
