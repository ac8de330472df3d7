"""Sessions, which send requests and keep connections open for later ones.

The package's own sessions use urllib3 directly, since requests would double the CPU time of a small
request. The user's own session uses requests, and so do sessions behind a proxy, since requests
reads the environment's proxy settings.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol
from urllib.request import getproxies

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.cookies import (
    RequestsCookieJar,
    extract_cookies_to_jar,
    get_cookie_header,
)
from requests.utils import DEFAULT_CA_BUNDLE_PATH, default_headers
from urllib3.util.ssl_ import create_urllib3_context
from urllib3.util.url import Url, parse_url

from .bodies import Body
from .connections import BLOCK, Adapter, guarded
from .credentials import Credentials

MOST_IDLE: Final = 32
"""Maximum number of sessions that are kept open for later calls."""

_CERTIFICATES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables with the path of trusted certificates; the first that is set applies."""


class OutgoingRequest(NamedTuple):
    """A request for a session to send.

    Without `credentials`, the headers named in `private` aren't sent either.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body | None
    timeouts: tuple[float, float]
    """Seconds to connect, and to wait for the next bytes."""
    credentials: Credentials | None
    private: Collection[str]


class SessionLike(Protocol):
    """Sends one request at a time."""

    def send(self, request: OutgoingRequest) -> urllib3.BaseHTTPResponse:
        """Send a request and return its response before its content is read. Redirects aren't
        followed. Raises the libraries' exceptions.
        """
        ...

    def close(self) -> None:
        """Close the connections that are kept open."""
        ...


class Sessions:
    """A pool of sessions: one for each running call, since requests doesn't guarantee thread
    safety, or else the user's own session for all calls.

    After a fork, the child process uses new sessions, since processes can't share connections.
    """

    def __init__(self, own: requests.Session | None = None) -> None:
        self._own = own
        if own is not None:
            for adapter in own.adapters.values():
                if type(adapter) is HTTPAdapter:
                    # So that a deadline can shut these connections down too.
                    guarded(adapter.poolmanager)
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._idle: list[_Urllib3Session | _RequestsSession] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Sessions], tuple[requests.Session | None]]:
        return type(self), (self._own,)

    @contextlib.contextmanager
    def session(self) -> Iterator[SessionLike]:
        """A session for exclusive use, or the user's own."""
        if self._process != os.getpid():
            self._drop_inherited()
        if self._own is not None:
            yield _RequestsSession(self._own)
            return
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or (_proxy_session() if getproxies() else _Urllib3Session())
        try:
            yield session
        finally:
            session.clear_cookies()
            with self._lock:
                full = len(self._idle) >= MOST_IDLE
                if not full:
                    self._idle.append(session)
            if full:
                session.close()

    def _drop_inherited(self) -> None:
        """Close this process's copies of its parent's sessions, which stay open there."""
        mine: list[_Urllib3Session | _RequestsSession | requests.Session] = [
            *self._idle
        ]
        if self._own is not None:
            mine.append(self._own)
        self._reset()
        for session in mine:
            session.close()

    def close(self) -> None:
        """Close the sessions that are kept open; the user's own session stays open."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()


class _Urllib3Session:
    """A session on urllib3 alone, which keeps cookies for one call."""

    def __init__(self) -> None:
        self._trusted = next(
            filter(None, map(os.environ.get, _CERTIFICATES)), DEFAULT_CA_BUNDLE_PATH
        )
        self._connections = guarded(urllib3.PoolManager(maxsize=1, blocksize=BLOCK))
        self._secure = False
        self._last: tuple[object, urllib3.HTTPConnectionPool] | None = None
        self._cookies = RequestsCookieJar()
        self._headers = dict(default_headers())

    def send(self, request: OutgoingRequest) -> urllib3.BaseHTTPResponse:
        if not self._secure and request.url.startswith("https:"):
            context = _tls_context(self._trusted)
            self._connections.connection_pool_kw["ssl_context"] = context
            self._secure = True
        connect, read = request.timeouts
        content: Any = request.body  # urllib3 needs only its `read`
        parts = parse_url(request.url)
        response = self._pool(parts).urlopen(
            request.method,
            parts.request_uri,
            headers=self._all(request),
            body=content,
            timeout=urllib3.Timeout(connect=connect, read=read),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        if "Set-Cookie" in response.headers:
            sent: Any = requests.Request(request.method, request.url)
            extract_cookies_to_jar(  # type: ignore[no-untyped-call]
                self._cookies, sent, response
            )
        return response

    def _pool(self, url: Url) -> urllib3.HTTPConnectionPool:
        """The connections to a URL's host, which is usually that of the previous request."""
        host = (url.scheme, url.host, url.port)
        if self._last is None or self._last[0] != host:
            pool: urllib3.HTTPConnectionPool = self._connections.connection_from_host(
                url.host, url.port, url.scheme
            )
            self._last = (host, pool)
        return self._last[1]

    def _all(self, request: OutgoingRequest) -> dict[str, str]:
        """All headers of a request; the credentials take precedence, regardless of case."""
        own = {} if request.body is None else {"Content-Length": str(request.body.len)}
        if self._cookies:
            asked: Any = requests.Request(request.method, request.url)
            cookie = get_cookie_header(  # type: ignore[no-untyped-call]
                self._cookies, asked
            )
            own.update({"Cookie": cookie} if cookie else {})
        known = request.credentials
        given = {} if known is None else known.as_headers()
        taken = {name.lower() for name in given}
        usual = {**self._headers, **request.headers, **own}
        return {
            **{name: usual[name] for name in usual if name.lower() not in taken},
            **given,
        }

    def clear_cookies(self) -> None:
        """Remove the cookies."""
        self._cookies.clear()

    def close(self) -> None:
        self._last = None
        self._connections.clear()


class _RequestsSession:
    """A session of requests, with its own headers, authentication and proxies."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def send(self, request: OutgoingRequest) -> urllib3.BaseHTTPResponse:
        # A header of None removes the session's own.
        known = request.credentials
        hidden = {} if known is not None else dict.fromkeys(request.private)
        response = self._session.request(
            request.method,
            request.url,
            headers={**request.headers, **hidden},
            data=request.body,
            auth=_no_auth if known is None else self._auth(known),
            stream=True,
            allow_redirects=False,
            timeout=request.timeouts,
        )
        raw: urllib3.BaseHTTPResponse = response.raw
        return raw

    def _auth(self, credentials: Credentials) -> Any:
        """The credentials in addition to the session's own authentication."""
        own = self._session.auth
        if callable(own):
            return lambda request: credentials(own(request))
        if isinstance(own, tuple):
            basic = HTTPBasicAuth(*own)
            return lambda request: credentials(basic(request))
        return credentials

    def clear_cookies(self) -> None:
        """Remove the cookies."""
        self._session.cookies.clear()

    def close(self) -> None:
        self._session.close()


def _proxy_session() -> _RequestsSession:
    session = requests.Session()
    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
    return _RequestsSession(session)


@lru_cache(maxsize=4)
def _tls_context(certificates: str) -> ssl.SSLContext:
    """A TLS context that trusts these certificates, a file or a folder. Sessions share it, since
    reading certificates takes longer than a request.
    """
    if not os.path.exists(certificates):
        raise OSError(f"there are no certificates at {certificates}")
    context = create_urllib3_context()
    folder = os.path.isdir(certificates)
    context.load_verify_locations(
        cafile=None if folder else certificates, capath=certificates if folder else None
    )
    return context


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An `auth` that sends nothing: without one, requests uses the session's and ~/.netrc."""
    return request
