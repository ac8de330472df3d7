"""Opens files from calls safely: their bytes may be anything."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""The decoders in use; Pillow has many more, some of which start other programs."""

CONTAINERS: Final = (
    "aac,aiff,asf,avi,caf,flac,flv,gif,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,wav,w64"
)
"""The containers that are opened; others, such as playlists, refer to other files and addresses."""

MOST_PIXELS: Final = 64_000_000
"""Pixels of an image that is decoded: 192 MiB of memory."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"})
"""PNG chunks with metadata: Pillow rejects large ones, which ComfyUI ignores."""


class BadImage(Exception):
    """A file that cannot be read as an image."""


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, without decoding the image. Raises BadImage."""
    with _opened(path) as image:
        return image.size


def decoded_image(path: Path) -> Image:
    """The whole image in RGB. Raises BadImage."""
    with _opened(path) as image:
        try:
            return image.convert("RGB")
        except Exception as error:
            # A damaged file can make a decoder raise anything.
            raise BadImage(f"{type(error).__name__}: {error}") from None


def _opened(path: Path) -> Image:
    from PIL import Image

    try:
        image = Image.open(_readable(path), formats=FORMATS)
    except Exception as error:
        raise BadImage(f"{type(error).__name__}: {error}") from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        image.close()
        raise BadImage(f"{width} x {height} pixels are more than serve decodes")
    return image


def _readable(path: Path) -> Path | BinaryIO:
    """The file, without text chunks if it is a PNG."""
    with path.open("rb") as file:
        if file.read(8) != _SIGNATURE:
            return path
        kept = io.BytesIO()
        kept.write(_SIGNATURE)
        left_out = False
        while len(head := file.read(8)) == 8:
            size = int.from_bytes(head[:4], "big") + 4
            if head[4:] in _TEXTS:
                left_out = True
                file.seek(size, io.SEEK_CUR)
            else:
                kept.write(head)
                kept.write(file.read(size))
        kept.seek(0)
        return kept if left_out else path


class BadMedia(Exception):
    """A file that isn't of the type that its input accepts; `kind` is the exception that ComfyUI
    raises.
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def size_of_medium(path: Path, medium: str) -> tuple[int, int] | None:
    """The width and height of an image in pixels; None for other media, whose streams are checked.

    `medium` is a MIME pattern, `*/*` if anything is accepted. Raises BadMedia.
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
        # A damaged file can make a decoder raise anything.
        kind = f"{type(error).__module__}.{type(error).__name__}"
        raise BadMedia(f"it is not a valid {wanted} file", kind) from None
    if wanted not in found:
        raise BadMedia(f"it contains no {wanted}", "ValueError")
