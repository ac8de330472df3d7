"""Converts masks to the form that ComfyUI reads, in which masked areas are transparent."""

from __future__ import annotations

import io
from typing import BinaryIO, Final

from ..warning_types import MaskWarning, warn

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_WITH_ALPHA: Final = (4, 6)
"""The PNG color types that have an alpha channel."""

_HEAD: Final = 1 << 16
"""Bytes at the start of a PNG that contain its list of transparent colors, if it has one."""

_MISSING: Final = (
    "the mask has no transparency, which is all that ComfyUI reads: make it transparent where the"
    ' image is masked, or pip install "viewcomfy-codegen[images]", and white counts as masked'
)


def with_alpha(mask: BinaryIO) -> BinaryIO:
    """The mask itself if it can have transparency, or else a copy in which white is transparent.

    Warns of a copy with MaskWarning. Raises ValueError if the mask can't be converted.
    """
    start = mask.tell()
    head = mask.read(_HEAD)
    mask.seek(start)
    return mask if _may_be_transparent(head) else _converted(mask)


def _may_be_transparent(head: bytes) -> bool:
    if head.startswith(_JPEG):
        return False
    if not head.startswith(_PNG) or len(head) < 26:
        return True
    return head[25] in _WITH_ALPHA or b"tRNS" in head


def _converted(mask: BinaryIO) -> BinaryIO:
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ValueError(_MISSING) from None
    try:
        with Image.open(mask, formats=("PNG", "JPEG")) as image:
            white = image.convert("L")
    except Exception as error:
        # For a broken file, Pillow may raise any exception.
        raise ValueError(f"the mask can't be read: {type(error).__name__}") from None
    masked = Image.new("RGBA", white.size)
    masked.putalpha(ImageOps.invert(white))
    copy = io.BytesIO()
    masked.save(copy, "PNG")
    copy.seek(0)
    warn(
        "the mask has no transparency; its white parts were taken as masked",
        MaskWarning,
    )
    return copy
