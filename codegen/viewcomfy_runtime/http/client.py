"""An HTTP client with one deadline over a whole call, streaming bodies, and credentials that never
reach another host.
"""

from __future__ import annotations

import contextlib
import logging
import random
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from copy import copy
from functools import partial
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import requests
import urllib3
from requests.auth import HTTPBasicAuth

from ..errors import (
    ConnectionFailedError,
    ProtocolError,
    RateLimitedError,
    RunTimeoutError,
    ServerError,
    ViewComfyError,
    wrong_type,
)
from ..texts import Secrets, quoted
from .bodies import NOT_JSON, json_in
from .connections import Sessions
from .credentials import NOBODY, Credentials
from .deadlines import Deadline, watch
from .inline import JsonReader
from .refusals import LARGEST_REFUSAL, error_of
from .urls import checked_url, host_of, joined, same_host

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")

LOG: Final = logging.getLogger("viewcomfy")
CHUNK: Final = 1 << 16
LARGEST_ANSWER: Final = 1 << 30
"""Bytes of one answer: JSON, an event stream, or the app's files. Larger results are sent as
links.
"""

LARGEST_FILE: Final = 1 << 36
"""Bytes of a file behind a link."""

PACKED: Final = 1 << 26
"""Bytes that a compressed answer may always unpack to, whatever its size on the wire."""

MOST_PACKED: Final = 32
"""Beyond that, how many times its size on the wire a compressed answer may unpack to."""

MOST_REDIRECTS: Final = 100
"""Redirects to follow. Serverless platforms answer long runs with a redirect every few minutes."""

RETRIES: Final = 3
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
"""Seconds: if a server asks for a longer pause, the call fails instead."""


class Refused(Protocol):
    """Turns a status and the beginning of an answer into an error."""

    def __call__(
        self, status: int, content: bytes, host: str, *, retry_after: float | None
    ) -> ViewComfyError: ...


class Answer:
    """A server's answer, whose content can be read once."""

    def __init__(
        self,
        response: requests.Response,
        url: str,
        deadline: Deadline,
        refused: Refused = error_of,
    ) -> None:
        self._refused = refused
        self._response = response
        self._deadline = deadline
        self.host: str = host_of(url)
        self.status: int = response.status_code
        self.refusal: Any = NOT_JSON
        """The JSON of an error answer, once `error` has read it."""
        self._packings = response.headers.get("Content-Encoding", "").count(",") + 1
        self.content_type: str = (
            response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        )

    def pieces(self, largest: int = LARGEST_ANSWER) -> Generator[bytes, None, None]:
        """The content as it arrives. Raises ViewComfyError if it breaks off, takes too long,
        exceeds `largest` bytes, or unpacks to far more than was sent.
        """
        raw = self._response.raw
        if self._packings > 1:
            raise self._nonsense("with something that is compressed more than once")
        received = 0
        read = partial(raw.read1, CHUNK, decode_content=True)
        with contextlib.closing(self._response):
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
        LOG.debug("%s answered %d with %d bytes", self.host, self.status, size)
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
        asked = self._response.headers.get("Retry-After", "").strip()
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
        return _moment(self._response.headers.get("Date", ""))

    def _nonsense(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"{self.host} answered {what}",
            hint="check that the URL is the one that this client is for",
            status=self.status,
        )


class Http:
    """A server as one client uses it: its credentials, its sessions, and its retries.

    `retries` is how often a request is sent again if it can't have had an effect; `refused` chooses
    the error for an answer.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials = NOBODY,
        session: requests.Session | None = None,
        retries: int = RETRIES,
        refused: Refused = error_of,
    ) -> None:
        if isinstance(retries, bool) or not isinstance(retries, int):
            raise wrong_type("retries", "a whole number", retries)
        if session is not None and not isinstance(session, requests.Session):
            raise wrong_type("session", "a requests.Session", session)
        self._refused = refused
        url, login = checked_url(url)
        self.url: str = url
        self.host: str = host_of(self.url)
        self.credentials: Credentials = credentials.with_login(login)
        # Links know nobody, and yet their errors show no secret.
        self._secrets = (self.credentials.secrets, Secrets(_secrets_of(session)))
        self.sessions: Sessions = Sessions(session)
        self._retries = retries
        self._home: str | None = self.url
        self._private = (*self.credentials, "Authorization", "Cookie")

    def at(self, path: str) -> str:
        """The URL of a path below the server's own."""
        return self.url.rstrip("/") + path

    def for_links(self) -> Http:
        """The same sessions for links to any host, without the credentials."""
        http = copy(self)
        http.credentials = NOBODY
        http._home = None
        return http

    @contextlib.contextmanager
    def answer(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        *,
        body: Callable[[], Any] | None = None,
        accept: str = "*/*",
        repeatable: bool | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        again: Collection[int] = (429, 503),
    ) -> Iterator[Answer]:
        """The answer to a request, after redirects; `body` makes the body again for every attempt.

        If nothing can have happened yet (the connection was refused, or the status is in `again`),
        the request is sent again after a pause; if it is `repeatable`, as all methods but POST are,
        after a broken connection too. Credentials are sent to the URL's own host only. Raises
        ViewComfyError.
        """
        if repeatable is None:
            repeatable = method != "POST"
        with self.sessions.session() as session:
            left = self._retries
            while True:
                try:
                    response, final = self._sent(
                        session,
                        method,
                        url,
                        deadline,
                        body,
                        {**headers, "Accept": accept},
                    )
                except ConnectionFailedError as failed:
                    if not (failed.nothing_sent or repeatable):
                        raise
                    error: ViewComfyError = failed
                else:
                    answer = Answer(response, final, deadline, self._refused)
                    if answer.status not in again:
                        break
                    error = answer.error()
                self._pause(error, left, deadline)
                left -= 1
            try:
                with contextlib.closing(response):
                    yield answer
            finally:
                # A connection that is kept isn't this call's any more: what cancels the run at
                # the server once the time is over may be the next to use it.
                watch(None)

    def _pause(self, error: ViewComfyError, left: int, deadline: Deadline) -> None:
        """Waits before the next of `left` attempts. Raises the error if there is none left, or not
        enough time.
        """
        asked = (
            error.retry_after
            if isinstance(error, RateLimitedError | ServerError)
            else None
        )
        pause = asked
        if pause is None:
            pause = FIRST_PAUSE * 2 ** (self._retries - left) * random.uniform(0.5, 1.0)
        if left <= 0 or pause > min(LONGEST_PAUSE, deadline.remaining):
            raise error
        LOG.info("%s; trying again in %.1f s", error.message, pause)
        deadline.sleep(pause)

    def _sent(
        self,
        session: requests.Session,
        method: str,
        url: str,
        deadline: Deadline,
        body: Callable[[], Any] | None,
        own: Mapping[str, str],
    ) -> tuple[requests.Response, str]:
        current = url
        for _ in range(MOST_REDIRECTS):
            deadline.check()
            at_home = self._home is not None and same_host(self._home, current)
            # None takes away what a session of the user's adds by itself.
            headers: dict[str, str | None] = {
                **own,
                **({} if at_home else dict.fromkeys(self._private)),
            }
            content = body() if body is not None and method == "POST" else None
            if content is not None:
                headers["Content-Type"] = content.content_type
            response = attempt(
                partial(
                    session.request,
                    method,
                    current,
                    headers=headers,
                    data=content,
                    auth=self._auth(session) if at_home else _nobody,
                    stream=True,
                    allow_redirects=False,
                    timeout=deadline.timeouts,
                ),
                host_of(current),
                deadline,
            )
            target = response.headers.get("Location")
            if not response.is_redirect or target is None:
                return response, current
            response.close()
            current = joined(current, target)
            if response.status_code not in (307, 308):
                method = "GET"
            elif not same_host(url, current):
                raise ProtocolError(
                    f"{host_of(url)} redirects the call to {host_of(current)}",
                    hint="if you trust that server, use its own URL; nothing was sent there",
                    status=response.status_code,
                )
        raise ProtocolError(f"{host_of(url)} keeps redirecting", hint="check the URL")

    def _auth(self, session: requests.Session) -> Any:
        """The credentials in addition to the user's own. Without any, requests would read
        ~/.netrc.
        """
        own = session.auth
        if callable(own):
            return lambda request: self.credentials(own(request))
        if isinstance(own, tuple):
            basic = HTTPBasicAuth(*own)
            return lambda request: self.credentials(basic(request))
        return self.credentials


def download(url: str, deadline: Deadline, http: Http | None = None) -> Iterator[bytes]:
    """The content behind a link from a result, fetched through `http` within a running deadline.
    Raises ViewComfyError.
    """
    http = http or Http(url)
    with http.answer("GET", url, deadline) as answer:
        if answer.status != 200:
            raise answer.error()
        yield from answer.pieces(LARGEST_FILE)


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
        )
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
        hint="check the URL, the network and that the server is up",
        nothing_sent=isinstance(cause, ConnectionRefusedError),
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


def _secrets_of(session: requests.Session | None) -> Iterator[str]:
    """What a session of the user's own adds to requests and nobody else should read."""
    if session is None:
        return
    for name, value in session.headers.items():
        if re.search("auth|cookie|key|token|secret", name, re.IGNORECASE):
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            yield from (text, text.partition(" ")[2])
    if isinstance(session.auth, tuple):
        yield str(session.auth[1])


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """What to pass as `auth` where none must be sent: else
    requests looks into the session and ~/.netrc.
    """
    return request
