"""Server-sent events, read as they arrive:
https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import ProtocolError

LARGEST_EVENT: Final = 1 << 30
"""Maximum size in bytes of an event, which may contain a result with its files."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type (`message` unless the server names another) and its data, with lines
    joined by a newline.
    """

    type: str
    data: str


def events(chunks: Iterable[bytes], largest: int = LARGEST_EVENT) -> Iterator[Event]:
    """The events in a stream's chunks; an event that is cut off at the end is dropped.

    Raises ProtocolError for an event with more than `largest` bytes.
    """
    kind, data = "", list[bytes | bytearray]()
    size = 0
    for line in _lines(chunks, largest):
        size = size + len(line) + 1 if line else 0
        if size > largest + 1:
            raise _too_large(largest)
        if not line:
            if data:
                yield Event(kind or "message", _joined(data))
            kind, data = "", []
        elif line.startswith(b"data:"):
            data.append(_value(line, 5))
        elif line.startswith(b"event:"):
            kind = _value(line, 6).decode("utf-8", "replace")
        elif line == b"data":
            data.append(b"")


def _value(line: bytes | bytearray, start: int) -> bytes | bytearray:
    start += line[start : start + 1] == b" "
    if isinstance(line, bytes):
        return line[start:]
    del line[:start]
    return line


def _joined(data: list[bytes | bytearray]) -> str:
    """The lines as one text. An event may be as large as a video, so its bytes are released as soon
    as they are decoded.
    """
    if len(data) > 1:
        return b"\n".join(data).decode("utf-8", "replace")
    text = data[0].decode("utf-8", "replace")
    if isinstance(data[0], bytearray):
        data[0].clear()
    return text


def _too_large(largest: int) -> ProtocolError:
    return ProtocolError(
        f"the server sent an event with more than {largest} bytes",
        hint="have the workflow make smaller files, or run without the log",
    )


def _lines(chunks: Iterable[bytes], largest: int) -> Iterator[bytes | bytearray]:
    """The lines without their ends (LF, CRLF or CR); an incomplete last line is dropped."""
    partial = bytearray()
    after_cr = False
    first = True
    for chunk in chunks:
        if after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            after_cr = False
        if not chunk:
            continue
        after_cr = chunk.endswith(b"\r")
        *whole, rest = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if partial:
                partial += line
                yield _without_bom(partial) if first else partial
                partial = bytearray()
            else:
                yield _without_bom(line) if first else line
            first = False
        partial += rest
        if len(partial) > largest:
            raise _too_large(largest)


def _without_bom(line: bytes | bytearray) -> bytes | bytearray:
    return line.removeprefix(codecs.BOM_UTF8)
