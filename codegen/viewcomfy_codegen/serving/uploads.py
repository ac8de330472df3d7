"""A call's form as it arrives: streamed to disk, within a limit, gone with the call."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from viewcomfy_runtime.results.filenames import safe_name

from .served import Rejected

CHUNK: Final = 1 << 20
LONGEST_FIELD: Final = 64 << 20
"""Bytes of a field that is no file: a workflow may hold pictures as text."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields as text and the files on disk, by name."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def read_form(request: Request, most: int) -> AsyncIterator[Form]:
    """The form of a request of at most `most` bytes; its files are there for as long as this is open.

    Raises Rejected for what is no form, is too large, or holds a file that is empty.
    """
    kind = request.headers.get("content-type", "")
    if not re.match(r"(multipart/form-data|application/x-www-form-urlencoded)\b", kind):
        raise Rejected(415, "the call is no multipart form")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    limited = Request(request.scope, _Limited(request, most).receive)
    with TemporaryDirectory(prefix="viewcomfy-call-") as folder:
        try:
            data = await limited.form(max_part_size=LONGEST_FIELD, max_files=500)
        except HTTPException as error:
            raise Rejected(400, "the form cannot be read", error.detail) from None
        try:
            form = await _stored(data, Path(folder))
        finally:
            await limited.close()
        yield form


async def _stored(data: FormData, folder: Path) -> Form:
    form = Form()
    for number, (name, value) in enumerate(data.multi_items()):
        if not isinstance(value, UploadFile):
            form.fields[name] = value
            continue
        named = safe_name(value.filename or name, value.content_type or "")
        path = folder / str(number) / named
        path.parent.mkdir()
        with path.open("wb") as file:
            while piece := await value.read(CHUNK):
                file.write(piece)
        if not path.stat().st_size:
            raise Rejected(400, "a file is empty", name)
        form.files[name] = path
    return form


class _Limited:
    """What a request sends, up to a limit, whatever its length says."""

    def __init__(self, request: Request, most: int) -> None:
        self._receive = request.receive
        self._most = most
        self._received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._most:
            raise _too_large(self._most)
        return message


def _too_large(most: int) -> Rejected:
    return Rejected(413, f"the call is larger than {most >> 20} MiB")
