"""A file that a run produced."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from ..errors import (
    ConnectionFailedError,
    NotFoundError,
    ProtocolError,
    SaveError,
    ViewComfyError,
)
from ..parameters.files import Remote
from ..parameters.media import UNKNOWN
from ..texts import hide_secrets
from .origins import Origin, errors_about

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ..http.client import Http
    from ..http.deadlines import Deadline
    from ..json_types import JsonValue

DOWNLOAD_TIMEOUT: Final = 2400.0
_PIECE: Final = 1 << 20
"""Base64 characters decoded at a time: a multiple of four, so that each chunk can be decoded alone.
"""


@dataclass(frozen=True, slots=True)
class OutputFile(Remote):
    """A file that a run produced; its content is downloaded or decoded on demand.

    `size` is in bytes, or None if the server didn't report it; `node` is the id of the node that
    made the file, or None if unknown. `data` is the content if the server included it: bytes,
    chunks of bytes, or base64. Otherwise `url` is the link to it, and `lasting_url` a link to use
    once `url` has expired. At most 64 GiB are downloaded from a link.

    Errors about the file contain the `prompt_id` and the `parameters` of its run.
    """

    filename: str
    content_type: str
    size: int | None = None
    node: str | None = None
    data: str | bytes | tuple[bytes, ...] | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    http: Http | None = field(default=None, repr=False, compare=False)
    extra: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    lasting_url: str | None = field(default=None, repr=False)
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        hide_secrets(self, "filename", "content_type", "node")
        # Halves of characters, which no JSON in UTF-8 and no header can hold.
        name = self.filename.encode("utf-8", "replace").decode("utf-8")
        object.__setattr__(self, "filename", name)
        if not (self.content_type.isascii() and self.content_type.isprintable()):
            object.__setattr__(self, "content_type", UNKNOWN)

    def read(self, *, timeout: float = DOWNLOAD_TIMEOUT) -> bytes:
        """The whole content, downloaded within `timeout` seconds.

        Raises ViewComfyError if that fails.
        """
        return b"".join(self._content(timeout))

    def text(self, *, timeout: float = DOWNLOAD_TIMEOUT) -> str:
        """The content decoded as UTF-8.

        Raises ViewComfyError if it can't be downloaded or isn't UTF-8 text.
        """
        content = self.read(timeout=timeout)
        with errors_about(self.origin):
            with suppress(UnicodeDecodeError):
                return content.decode("utf-8-sig")
            raise ProtocolError(
                f"{self.filename} isn't text in UTF-8", hint="read() returns its bytes"
            )

    def chunks(self, *, timeout: float = DOWNLOAD_TIMEOUT) -> Iterator[bytes]:
        """The content in chunks, as it arrives.

        Raises ViewComfyError if it can't be downloaded.
        """
        return self._content(timeout)

    async def achunks(
        self, *, timeout: float = DOWNLOAD_TIMEOUT
    ) -> AsyncIterator[bytes]:
        """`chunks` for asynchronous code: each chunk is downloaded in a thread."""
        import asyncio

        chunks = self._content(timeout)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk

    def copy_to(self, file: BinaryIO, *, timeout: float = DOWNLOAD_TIMEOUT) -> int:
        """Write the content to an open binary file and return the number of bytes written."""
        size = 0
        for chunk in self._content(timeout):
            size += len(chunk)
            rest = chunk
            while rest:
                written: int | None = file.write(rest)  # all, unless it isn't buffered
                rest = rest[len(rest) if written is None else written :]
        return size

    def save(
        self,
        directory: str | os.PathLike[str],
        *,
        timeout: float = DOWNLOAD_TIMEOUT,
    ) -> Path:
        """Write the file into `directory`, which is created if necessary, and return its path. A
        name with an extension, such as `x.png`, must be an existing folder.

        Never writes outside the directory and never overwrites: if the name is taken, a number is
        added. The file appears only when complete, within `timeout` seconds. Raises ViewComfyError;
        its subclass SaveError if the file can't be written.
        """
        from .filenames import safe_name
        from .writing import checked_folder, write_file

        name = safe_name(self.filename, self.content_type)
        with errors_about(self.origin):
            return write_file(self._content(timeout), checked_folder(directory), name)

    def save_as(
        self, path: str | os.PathLike[str], *, timeout: float = DOWNLOAD_TIMEOUT
    ) -> Path:
        """Write the file to `path`, replacing an existing file, and return the path. Raises the
        same errors as `save`.
        """
        from pathlib import Path

        from .writing import write_file

        place = Path(path)
        chunks = self._content(timeout)
        with errors_about(self.origin):
            if os.path.isdir(place):
                raise SaveError(
                    f"{place} is a folder",
                    hint="save() writes into a folder, under the file's own name",
                )
            return write_file(chunks, place.parent, place.name, replaces=True)

    def _content(self, timeout: float) -> Iterator[bytes]:
        from ..http.deadlines import Deadline

        return _guarded(self, Deadline(timeout, what="the download"))

    @property
    def url_expires(self) -> datetime | None:
        """When `url` expires, if the server or the link itself says so."""
        from .links import expiry_of

        return expiry_of(self.url, self.extra)

    def fetch(self, deadline: Deadline) -> Iterator[bytes]:
        """Download or decode the content in chunks. Raises ViewComfyError."""
        if self.data is not None:
            return _decoded(self.data, self.filename)
        urls = dict.fromkeys(each for each in (self.url, self.lasting_url) if each)
        if urls:
            return _downloaded(self, list(urls), deadline)
        raise ProtocolError(f"the server sent no content for {self.filename}")


def _decoded(data: str | bytes | tuple[bytes, ...], filename: str) -> Iterator[bytes]:
    import base64

    if isinstance(data, bytes):
        yield data
        return
    if isinstance(data, tuple):
        yield from data
        return
    start = data.find(",", 0, 200) + 1 if data.startswith("data:") else 0
    for place in range(start, len(data), _PIECE):
        try:
            yield base64.b64decode(data[place : place + _PIECE], validate=True)
            continue
        except ValueError as error:
            reason = str(error)
        raise ProtocolError(
            f"{filename} arrived as broken base64: {reason}", hint="run it again"
        )


def _guarded(output: OutputFile, deadline: Deadline) -> Iterator[bytes]:
    with errors_about(output.origin), deadline:
        yield from output.fetch(deadline)


def _downloaded(
    output: OutputFile, urls: Sequence[str], deadline: Deadline
) -> Iterator[bytes]:
    """The content, downloaded from the first link that still works."""
    from ..http.client import download
    from ..http.urls import is_url

    gone = None
    for url in urls:
        if not is_url(url):
            raise ProtocolError(
                f"the server's link to {output.filename} isn't a valid URL",
                hint="run it again",
            )
        received = 0
        try:
            for chunk in download(url, deadline, output.http):
                received += len(chunk)
                if output.size is not None and received > output.size:
                    break
                yield chunk
        except ViewComfyError as error:
            if error.status not in (401, 403, 404, 410):
                raise
            gone = error.status
            continue
        if output.size not in (None, received):
            raise ConnectionFailedError(
                f"{output.filename} has {output.size} bytes, but {received} arrived",
                hint="save it again",
            )
        return
    raise NotFoundError(
        f"the server no longer has {output.filename} ({gone})",
        hint="links to results expire: save them soon after the run, or run it again",
        status=gone,
    )


def text_output(
    text: str, *, filename: str = "output.txt", node: str | None = None
) -> OutputFile:
    """A text output of a node, as a file."""
    content = text.encode("utf-8", "replace")
    return OutputFile(filename, "text/plain", len(content), node, data=content)
