"""File names from a server, made safe for any disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import PurePosixPath
from typing import Final

from ..parameters.media import extension_of

_LONGEST: Final = 180
"""Bytes: less than any file system's limit of 255, so that a number still fits."""

_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$", re.IGNORECASE
)


def safe_name(filename: str, content_type: str) -> str:
    """`filename` as a name within a folder on Linux, macOS and Windows: no path, no device, not too long."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = (
        _FORBIDDEN.sub("_", name)
        .encode("utf-8", "replace")
        .decode("utf-8")
        .strip(" ")
        .rstrip(". ")
    )
    if not name.strip("."):
        name = "output" + extension_of(content_type)
    if _DEVICES.match(name):
        name = f"_{name}"
    stem, suffix = _split(name)
    room = _LONGEST - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix


def numbered(name: str) -> Iterator[str]:
    """The name, then `name (1).png`, `name (2).png` and so on without end."""
    yield name
    stem, suffix = _split(name)
    for number in count(1):
        yield f"{stem} ({number}){suffix}"


def _split(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    return (
        (name.removesuffix(suffix), suffix)
        if 1 < len(suffix.encode()) <= 20
        else (name, "")
    )
