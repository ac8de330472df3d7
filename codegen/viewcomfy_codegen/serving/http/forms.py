"""Reads a call's form: streamed to disk, within limits, and deleted with the call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from viewcomfy_runtime.results.filenames import safe_name

from ..rejection import Rejected

_T = TypeVar("_T")

CHUNK: Final = 1 << 20
LONGEST_FIELD: Final = 64 << 20
"""Bytes of a field other than a file; a workflow may contain images as text."""
LARGEST_JSON: Final = 64 << 10
"""Bytes of a JSON body, which only names a run."""
MOST_FILES: Final = 500
LONGEST_SILENCE: Final = 60.0
"""Seconds without receiving a byte of an incomplete call."""


@dataclass(frozen=True, slots=True)
class CallForm:
    """The fields as text and the files on disk, by name."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def read_form(request: Request, most: int) -> AsyncIterator[CallForm]:
    """The form of a request of at most `most` bytes; its files exist while the context is open.

    Raises Rejected for a body that is not a form, is too large or stalls, and for an empty file.
    """
    kind = request.headers.get("content-type", "")
    if not re.match(r"(multipart/form-data|application/x-www-form-urlencoded)\b", kind):
        raise Rejected(415, "the call must be a multipart form")
    with TemporaryDirectory(prefix="viewcomfy-call-") as folder:
        limited = _Limited(request, most)
        data = await limited.read(_form)
        try:
            form = await _stored(data, Path(folder))
        finally:
            await data.close()
        yield form


async def read_json_body(request: Request, most: int = LARGEST_JSON) -> Any:
    """The JSON body of a request, of at most `most` bytes. Raises Rejected for anything else."""
    body = await _Limited(request, most).read(Request.body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected(422, "the body must be JSON") from None


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_part_size=LONGEST_FIELD, max_files=MOST_FILES)
    except HTTPException as error:
        raise Rejected(400, "the form cannot be read", error.detail) from None
    except FormParserError as error:
        raise Rejected(400, "the form cannot be read", str(error)) from None


async def _stored(data: FormData, folder: Path) -> CallForm:
    form = CallForm()
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
    """A request whose body may have `most` bytes, whatever its headers say, and may not stall."""

    def __init__(self, request: Request, most: int) -> None:
        length = request.headers.get("content-length", "")
        if length.isdecimal() and len(length) < 20 and int(length) > most:
            raise _too_large(most)
        self._request = request
        self._most = most
        self._received = 0
        self._refusal: Rejected | None = None

    async def read(self, reader: Callable[[Request], Awaitable[_T]]) -> _T:
        """What `reader` makes of the request. Raises Rejected."""
        try:
            return await reader(Request(self._request.scope, self._receive))
        except Exception as error:
            raise (self._refusal or error) from None

    async def _receive(self) -> Message:
        try:
            message = await asyncio.wait_for(self._request.receive(), LONGEST_SILENCE)
        except asyncio.TimeoutError:
            raise self._refused(_late()) from None
        self._received += len(message.get("body", b""))
        if self._received > self._most:
            raise self._refused(_too_large(self._most))
        return message

    def _refused(self, refusal: Rejected) -> MultiPartException:
        """A context that makes Starlette's parser close its files, whatever its version."""
        self._refusal = refusal
        return MultiPartException(str(refusal))


def _late() -> Rejected:
    return Rejected(408, "the call did not arrive in time")


def _too_large(most: int) -> Rejected:
    size = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
    return Rejected(413, f"the call is larger than {size}")
