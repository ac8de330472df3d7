"""HTTP as this package needs it: one deadline over a whole call, bodies that stream, credentials that stay at home."""

from __future__ import annotations

import contextlib
import json
import logging
import random
from collections.abc import Callable, Generator, Iterator
from copy import copy
from functools import partial
from typing import Any, Final, TypeVar

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
)
from .connections import Sessions
from .credentials import NOBODY, Credentials
from .deadlines import Deadline
from .refusals import error_of
from .urls import checked_url, host_of, joined, same_host

T = TypeVar("T")

LOG: Final = logging.getLogger("viewcomfy")
CHUNK: Final = 1 << 16
LARGEST_ANSWER: Final = 1 << 31
"""Bytes of one JSON answer or one event; files that are larger come as links."""

MOST_REDIRECTS: Final = 100
"""A deployment on a serverless platform answers a long run with a redirect every few minutes."""

RETRIES: Final = 3
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
"""Seconds: a server that asks for more is not waited for."""


class Answer:
    """A server's answer whose content is still to be read, once."""

    def __init__(
        self,
        response: requests.Response,
        url: str,
        deadline: Deadline,
        credentials: Credentials,
    ) -> None:
        self._response = response
        self._deadline = deadline
        self._credentials = credentials
        self.host = host_of(url)
        self.status = response.status_code
        self.content_type = (
            response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        )

    def pieces(self) -> Generator[bytes, None, None]:
        """The content as it arrives. Raises ViewComfyError where it breaks off or takes too long."""
        read = partial(self._response.raw.read1, CHUNK, decode_content=True)
        with contextlib.closing(self._response):
            while piece := attempt(read, self.host, self._deadline):
                self._deadline.check()
                yield piece
            self._deadline.check()

    def json(self) -> Any:
        """The content as JSON. Raises ProtocolError for anything else."""
        content = bytearray()
        for piece in self.pieces():
            content += piece
            if len(content) > LARGEST_ANSWER:
                raise self._nonsense("with more than 2 GiB")
        LOG.debug("%s answered %d with %d bytes", self.host, self.status, len(content))
        try:
            text = content.decode()
            content.clear()  # a result may hold a video: let it be there once
            return json.loads(text)
        except (ValueError, RecursionError):
            raise self._nonsense("with something other than JSON") from None

    def error(self) -> ViewComfyError:
        """The error that the answer stands for. Of its content only the start is read, or what arrives of it."""
        said = b""
        with (
            contextlib.closing(self.pieces()) as pieces,
            contextlib.suppress(ConnectionFailedError),
        ):
            for piece in pieces:
                said += piece
                if len(said) >= CHUNK:
                    break
        words = self._credentials.redacted(said.decode("utf-8", "replace"))
        return error_of(
            self.status, words[:CHUNK].encode(), self.host, retry_after=self.retry_after
        )

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, which it may give as a number or as a date."""
        from email.utils import parsedate_to_datetime

        asked = self._response.headers.get("Retry-After", "").strip()
        if asked.isdecimal():
            return float(asked[:9])
        with contextlib.suppress(ValueError, TypeError):
            from datetime import datetime, timezone

            when = parsedate_to_datetime(asked)
            return max(0.0, (when - datetime.now(timezone.utc)).total_seconds())
        return None

    def _nonsense(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"{self.host} answered {what}",
            hint="check that the URL is the one that this client is for",
            status=self.status,
        )


class Http:
    """A server as one client talks to it: who calls, through which sessions, how patiently.

    `retries` are the times that a request is sent again where it cannot have had an effect.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials = NOBODY,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        self.url = checked_url(url)
        self.host = host_of(self.url)
        self.credentials = credentials
        self.sessions = Sessions(session)
        self._retries = retries
        self._home: str | None = self.url
        self._private = (*credentials, "Authorization", "Cookie")

    def for_links(self) -> Http:
        """The same way into the network for links to anywhere: nobody learns from them who calls."""
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
    ) -> Iterator[Answer]:
        """The answer to a request, redirects followed; `body` makes what is sent, anew for each time.

        Where nothing can have been done yet (refused, 429, 503) it is sent again after a pause; anything that is
        `repeatable`, which all but POST are, after a broken connection too. The credentials go to the URL's own host only.
        Raises ViewComfyError.
        """
        if repeatable is None:
            repeatable = method != "POST"
        with self.sessions.session() as session:
            left = self._retries
            while True:
                try:
                    response, final = self._sent(
                        session, method, url, deadline, body, accept
                    )
                except ConnectionFailedError as failed:
                    if not (failed.nothing_sent or repeatable):
                        raise
                    error: ViewComfyError = failed
                else:
                    answer = Answer(response, final, deadline, self.credentials)
                    if answer.status not in (429, 503):
                        break
                    error = answer.error()
                self._pause(error, left, deadline)
                left -= 1
            with contextlib.closing(response):
                yield answer

    def _pause(self, error: ViewComfyError, left: int, deadline: Deadline) -> None:
        """Waits before the next of `left` tries; raises the error where there is none, or none in time."""
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
        accept: str,
    ) -> tuple[requests.Response, str]:
        current = url
        for _ in range(MOST_REDIRECTS):
            deadline.check()
            at_home = self._home is not None and same_host(self._home, current)
            # None takes away what a session of the user's adds by itself.
            headers: dict[str, str | None] = {
                "Accept": accept,
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
                    hint="call that server's own URL if you trust it; nothing was sent there",
                    status=response.status_code,
                )
        raise ProtocolError(
            f"{host_of(url)} redirects without end", hint="check the URL"
        )

    def _auth(self, session: requests.Session) -> Any:
        """The credentials on top of the user's own; without any, requests would look into ~/.netrc."""
        own = session.auth
        if callable(own):
            return lambda request: self.credentials(own(request))
        if isinstance(own, tuple):
            basic = HTTPBasicAuth(*own)
            return lambda request: self.credentials(basic(request))
        return self.credentials


def download(url: str, deadline: Deadline, http: Http | None = None) -> Iterator[bytes]:
    """The content at a link that a result gave, had through `http`. Raises ViewComfyError."""
    http = http or Http(url)
    with deadline, http.answer("GET", url, deadline) as answer:
        if answer.status != 200:
            raise answer.error()
        yield from answer.pieces()


def attempt(action: Callable[[], T], host: str, deadline: Deadline) -> T:
    """What `action` gives. What the libraries raise becomes this package's error.

    That error is raised once theirs is out of hand: theirs hold on to the request, and with it to the credentials.
    Raises ViewComfyError.
    """
    try:
        return action()
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
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
            f"{host} did not answer in time",
            hint="check the network, or pass a larger timeout",
        )
    reason = "the URL is not valid" if bad_url else _words(cause)
    raise ConnectionFailedError(
        f"the connection to {host} failed: {reason}",
        hint="check the URL, the network and that the server is up",
        nothing_sent=isinstance(cause, ConnectionRefusedError),
    )


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
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """What to pass as `auth` where none must be sent: else requests looks into the session and ~/.netrc."""
    return request
