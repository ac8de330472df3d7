"""Where a command saves its files, and how it says so."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import SaveError
from ..results.writing import require_writable
from .terminal import out


class UsageError(Exception):
    """An error that was found before anything was sent."""


class OutputFolder:
    """The output folder, checked before the run. It is removed again if it was created and stayed
    empty.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __enter__(self) -> Path:
        self._is_new = not os.path.lexists(self._path)
        try:
            require_writable(self._path)
        except SaveError as error:
            raise UsageError(f"--output: {error.message}") from None
        return self._path

    def __exit__(self, kind: object, *_: object) -> None:
        if self._is_new and kind is not None:
            with suppress(OSError):
                self._path.rmdir()


def print_paths(paths: Iterable[str | Path]) -> None:
    """Print the path of each saved file on a line of its own."""
    for path in paths:
        out(str(path))
