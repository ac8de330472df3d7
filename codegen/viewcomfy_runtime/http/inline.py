"""JSON that contains files as base64: they are decoded as they arrive, to save memory."""

from __future__ import annotations

import re
import secrets
import string
from base64 import b64encode
from binascii import a2b_base64
from typing import Any, Final

from .bodies import NOT_JSON, json_in

SMALLEST: Final = 1 << 16
"""Minimum length in characters of a base64 value that is decoded as it arrives."""

_BLOCK: Final = 1 << 17
"""Characters that are decoded at a time, a multiple of four; allocators keep larger blocks longer.
"""

_START: Final = re.compile(rb'(?<!\\)"data"\s{0,8}:\s{0,8}"')
"""The start of such a value; a quotation mark within a string would have a backslash before it."""
_LONGEST_START: Final = 25

_BASE64: Final = f"{string.ascii_letters}{string.digits}+/=".encode()
_OTHER: Final = re.compile(rb"[^A-Za-z0-9+/=]")
_LAST: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


class JsonReader:
    """Reads JSON as it arrives.

    In objects that have a `filename`, a long base64 string under `data` becomes its bytes, in
    chunks.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._looked = 0
        self._mark = secrets.token_hex()
        self._files: dict[str, tuple[bytes, ...]] = {}
        self._inside = False
        """Whether the next chunk continues a file's value."""
        self._blocks: list[bytes] = []
        self._rest = bytearray()

    def feed(self, chunk: bytes | bytearray) -> None:
        """Read the next chunk."""
        if self._inside:
            chunk = self._within(chunk)
        self._text += chunk
        while not self._inside and (found := _START.search(self._text, self._looked)):
            self._looked = found.end()
            if _OTHER.search(self._text, self._looked) is None:
                begun = self._text[self._looked :]
                del self._text[self._looked :]
                self._inside = True
                self._within(begun)
        if not self._inside:
            self._looked = max(self._looked, len(self._text) - _LONGEST_START)

    def value(self) -> Any:
        """The value of the whole document, or NOT_JSON if it isn't JSON in UTF-8."""
        try:
            text = self._text.decode()
        except UnicodeDecodeError:
            return NOT_JSON
        self._text.clear()  # it may be large
        return json_in(text, self._filled if self._files else None)

    def _within(self, chunk: bytes | bytearray) -> bytes | bytearray:
        """Consume the part that belongs to the file, and return the rest."""
        # Deleting all base64 characters is several times as fast as searching for others.
        other = _OTHER.search(chunk) if chunk.translate(None, _BASE64) else None
        end = len(chunk) if other is None else other.start()
        self._rest += chunk[:end]
        while len(self._rest) > _BLOCK and b"=" not in (block := self._rest[:_BLOCK]):
            self._blocks.append(a2b_base64(block))
            del self._rest[:_BLOCK]
        if other is None:
            return b""
        self._close()
        return chunk[end:]

    def _close(self) -> None:
        """End the file's value: keep it as bytes, unless it is short or isn't valid base64."""
        last = b""
        if len(self._rest) % 4 == 0 and _LAST.fullmatch(self._rest):
            last = a2b_base64(self._rest)
        size = _BLOCK * len(self._blocks) + len(self._rest)
        if size >= SMALLEST and b64encode(last) == self._rest:
            name = f"{self._mark}{len(self._files)}"
            self._files[name] = (*self._blocks, last)
            self._text += name.encode()
        else:
            self._text += b"".join(map(b64encode, self._blocks)) + self._rest
        self._looked = len(self._text)
        self._blocks, self._rest, self._inside = [], bytearray(), False

    def _filled(self, found: dict[str, object]) -> dict[str, object]:
        data = found.get("data")
        chunks = self._files.pop(data, None) if isinstance(data, str) else None
        if chunks is not None:
            text = "filename" not in found
            found["data"] = b64encode(b"".join(chunks)).decode() if text else chunks
        return found
