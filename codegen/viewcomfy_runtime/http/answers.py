"""A server's answer, read within limits of size and time, and what went wrong on the way."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator
from functools import partial
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import requests
import urllib3

from ..errors import (
    ConnectionFailedError,
    ProtocolError,
    RunTimeoutError,
    ViewComfyError,
)
from ..texts import quoted
from .bodies import NOT_JSON, json_in
from .deadlines import Deadline
from .inline import JsonReader
from .refusals import LARGEST_REFUSAL, error_of
from .urls import host_of

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")

_LOG: Final = logging.getLogger("viewcomfy")

CHUNK: Final = 1 << 16

LARGEST_ANSWER: Final = 1 << 30
"""Bytes of one answer: JSON, an event stream, or the app's files. Larger results are sent as
links.
"""

PACKED: Final = 1 << 26
"""Bytes that a compressed answer may always unpack to, whatever its size on the wire."""

MOST_PACKED: Final = 32
"""Beyond that, how many times its size on the wire a compressed answer may unpack to."""


class Refused(Protocol):
    """Turns a status and the beginning of an answer into an error."""

    def __call__(
        self, status: int, content: bytes, host: str, *, retry_after: float | None
    ) -> ViewComfyError: ...


class Answer:
    """A server's answer, whose content can be read once."""

    def __init__(
        self,
        received: urllib3.BaseHTTPResponse,
        url: str,
        deadline: Deadline,
        refused: Refused = error_of,
    ) -> None:
        self._refused = refused
        self._received = received
        self._deadline = deadline
        self.host: str = host_of(url)
        self.status: int = received.status
        self.refusal: Any = NOT_JSON
        """The JSON of an error answer, once `error` has read it."""
        self._packings = received.headers.get("Content-Encoding", "").count(",") + 1
        self.content_type: str = (
            received.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        )

    @property
    def redirect(self) -> str | None:
        """Where the answer redirects to, if it does."""
        return self._received.get_redirect_location() or None

    def close(self) -> None:
        """Leave what hasn't been read."""
        self._received.close()
        self._received.release_conn()

    def pieces(self, largest: int = LARGEST_ANSWER) -> Generator[bytes, None, None]:
        """The content as it arrives. Raises ViewComfyError if it breaks off, takes too long,
        exceeds `largest` bytes, or unpacks to far more than was sent.
        """
        raw = self._received
        if self._packings > 1:
            raise self._nonsense("with something that is compressed more than once")
        received = 0
        # Without anything to unpack, urllib3 needn't keep what it has read.
        packed = "Content-Encoding" in raw.headers
        read = partial(raw.read1, CHUNK, decode_content=packed)
        with contextlib.closing(self):
            while piece := attempt(read, self.host, self._deadline):
                self._deadline.check()
                received += len(piece)
                if received > largest:
                    raise self._nonsense(f"with more than {largest >> 20} MiB")
                if received > max(PACKED, raw.tell() * MOST_PACKED):
                    raise self._nonsense(
                        f"with {raw.tell()} bytes that unpack to more than {received}"
                    )
                yield piece
            self._deadline.check()

    def json(self) -> Any:
        """The content as JSON, its files decoded. Raises ProtocolError if it isn't JSON."""
        reader, size = JsonReader(), 0
        for piece in self.pieces():
            reader.add(piece)
            size += len(piece)
        _LOG.debug("%s answered %d with %d bytes", self.host, self.status, size)
        found = reader.value()
        if found is NOT_JSON:
            raise self._nonsense("with something other than JSON")
        return found

    def error(self) -> ViewComfyError:
        """The error for this answer. Only the beginning of the content is read, or whatever part of
        it arrives.
        """
        said = b""
        with (
            contextlib.closing(self.pieces()) as pieces,
            contextlib.suppress(ConnectionFailedError, ProtocolError),
        ):
            for piece in pieces:
                said += piece
                if len(said) >= LARGEST_REFUSAL:
                    break
        said = said[:LARGEST_REFUSAL]
        self.refusal = json_in(said)
        return self._refused(self.status, said, self.host, retry_after=self.retry_after)

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, given as a number or as a date."""
        asked = self._received.headers.get("Retry-After", "").strip()
        if asked.isascii() and asked.isdecimal():
            return float(asked[:9])
        when = _moment(asked)
        if when is None:
            return None
        from datetime import datetime, timezone

        return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())

    @property
    def date(self) -> datetime | None:
        """The time according to the server's clock, if it sends one."""
        return _moment(self._received.headers.get("Date", ""))

    def _nonsense(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"{self.host} answered {what}",
            hint="check that the URL is the one that this client is for",
            status=self.status,
        )


def _moment(text: str) -> datetime | None:
    """A date in a header."""
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def attempt(action: Callable[[], T], host: str, deadline: Deadline) -> T:
    """The result of `action`, with the libraries' exceptions turned into this package's errors.

    The error is raised outside of the `except` block, since their exceptions hold the request and
    with it the credentials. Raises ViewComfyError.
    """
    deadline.check()
    try:
        return action()
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        HTTPException,
        OSError,
        ValueError,
    ) as error:
        cause = _innermost(error)
        timed_out = isinstance(
            error, requests.Timeout | urllib3.exceptions.TimeoutError
        ) and not isinstance(error, urllib3.exceptions.NewConnectionError)
        # These errors quote the URL, which may be signed.
        bad_url = isinstance(error, ValueError)
    if isinstance(cause, ViewComfyError):
        raise cause
    deadline.check()
    if timed_out:
        raise RunTimeoutError(
            f"{host} didn't answer in time",
            hint="check the network, or pass a larger timeout",
        )
    reason = "the URL isn't valid" if bad_url else _words(cause)
    raise ConnectionFailedError(
        f"the connection to {host} failed: {reason}",
        hint=(
            _SPEAKS_HTTP
            if getattr(cause, "reason", None) in _NOT_TLS
            else "check the URL, the network and that the server is up"
        ),
        nothing_sent=isinstance(cause, ConnectionRefusedError),
    )


_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
"""OpenSSL's reasons for an answer that isn't encrypted."""

_SPEAKS_HTTP: Final = "the server seems to speak http there: write http:// in its URL"


def _innermost(error: BaseException) -> BaseException:
    """The cause at the bottom, which names no header and no path."""
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            nested = (each for each in error.args if isinstance(each, BaseException))
            inner = next(nested, None) or error.__cause__
        if inner is None:
            return error
        error = inner


def _words(error: BaseException) -> str:
    """What went wrong in words for people; what a server sent instead of HTTP isn't quoted."""
    match error:
        case RemoteDisconnected():
            return "the server closed it without an answer"
        case IncompleteRead():
            return "the answer broke off"
        case HTTPException():
            return "the answer isn't valid HTTP"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return quoted(str(text), 200)
