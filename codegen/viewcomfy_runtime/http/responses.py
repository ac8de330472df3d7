"""A server's response, read within limits of size and time."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator
from functools import partial
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.request import getproxies

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
from .error_responses import LARGEST_ERROR, error_of
from .inline import JsonReader
from .urls import host_of

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")

_LOG: Final = logging.getLogger("viewcomfy")

CHUNK: Final = 1 << 16

LARGEST_RESPONSE: Final = 1 << 30
"""Maximum size in bytes of a response: JSON, an event stream, or the app's files. Larger results
are sent as links.
"""

ALWAYS_DECOMPRESSED: Final = 1 << 26
"""Bytes to which any compressed response may expand, whatever its size on the wire."""

MOST_EXPANSION: Final = 32
"""Beyond that, the maximum ratio of a compressed response's size to its size on the wire."""


class ErrorMapper(Protocol):
    """Maps a status and the beginning of a response to an error."""

    def __call__(
        self, status: int, content: bytes, host: str, *, retry_after: float | None
    ) -> ViewComfyError: ...


class Response:
    """A server's response, whose content can be read once."""

    def __init__(
        self,
        received: urllib3.BaseHTTPResponse,
        url: str,
        deadline: Deadline,
        error_for: ErrorMapper = error_of,
    ) -> None:
        self._error_for = error_for
        self._received = received
        self._deadline = deadline
        self.host: str = host_of(url)
        self.status: int = received.status
        self.error_body: Any = NOT_JSON
        """The JSON of an error response, once `error` has read it."""
        self._encodings = received.headers.get("Content-Encoding", "").count(",") + 1
        self.content_type: str = (
            received.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        )

    @property
    def redirect(self) -> str | None:
        """The target of a redirect; None for any other response."""
        return self._received.get_redirect_location() or None

    def close(self) -> None:
        """Discard what hasn't been read."""
        self._received.close()
        self._received.release_conn()

    def chunks(self, largest: int = LARGEST_RESPONSE) -> Generator[bytes, None, None]:
        """The content as it arrives. Raises ViewComfyError if it is incomplete, takes too long,
        exceeds `largest` bytes, or expands to far more than was sent.
        """
        raw = self._received
        if self._encodings > 1:
            raise self._protocol_error(
                "with something that is compressed more than once"
            )
        received = 0
        # Without compression, urllib3 doesn't need to keep what it has read.
        compressed = "Content-Encoding" in raw.headers
        read = partial(raw.read1, CHUNK, decode_content=compressed)
        with contextlib.closing(self):
            while chunk := with_own_errors(read, self.host, self._deadline):
                self._deadline.check()
                received += len(chunk)
                if received > largest:
                    raise self._protocol_error(f"with more than {largest >> 20} MiB")
                if received > max(ALWAYS_DECOMPRESSED, raw.tell() * MOST_EXPANSION):
                    raise self._protocol_error(
                        f"with {raw.tell()} bytes that expand to more than {received}"
                    )
                yield chunk
            self._deadline.check()

    def json(self) -> Any:
        """The content as JSON, its files decoded. Raises ProtocolError if it isn't JSON."""
        reader, size = JsonReader(), 0
        for chunk in self.chunks():
            reader.feed(chunk)
            size += len(chunk)
        _LOG.debug("%s answered %d with %d bytes", self.host, self.status, size)
        found = reader.value()
        if found is NOT_JSON:
            raise self._protocol_error("with something other than JSON")
        return found

    def error(self) -> ViewComfyError:
        """The error for this response, of which only the beginning is read."""
        content = b""
        with (
            contextlib.closing(self.chunks()) as chunks,
            contextlib.suppress(ConnectionFailedError, ProtocolError),
        ):
            for chunk in chunks:
                content += chunk
                if len(content) >= LARGEST_ERROR:
                    break
        content = content[:LARGEST_ERROR]
        self.error_body = json_in(content)
        return self._error_for(
            self.status, content, self.host, retry_after=self.retry_after
        )

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait according to the Retry-After header, which is a number or a date."""
        text = self._received.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdecimal():
            return float(text[:9])
        when = _parsed_date(text)
        if when is None:
            return None
        from datetime import datetime, timezone

        return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())

    @property
    def date(self) -> datetime | None:
        """The time according to the server's clock, if it sends one."""
        return _parsed_date(self._received.headers.get("Date", ""))

    def _protocol_error(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"{self.host} answered {what}",
            hint="check that the URL is the one that this client is for",
            status=self.status,
        )


def _parsed_date(text: str) -> datetime | None:
    """A date in a header."""
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def with_own_errors(action: Callable[[], T], host: str, deadline: Deadline) -> T:
    """The result of `action`, whose library exceptions are raised as this package's errors.

    They are raised outside of the `except` block, because the exceptions refer to the request and
    its credentials; what their frames refer to is released at once.
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
        cause = _root_cause(error)
        timed_out = isinstance(
            error, requests.Timeout | urllib3.exceptions.TimeoutError
        ) and not isinstance(error, urllib3.exceptions.NewConnectionError)
        # These errors quote the URL, which may be signed.
        bad_url = isinstance(error, ValueError)
        proxied = isinstance(error, requests.exceptions.ProxyError)
        clear_frames(error.__traceback__)
    try:
        if isinstance(cause, ViewComfyError):
            raise cause
        deadline.check()
        if timed_out:
            raise RunTimeoutError(
                f"{host} didn't answer in time",
                hint="check the network, or pass a larger timeout",
            )
        reason = "the URL isn't valid" if bad_url else _reason(cause)
        raise ConnectionFailedError(
            f"the connection to {host}{_BY_PROXY * proxied} failed: {reason}",
            hint=_connection_hint(cause, proxied or (bad_url and bool(getproxies()))),
            nothing_sent=isinstance(cause, ConnectionRefusedError),
        )
    finally:
        # An error that a frame of its own traceback holds would keep the whole call alive.
        del cause


_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
"""OpenSSL's reasons for a response that isn't encrypted."""

_SPEAKS_HTTP: Final = "the server seems to speak http there: write http:// in its URL"


_BY_PROXY: Final = " through a proxy"


def _connection_hint(cause: BaseException, proxied: bool) -> str:
    """What to do about a connection that failed; `proxied` is whether a proxy is to blame."""
    if proxied:
        return "check the proxy: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or the session's"
    if getattr(cause, "reason", None) in _NOT_TLS:
        return _SPEAKS_HTTP
    return "check the URL, the network and that the server is up"


def _root_cause(error: BaseException) -> BaseException:
    """The innermost cause, which mentions no header and no path."""
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            nested = (each for each in error.args if isinstance(each, BaseException))
            inner = next(nested, None) or error.__cause__
        if inner is None:
            return error
        error = inner


def _reason(error: BaseException) -> str:
    """What went wrong, for people. What a server sent instead of HTTP isn't quoted."""
    match error:
        case RemoteDisconnected():
            return "the server closed it without a response"
        case IncompleteRead():
            return "the response broke off"
        case HTTPException():
            return "the response isn't valid HTTP"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return quoted(str(text), 200)
