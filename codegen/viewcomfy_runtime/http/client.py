"""An HTTP client with one deadline for a whole call, streamed bodies, and credentials that no other
host receives.
"""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final

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
from .bodies import Body, JsonBody
from .credentials import NO_CREDENTIALS, Credentials
from .deadlines import Deadline, guard
from .disclosure import secrets_around
from .error_responses import error_of
from .responses import ErrorMapper, Response, with_own_errors
from .sessions import OutgoingRequest, SessionLike, Sessions
from .urls import checked_url, host_of, joined, same_host

LOG: Final = logging.getLogger("viewcomfy")

LARGEST_FILE: Final = 1 << 36
"""Maximum size in bytes of a file behind a link."""

MOST_REDIRECTS: Final = 100
"""Maximum number of redirects. Serverless platforms redirect long requests every few minutes."""

RETRIES: Final = 3

SHORTEST_ATTEMPT: Final = 1.0
"""Seconds that must be left after a pause, for the next attempt."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
"""Seconds between two attempts; if a server asks for a longer pause, the call fails instead."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A request; `body` creates its body, again after a redirect."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Callable[[], Body] | None = None


class Http:
    """Requests to one server, with its credentials, sessions and retries.

    `retries` is the maximum number of times that a request is sent again if it can't have had an
    effect; `error_for` maps an error response to an error.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials = NO_CREDENTIALS,
        session: requests.Session | None = None,
        retries: int = RETRIES,
        error_for: ErrorMapper = error_of,
    ) -> None:
        if isinstance(retries, bool) or not isinstance(retries, int):
            raise wrong_type("retries", "a whole number", retries)
        if session is not None and not isinstance(session, requests.Session):
            raise wrong_type("session", "a requests.Session", session)
        self._error_for = error_for
        url, login = checked_url(url)
        self.url: str = url
        self.host: str = host_of(self.url)
        self.credentials: Credentials = credentials.with_login(login)
        # Kept without the credentials too, so that errors about links hide them as well.
        self._secrets = (self.credentials.secrets, Secrets(secrets_around(session)))
        self.sessions: Sessions = Sessions(session)
        self._retries = retries
        self._home: str | None = self.url
        self._origin = f"{self.host}/"
        self._private = (*self.credentials, "Authorization", "Cookie")

    def at(self, path: str) -> str:
        """The URL of a path below the server's own."""
        return self.url.rstrip("/") + path

    def for_links(self) -> Http:
        """The same sessions, to download links from any host without the credentials."""
        http = copy(self)
        http.credentials = NO_CREDENTIALS
        http._home = None
        return http

    @contextlib.contextmanager
    def request(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        *,
        body: Callable[[], Body] | None = None,
        accept: str = "*/*",
        idempotent: bool | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        retry_on: Collection[int] = (429, 503),
        expect: Collection[int] | None = None,
    ) -> Iterator[Response]:
        """The response to a request, after redirects; `body` creates the body for each attempt.

        The request is sent again after a pause if it can't have had an effect: the connection was
        refused, or the status is in `retry_on`. An `idempotent` one, as all methods but POST are,
        is sent again after a broken connection too. Credentials are sent to the server's own host
        only. Raises ViewComfyError, also for a status that isn't in `expect`.
        """
        if idempotent is None:
            idempotent = method != "POST"
        request = _Request(method, url, {**headers, "Accept": accept}, body)
        with self.sessions.session() as session:
            response = self._with_retries(
                session, request, deadline, idempotent, retry_on
            )
            try:
                with contextlib.closing(response):
                    if expect is not None and response.status not in expect:
                        raise response.error()
                    yield response
            finally:
                # The connection may be reused, for example to cancel the run after its timeout,
                # which this call's deadline must not interrupt.
                guard(None)

    def get_json(self, path: str, deadline: Deadline) -> Any:
        """The JSON at a path below the server's URL. Raises ViewComfyError."""
        with self.request("GET", self.at(path), deadline, expect=(200,)) as response:
            return response.json()

    def post_json(self, path: str, value: object, deadline: Deadline) -> None:
        """Send JSON that may arrive twice, and ignore the response's content. Raises
        ViewComfyError.
        """
        body = partial(JsonBody, value)
        url = self.at(path)
        with self.request(
            "POST", url, deadline, body=body, idempotent=True, expect=(200, 201, 202)
        ):
            pass

    def _with_retries(
        self,
        session: SessionLike,
        request: _Request,
        deadline: Deadline,
        idempotent: bool,
        retry_on: Collection[int],
    ) -> Response:
        left = self._retries
        redirects = MOST_REDIRECTS
        while True:
            try:
                response = self._send_once(session, request, deadline)
            except ConnectionFailedError as failed:
                if not (failed.nothing_sent or idempotent):
                    raise
                error: ViewComfyError = failed
            else:
                target = response.redirect
                if target is not None:
                    response.close()
                    if not redirects:
                        raise ProtocolError(
                            f"{host_of(request.url)} keeps redirecting",
                            hint="check the URL",
                        )
                    redirects -= 1
                    redirected = _redirected(request, target, response.status)
                    # The call has arrived: only its result is asked for again.
                    idempotent = idempotent or redirected.method != request.method
                    request = redirected
                    continue
                if response.status not in retry_on:
                    return response
                error = response.error()
            pause = self._pause(error, left, deadline)
            try:
                if pause is None:
                    raise error
            finally:
                # An error that a frame of its own traceback holds would keep the call alive.
                del error
            deadline.sleep(pause)
            left -= 1

    def _pause(
        self, error: ViewComfyError, left: int, deadline: Deadline
    ) -> float | None:
        """Seconds before the next of `left` attempts; None if no attempt, or too little time, is
        left.
        """
        pause = None
        if isinstance(error, RateLimitedError | ServerError):
            pause = error.retry_after
        if pause is None:
            pause = FIRST_PAUSE * 2 ** (self._retries - left) * random.uniform(0.5, 1.0)
        # An attempt needs time too: what failed says more than that time ran out.
        longest = min(LONGEST_PAUSE, deadline.remaining - SHORTEST_ATTEMPT)
        if left <= 0 or pause > longest:
            return None
        LOG.info("%s; trying again in %.1f s", error.message, pause)
        return pause

    def _takes_credentials(self, url: str) -> bool:
        """Whether the credentials may be sent to this URL."""
        if self._home is None:
            return False
        return url.startswith(self._origin) or same_host(self._home, url)

    def _send_once(
        self, session: SessionLike, request: _Request, deadline: Deadline
    ) -> Response:
        at_home = self._takes_credentials(request.url)
        headers = dict(request.headers)
        content = request.body() if request.body is not None else None
        if content is not None:
            headers["Content-Type"] = content.content_type
        outgoing = OutgoingRequest(
            request.method,
            request.url,
            headers,
            content,
            deadline.timeouts,
            self.credentials if at_home else None,
            self._private,
        )
        received = with_own_errors(
            partial(session.send, outgoing), host_of(request.url), deadline
        )
        return Response(received, request.url, deadline, self._error_for)


def _redirected(request: _Request, target: str, status: int) -> _Request:
    """The request to send after a redirect. Raises ProtocolError for a redirect that isn't valid or
    would send the body to another host.
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
    """Download a link from a result in chunks. Raises ViewComfyError."""
    http = http or Http(url)
    with http.request("GET", url, deadline, expect=(200,)) as response:
        yield from response.chunks(LARGEST_FILE)
