"""A run's files as the content of an answer: small files inline, large ones as links."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Final

import mcp_types as types

from viewcomfy_runtime.results.files import OutputFile

from .kept_files import KeptFiles

MOST_INLINE: Final = 1 << 20
"""Bytes of a file that is sent inline."""

MOST_READ: Final = 64 << 20
"""Bytes of a file that can be read as a resource."""


async def content_of(file: OutputFile, kept: KeptFiles) -> types.ContentBlock:
    """The content for one file: inline image, audio or text if it is small, otherwise a link to a
    resource.
    """
    kind = file.content_type.partition("/")[0]
    if kind in ("image", "audio", "text"):
        data = await asyncio.to_thread(bounded, file, MOST_INLINE)
        if data is not None and kind == "text":
            return types.TextContent(text=data.decode("utf-8", "replace"))
        if data is not None:
            encoded = base64.b64encode(data).decode("ascii")
            if kind == "image":
                return types.ImageContent(data=encoded, mime_type=file.content_type)
            return types.AudioContent(data=encoded, mime_type=file.content_type)
    return types.ResourceLink(
        uri=kept.add(file),
        name=file.filename,
        mime_type=file.content_type,
        size=file.size,
    )


def bounded(file: OutputFile, most: int) -> bytes | None:
    """The file's content, or None if it is larger than `most` bytes. Raises ViewComfyError."""
    if file.size is not None and file.size > most:
        return None
    data = bytearray()
    pieces: Iterator[bytes] = file.chunks()
    for piece in pieces:
        data += piece
        if len(data) > most:
            return None
    return bytes(data)
