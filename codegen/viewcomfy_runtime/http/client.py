"""An HTTP client with one deadline over a whole call, streaming bodies, and credentials that never
reach another host.
"""

from __future__ import annotations

import contextlib
import logging
import random
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Final

import requests

from ..errors import (
    ConnectionFailedError,
    ProtocolError,
    RateLimitedError,
    ServerError,
    ViewComfyError,
    wrong_type,
)
from ..texts import Secrets
from .answers import Answer, Refused, attempt
from .bodies import Body
from .credentials import NOBODY, Credentials
from .deadlines import Deadline, watch
from .refusals import error_of
from .sessions import Sending, SessionLike, Sessions
from .urls import checked_url, host_of, joined, same_host

LOG: Final = logging.getLogger("viewcomfy")

LARGEST_FILE: Final = 1 << 36
"""Bytes of a file behind a link."""

MOST_REDIRECTS: Final = 100
"""Redirects to follow. Serverless platforms answer long runs with a redirect every few minutes."""

RETRIES: Final = 3
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
"""Seconds: if a server asks for a longer pause, the call fails instead."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A request; `body` makes its body anew, since a redirect may ask for it again."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Callable[[], Body] | None = None


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
        self._origin = f"{self.host}/"
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
        body: Callable[[], Body] | None = None,
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
        request = _Request(method, url, {**headers, "Accept": accept}, body)
        with self.sessions.session() as session:
            answer = self._answered(session, request, deadline, repeatable, again)
            try:
                with contextlib.closing(answer):
                    yield answer
            finally:
                # A connection that is kept isn't this call's any more: what cancels the run at
                # the server once the time is over may be the next to use it.
                watch(None)

    def _answered(
        self,
        session: SessionLike,
        request: _Request,
        deadline: Deadline,
        repeatable: bool,
        again: Collection[int],
    ) -> Answer:
        left = self._retries
        while True:
            try:
                answer = self._sent(session, request, deadline)
            except ConnectionFailedError as failed:
                if not (failed.nothing_sent or repeatable):
                    raise
                error: ViewComfyError = failed
            else:
                if answer.status not in again:
                    return answer
                error = answer.error()
            self._pause(error, left, deadline)
            left -= 1

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
        self, session: SessionLike, request: _Request, deadline: Deadline
    ) -> Answer:
        """The answer to a request that is sent once, after redirects."""
        for _ in range(MOST_REDIRECTS):
            answer = self._sent_to(session, request, deadline)
            target = answer.redirect
            if target is None:
                return answer
            answer.close()
            request = _redirected(request, target, answer.status)
        raise ProtocolError(
            f"{host_of(request.url)} keeps redirecting", hint="check the URL"
        )

    def _is_home(self, url: str) -> bool:
        """Whether the credentials may be sent to this URL."""
        if self._home is None:
            return False
        return url.startswith(self._origin) or same_host(self._home, url)

    def _sent_to(
        self, session: SessionLike, request: _Request, deadline: Deadline
    ) -> Answer:
        at_home = self._is_home(request.url)
        headers = dict(request.headers)
        content = request.body() if request.body is not None else None
        if content is not None:
            headers["Content-Type"] = content.content_type
        sending = Sending(
            request.method,
            request.url,
            headers,
            content,
            deadline.timeouts,
            self.credentials if at_home else None,
            self._private,
        )
        received = attempt(
            partial(session.send, sending), host_of(request.url), deadline
        )
        return Answer(received, request.url, deadline, self._refused)


def _redirected(request: _Request, target: str, status: int) -> _Request:
    """The request that a redirect leads to. Raises ProtocolError for a redirect that isn't valid,
    or that would send the body to another host.
    """
    url = joined(request.url, target)
    if request.method == "GET" or status not in (307, 308):
        return _Request("GET", url, request.headers)
    if not same_host(request.url, url):
        raise ProtocolError(
            f"{host_of(request.url)} redirects the call to {host_of(url)}",
            hint="if you trust that server, use its own URL; nothing was sent there",
            status=status,
        )
    return replace(request, url=url)


def download(url: str, deadline: Deadline, http: Http | None = None) -> Iterator[bytes]:
    """The content behind a link from a result, fetched through `http` within a running deadline.
    Raises ViewComfyError.
    """
    http = http or Http(url)
    with http.answer("GET", url, deadline) as answer:
        if answer.status != 200:
            raise answer.error()
        yield from answer.pieces(LARGEST_FILE)


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
