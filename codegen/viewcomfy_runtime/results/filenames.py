"""Makes file names from a server safe for any file system."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Final

from ..parameters.media import extension_of
from ..texts import shown

_LONGEST: Final = 180
"""In bytes; leaves room for a number within the limit of 255 that file systems have."""

_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
_DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)", re.IGNORECASE
)


def safe_name(filename: str, content_type: str) -> str:
    """`filename` as a valid name in a folder on Linux, macOS and Windows: without a path, not a
    device name, and not too long.
    """
    name = filename.replace("\\", "/").rpartition("/")[2]
    # Lone surrogates, which file systems reject; then control characters.
    name = _FORBIDDEN.sub("_", name).encode("utf-8", "replace").decode("utf-8")
    name = shown(name).strip(" ").rstrip(". ")
    if not name.strip("."):
        name = "output" + extension_of(content_type)
    if _DEVICES.match(name):
        name = f"_{name}"
    stem, suffix = _split(name)
    room = _LONGEST - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix


def numbered(name: str, number: int) -> str:
    """The name itself for 0, or else with the number: `name (1).png`, `name (2).png` and so on."""
    if not number:
        return name
    stem, suffix = _split(name)
    return f"{stem} ({number}){suffix}"


def free_number(is_taken: Callable[[int], bool]) -> int:
    """A number from 0 that isn't taken: the lowest one if the taken numbers have no gaps.

    Calls `is_taken` a logarithmic number of times, so that thousands of files can share a name.
    """
    if not is_taken(0):
        return 0
    taken, free = 0, 1
    while is_taken(free):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        if is_taken(middle):
            taken = middle
        else:
            free = middle
    return free


def _split(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    return (
        (name.removesuffix(suffix), suffix)
        if 1 < len(suffix.encode()) <= 20
        else (name, "")
    )
