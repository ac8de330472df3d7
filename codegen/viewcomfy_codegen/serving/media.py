"""Files that came with a call, opened as what they are to be: their bytes may be anything."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .images import BadImage, image_size

CONTAINERS: Final = (
    "aac,aiff,asf,avi,caf,flac,flv,gif,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,wav,w64"
)
"""The containers that are opened; others, such as playlists, name files and addresses of their own."""


class BadMedia(Exception):
    """A file that is not of the medium that its input takes; `kind` is the exception that a ComfyUI raises."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def size_of_medium(path: Path, medium: str) -> tuple[int, int] | None:
    """The width and height of an image in pixels; None for other media, whose streams are looked at.

    `medium` is a MIME pattern, `*/*` where anything may come. Raises BadMedia.
    """
    if medium in ("audio/*", "video/*"):
        _check_stream(path, medium.partition("/")[0])
        return None
    try:
        return image_size(path)
    except BadImage as error:
        if medium != "image/*":
            return None
        raise BadMedia(str(error), "PIL.UnidentifiedImageError") from None


def _check_stream(path: Path, wanted: str) -> None:
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=options) as container:
            found = {stream.type for stream in container.streams}
    except Exception as error:
        # Decoders raise whatever their format's damage leads to.
        kind = f"{type(error).__module__}.{type(error).__name__}"
        raise BadMedia(f"it is not a valid {wanted} file", kind) from None
    if wanted not in found:
        raise BadMedia(f"it holds no {wanted}", "ValueError")
