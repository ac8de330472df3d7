"""Server-sent events, read as they arrive: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type (`message` where the server names none) and its data, lines joined by a newline."""

    type: str
    data: str


def events(pieces: Iterable[bytes]) -> Iterator[Event]:
    """The events in a stream that arrives in pieces of any size; one that is cut off at the end is dropped."""
    kind, data = "", list[bytes | bytearray]()
    for line in _lines(pieces):
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
    """The lines as one text. An event may be as large as a video: its bytes are let go as soon as they are text."""
    if len(data) > 1:
        return b"\n".join(data).decode("utf-8", "replace")
    text = data[0].decode("utf-8", "replace")
    if isinstance(data[0], bytearray):
        data[0].clear()
    return text


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes | bytearray]:
    """The lines without their ends, which are LF, CRLF or CR; what follows the last end is no line."""
    partial = bytearray()
    after_cr = False
    first = True
    for piece in pieces:
        if after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
            after_cr = False
        if not piece:
            continue
        after_cr = piece.endswith(b"\r")
        *whole, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            if partial:
                partial += line
                yield _without_bom(partial) if first else partial
                partial = bytearray()
            else:
                yield _without_bom(line) if first else line
            first = False
        partial += rest


def _without_bom(line: bytes | bytearray) -> bytes | bytearray:
    return line.removeprefix(codecs.BOM_UTF8)
