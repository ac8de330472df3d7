"""Images that came with a call, opened with care: their bytes may be anything."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""The decoders that are used; Pillow has many more, some of which start other programs."""

MOST_PIXELS: Final = 64_000_000
"""Of an image that is decoded: 192 MiB of memory."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"})
"""Chunks of a PNG that say something about it: Pillow refuses large ones, which ComfyUI reads past."""


class BadImage(Exception):
    """A file that cannot be read as an image."""


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, without decoding the image. Raises BadImage."""
    with _opened(path) as image:
        return image.size


def decoded(path: Path) -> Image:
    """The whole image in RGB. Raises BadImage."""
    with _opened(path) as image:
        try:
            return image.convert("RGB")
        except Exception as error:
            # Decoders raise whatever their format's damage leads to.
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
    """The file, of a PNG without its texts where it has any."""
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
