"""Recognizes files with an embedded workflow: images, videos and audio files that ComfyUI saved."""

from __future__ import annotations

from typing import Final

from ..errors import CodegenError, Diagnostic

_IMAGES: Final = (
    (b"\x89PNG\r\n\x1a\n", 0),
    (b"\xff\xd8\xff", 0),
    (b"WEBP", 8),
)
_MEDIA: Final = (
    (b"ftyp", 4, "mov"),
    (b"\x1aE\xdf\xa3", 0, "matroska"),
    (b"fLaC", 0, "flac"),
    (b"OggS", 0, "ogg"),
    (b"ID3", 0, "mp3"),
)
"""The first bytes of each format, their offset, and FFmpeg's name for it."""

_WITHOUT: Final = (
    (b"AVI ", 8, "a video (AVI)"),
    (b"GIF8", 0, "an image (GIF)"),
    (b"WAVE", 8, "audio (WAV)"),
)
"""Formats that never contain a workflow: first bytes, their offset, and the name of the format."""


def extracted(data: bytes, name: str) -> bytes:
    """The workflow embedded in an image, video or audio file; `data` itself if it is anything else.

    Raises CodegenError for a file without a workflow, and if the library that reads it is not
    installed.
    """
    if any(data.startswith(sign, start) for sign, start in _IMAGES):
        from .images import workflow_in_image

        return workflow_in_image(data, name)
    for sign, start, kind in _MEDIA:
        if data.startswith(sign, start):
            from .media import workflow_in_media

            return workflow_in_media(data, kind, name)
    for sign, start, what in _WITHOUT:
        if data.startswith(sign, start):
            message = f"this is {what}, not a workflow"
            hint = "open it in ComfyUI and use File > Export (API)"
            raise CodegenError(Diagnostic(name, message, hint))
    return data
