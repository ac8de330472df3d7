"""Reads the files in the response of ViewComfy's app: blocks of a type, a name and the content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ..errors import ProtocolError
from ..parameters.media import UNKNOWN, type_of
from ..results.files import OutputFile

_SEPARATOR: Final = b"\r\n--BLOB_SEPARATOR--\r\n"
_BLANK: Final = b"\r\n\r\n"
_LONGEST_HEADER: Final = 1 << 16


def outputs_in(chunks: Iterable[bytes], host: str) -> Iterator[OutputFile]:
    """The files in the app's blocks. Raises ProtocolError for anything else."""
    buffer = bytearray()
    rest = iter(chunks)
    while True:
        headers: list[str] = []
        for _ in range(2):
            while (end := buffer.find(_BLANK)) < 0:
                chunk = next(rest, None)
                if chunk is None and not buffer and not headers:
                    return
                if chunk is None or len(buffer) > _LONGEST_HEADER:
                    raise _protocol_error(host)
                buffer += chunk
            headers.append(buffer[:end].decode("utf-8", "replace"))
            del buffer[: end + len(_BLANK)]
        content_type, name = _header(headers, host)
        content = _content(buffer, rest, host)
        yield OutputFile(name, content_type, len(content), data=content)


def _content(buffer: bytearray, rest: Iterator[bytes], host: str) -> bytes:
    """The content of a block, which is removed from the buffer. No byte is searched twice."""
    searched = 0
    while (end := buffer.find(_SEPARATOR, searched)) < 0:
        searched = max(0, len(buffer) - len(_SEPARATOR))
        chunk = next(rest, None)
        if chunk is None:
            raise _protocol_error(host)
        buffer += chunk
    content = bytes(memoryview(buffer)[:end])
    del buffer[: end + len(_SEPARATOR)]
    return content


def _header(headers: list[str], host: str) -> tuple[str, str]:
    """The type and the name of a file; the type follows from the name, if its extension is
    known.
    """
    kind, _, content_type = headers[0].partition(":")
    start = headers[1].find('filename="') + len('filename="')
    end = headers[1].rfind('"')
    if kind.strip().lower() != "content-type" or not len('filename="') <= start <= end:
        raise _protocol_error(host)
    name = headers[1][start:end]
    return type_of(name) or content_type.strip() or UNKNOWN, name


def _protocol_error(host: str) -> ProtocolError:
    return ProtocolError(
        f"{host} sent something other than whole files as the app does",
        hint="check that the URL is the app's, and run it again",
    )
