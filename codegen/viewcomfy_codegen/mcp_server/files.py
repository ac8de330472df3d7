"""Files in a tool's arguments:

`data:` URIs, and paths below the one folder that is open to calls.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any


class RefusedFile(ValueError):
    """A text that stands for no file that a call may send;
    its own text says what to send instead.
    """


def file_of(value: Any, folder: Path | None) -> Any:
    """What is sent for a file parameter's argument: a `data:` URI as it is, a path as the file
    below `folder`.

    Raises RefusedFile for what is neither, and for a path that leads out of the folder, through a
    symbolic link too: whether such a file exists is not told.
    """
    if not isinstance(value, str) or value.startswith("data:"):
        return value
    if folder is None:
        raise RefusedFile("must be a data: URI, such as data:image/png;base64,…")
    with suppress(OSError, ValueError, RuntimeError):
        root = folder.resolve(strict=True)
        place = (root / value).resolve(strict=True)
        if place.is_relative_to(root) and place.is_file():
            return place
    raise RefusedFile(
        "must be a data: URI, or the path of a file in the folder that the server reads from"
    )
