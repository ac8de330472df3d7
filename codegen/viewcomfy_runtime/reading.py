"""Reads whole files, but no more than a limit."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

LARGEST_FILE: Final = 1 << 30
"""Maximum size in bytes of a file that is read into memory."""

_PIECE: Final = 1 << 18


class TooLargeError(OSError):
    """A file is larger than what may be read into memory."""

    def __init__(self, most: int) -> None:
        super().__init__(errno.EFBIG, f"it is larger than {most >> 20} MiB")


def read_path(path: str | os.PathLike[str], most: int = LARGEST_FILE) -> bytes:
    """The content of a file, a pipe or a device. Raises TooLargeError for more than `most` bytes,
    and OSError or ValueError if it can't be read.
    """
    with Path(path).open("rb") as file:
        if os.fstat(file.fileno()).st_size > most:
            raise TooLargeError(most)
        return read_stream(file, most)


def read_stream(
    file: BinaryIO,
    most: int = LARGEST_FILE,
    check: Callable[[], object] = lambda: None,
) -> bytes:
    """The rest of an open file; `check` is called again and again, and may raise.

    Raises TooLargeError for more than `most` bytes, and OSError.
    """
    content = bytearray()
    while piece := file.read(_PIECE):
        check()
        content += piece
        if len(content) > most:
            raise TooLargeError(most)
    return bytes(content)
