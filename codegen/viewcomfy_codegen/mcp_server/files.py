"""Files in a tool's arguments: `data:` URIs, and paths below the one folder that calls may read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any


class RefusedFile(ValueError):
    """Text that does not name a file that a call may send. The message says what to send
    instead.
    """


def file_of(value: Any, folder: Path | None) -> Any:
    """What to send for a file argument: a `data:` URI as it is, a path as the file below `folder`.

    Raises RefusedFile for anything else, and for a path outside of the folder, also through a
    symbolic link. The message does not reveal whether such a file exists.
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
