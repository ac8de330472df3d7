"""Reads workflows from images: ComfyUI writes what it ran into the PNG, WebP and JPEG files that it
saves.

PNG has the API format under `prompt` and the web page's under `workflow`, as text chunks; WebP and
JPEG have them as EXIF texts that start with `prompt:` and `workflow:`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..errors import CodegenError, Diagnostic
from .refusals import lacks_library, unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

_EXIF_IFD: Final = 0x8769


def workflow_in_image(data: bytes, name: str) -> bytes:
    """The workflow in an image, the API format if it has both. Pixels aren't decoded.

    Raises CodegenError for an image without a workflow, and if Pillow is not installed.
    """
    try:
        from PIL import Image as images
        from PIL import PngImagePlugin, UnidentifiedImageError
    except ImportError:
        raise lacks_library(name, "an image", "Pillow", "images") from None
    # Large workflows exceed Pillow's own limit for texts; this one still stops a decompression
    # bomb.
    most = PngImagePlugin.MAX_TEXT_CHUNK
    PngImagePlugin.MAX_TEXT_CHUNK = max(most, 64 << 20)
    try:
        with images.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as image:
            texts = dict(_texts(image))
    except images.DecompressionBombError:
        message = "the image is far too large to be one of ComfyUI's"
        raise unreadable(name, message) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise unreadable(name, f"the image is damaged: {error}") from None
    finally:
        PngImagePlugin.MAX_TEXT_CHUNK = most
    text = texts.get("prompt") or texts.get("workflow")
    if text:
        return text.encode("utf-8", "surrogatepass")
    raise CodegenError(
        Diagnostic(
            name,
            "there is no workflow in this image",
            "use the file that ComfyUI saved; screenshots and images from chats do not have it",
        )
    )


def _texts(image: Image) -> Iterator[tuple[str, str]]:
    """The texts in an image and their names."""
    if image.format == "PNG":
        yield from (
            (key, value)
            for key, value in image.info.items()
            if isinstance(key, str) and isinstance(value, str)
        )
        return
    exif = image.getexif()
    values = [*exif.values(), *exif.get_ifd(_EXIF_IFD).values()]
    for value in values:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if isinstance(text, str):
            # A user comment starts with eight bytes that name its encoding.
            text = (
                text.removeprefix("UNICODE\0").removeprefix("ASCII\0\0\0").strip("\0")
            )
            key, colon, content = text.partition(":")
            if colon and key.strip().lower() in ("prompt", "workflow"):
                yield key.strip().lower(), content
