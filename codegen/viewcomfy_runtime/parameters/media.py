"""MIME types by file name, the same on every system."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mimetypes import MimeTypes

UNKNOWN: Final = "application/octet-stream"

_MORE: Final = {
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".fbx": "application/octet-stream",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".jsonl": "application/jsonl",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".obj": "model/obj",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".ply": "model/ply",
    ".srt": "application/x-subrip",
    ".stl": "model/stl",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
}


@lru_cache(maxsize=1)
def _types() -> MimeTypes:
    from mimetypes import MimeTypes

    types = MimeTypes()
    for extension, content_type in _MORE.items():
        types.add_type(content_type, extension)
    return types


def type_of(filename: str | None) -> str | None:
    """The MIME type for a file name; None if its extension isn't known."""
    return _types().guess_type(filename, strict=True)[0] if filename else None


def extension_of(content_type: str) -> str:
    """The usual extension for a MIME type, with its dot; empty if there is none."""
    if content_type == UNKNOWN:
        return ""
    return _types().guess_extension(content_type) or ""
