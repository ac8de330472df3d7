"""Previews as ComfyUI sends them: binary frames on its WebSocket.

Source: `BinaryEventTypes` in ComfyUI's protocol.py and `send_image` in its server.py.
"""

from __future__ import annotations

from typing import Final

from ..calls.events import Preview
from ..http.bodies import json_in

_IMAGE: Final = 1
_IMAGE_WITH_METADATA: Final = 4
_FORMATS: Final = {1: "image/jpeg", 2: "image/png"}


def preview_in(frame: bytes, prompt_id: str) -> Preview | None:
    """The preview in a frame of this run; None for any other frame."""
    kind, word = int.from_bytes(frame[:4], "big"), int.from_bytes(frame[4:8], "big")
    if kind == _IMAGE and word in _FORMATS and len(frame) > 8:
        return Preview(frame[8:], _FORMATS[word])
    if kind != _IMAGE_WITH_METADATA or word > len(frame):
        return None
    about = json_in(frame[8 : 8 + word].decode("utf-8", "replace"))
    data = frame[8 + word :]
    if not isinstance(about, dict) or about.get("prompt_id") not in (None, prompt_id):
        return None
    node, image_type = about.get("node_id"), about.get("image_type")
    content_type = (
        str(image_type) if image_type in _FORMATS.values() else _sniffed(data)
    )
    return Preview(data, content_type, node if isinstance(node, str) else None)


def _sniffed(data: bytes) -> str:
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
