"""Files at URLs on their way into a call: they are spooled to disk, never held in memory as a
whole.
"""

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
    """A remote file and its MIME type. Raises ValueError or ViewComfyError if it can't be
    fetched.
    """
    if isinstance(file, URL):
        return _at(file, deadline)
    return spooled(file.pieces(deadline)), file.content_type or UNKNOWN


def _at(url: URL, deadline: Deadline) -> tuple[BinaryIO, str]:
    """The file at a URL, and the MIME type that the server sends.

    Raises ValueError for a URL that leads to no file, to one that is too large, or to an address
    that isn't public, and ViewComfyError if the server can't be reached in time.
    """
    session = None if url.allow_private else public_session()
    http = Http(url.url, session=session).for_links()
    with contextlib.closing(session or http.sessions):
        try:
            with http.answer("GET", url.url, deadline, again=()) as answer:
                if answer.status != 200:
                    raise ValueError(f"{answer.host} answered {answer.status}")
                pieces = answer.pieces(url.max_bytes)
                return spooled(pieces), answer.content_type or UNKNOWN
        except NotPublicError as error:
            reason = (
                f"{error.message}; URL(…, allow_private=True) fetches it nevertheless"
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


def spooled(pieces: Iterable[bytes]) -> BinaryIO:
    """The pieces as a temporary file, open at its start and deleted when it is closed."""
    file = cast(BinaryIO, tempfile.TemporaryFile("w+b"))
    try:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
