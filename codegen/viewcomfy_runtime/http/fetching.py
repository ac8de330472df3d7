"""Downloads remote files that a call sends to temporary files, so that none is held in memory."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable
from typing import BinaryIO, cast

from ..errors import ConnectionFailedError, ProtocolError
from ..parameters.files import URL, Remote
from ..parameters.media import UNKNOWN
from .client import Http
from .deadlines import Deadline
from .public import NotPublicError, public_session
from .urls import host_of


def fetched(file: Remote, deadline: Deadline) -> tuple[BinaryIO, str]:
    """A local copy of a remote file, and its MIME type. Raises ValueError or ViewComfyError if it
    can't be downloaded.
    """
    if isinstance(file, URL):
        return _at(file, deadline)
    return spooled(file.fetch(deadline)), file.content_type or UNKNOWN


def _at(url: URL, deadline: Deadline) -> tuple[BinaryIO, str]:
    """A local copy of the file at a URL, and the MIME type that the server sends.

    Raises ValueError if there is no file, if it is too large or if the address isn't public, and
    ViewComfyError if the server can't be reached in time.
    """
    session = None if url.allow_private else public_session()
    http = Http(url.url, session=session).for_links()
    with contextlib.closing(session or http.sessions):
        try:
            with http.request("GET", url.url, deadline, retry_on=()) as response:
                if response.status != 200:
                    raise ValueError(f"{response.host} answered {response.status}")
                chunks = response.chunks(url.max_bytes)
                return spooled(chunks), response.content_type or UNKNOWN
        except NotPublicError as error:
            reason = (
                f"{error.message}; pass URL(…, allow_private=True) to fetch it anyway"
            )
        except ProtocolError as error:
            reason = error.message
        except ConnectionFailedError as error:
            raise ConnectionFailedError(
                f"a file at {host_of(url.url)} can't be fetched: {error.message}",
                hint=error.hint,
                nothing_sent=True,
            ) from None
    raise ValueError(reason)


def spooled(chunks: Iterable[bytes]) -> BinaryIO:
    """The content in a temporary file, which is open at its start and deleted when closed."""
    file = cast(BinaryIO, tempfile.TemporaryFile("w+b"))
    try:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
