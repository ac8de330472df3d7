"""JSON with files as base64: they are decoded as they arrive, so that their text is never kept."""

from __future__ import annotations

import re
import secrets
import string
from base64 import b64encode
from binascii import a2b_base64
from typing import Any, Final

from .bodies import NOT_JSON, json_in

SMALLEST: Final = 1 << 16
"""Characters of base64 from which a value is taken out of the text."""

_PIECE: Final = 1 << 17
"""Characters that are decoded at a time, a multiple of four: what an allocator takes for large it
gives back late.
"""

_START: Final = re.compile(rb'(?<!\\)"data"\s{0,8}:\s{0,8}"')
"""What stands before such a value; a quotation mark within a text has a backslash before it."""
_LONGEST_START: Final = 25

_BASE64: Final = f"{string.ascii_letters}{string.digits}+/=".encode()
_OTHER: Final = re.compile(rb"[^A-Za-z0-9+/=]")
_LAST: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


class JsonReader:
    """A text of JSON as it arrives.

    In objects that have a `filename`, long base64 under `data` becomes its bytes, in pieces.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._looked = 0
        self._mark = secrets.token_hex()
        self._files: dict[str, tuple[bytes, ...]] = {}
        self._inside = False
        """Whether the value of a file goes on with what comes next."""
        self._pieces: list[bytes] = []
        self._rest = bytearray()

    def add(self, piece: bytes | bytearray) -> None:
        """What comes next."""
        if self._inside:
            piece = self._within(piece)
        self._text += piece
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
        """The value of the whole, or NOT_JSON where it isn't a text of JSON in UTF-8."""
        try:
            text = self._text.decode()
        except UnicodeDecodeError:
            return NOT_JSON
        self._text.clear()  # it may be large: let it be there once
        return json_in(text, self._filled if self._files else None)

    def _within(self, piece: bytes | bytearray) -> bytes | bytearray:
        """Take what belongs to the file; returns what follows it."""
        # Deleting all that base64 has is several times as fast as searching for what it hasn't.
        other = _OTHER.search(piece) if piece.translate(None, _BASE64) else None
        end = len(piece) if other is None else other.start()
        self._rest += piece[:end]
        while len(self._rest) > _PIECE and b"=" not in (block := self._rest[:_PIECE]):
            self._pieces.append(a2b_base64(block))
            del self._rest[:_PIECE]
        if other is None:
            return b""
        self._close()
        return piece[end:]

    def _close(self) -> None:
        """The file's value is over: note it, unless it is short or isn't base64 after all."""
        last = b""
        if len(self._rest) % 4 == 0 and _LAST.fullmatch(self._rest):
            last = a2b_base64(self._rest)
        size = _PIECE * len(self._pieces) + len(self._rest)
        if size >= SMALLEST and b64encode(last) == self._rest:
            name = f"{self._mark}{len(self._files)}"
            self._files[name] = (*self._pieces, last)
            self._text += name.encode()
        else:
            self._text += b"".join(map(b64encode, self._pieces)) + self._rest
        self._looked = len(self._text)
        self._pieces, self._rest, self._inside = [], bytearray(), False

    def _filled(self, found: dict[str, object]) -> dict[str, object]:
        data = found.get("data")
        pieces = self._files.pop(data, None) if isinstance(data, str) else None
        if pieces is not None:
            text = "filename" not in found
            found["data"] = b64encode(b"".join(pieces)).decode() if text else pieces
        return found
