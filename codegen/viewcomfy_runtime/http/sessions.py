"""Sessions, which send requests and keep their connections for later ones.

A session of this package's own goes straight to urllib3: the layers of requests above it cost as
much CPU as all the rest of a small request. A session of the user's goes through requests, and so
does one behind a proxy, since requests knows what the environment says about proxies.
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
from .connections import BLOCK, Adapter, watched
from .credentials import Credentials

MOST_IDLE: Final = 32
"""Sessions that are kept open for later calls."""

_CERTIFICATES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of the environment that name a file of certificates to trust; the first counts."""


class Sending(NamedTuple):
    """A request as it is sent once.

    Without `credentials`, no header that is named in `private` is sent either.
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

    def send(self, request: Sending) -> urllib3.BaseHTTPResponse:
        """Send a request. Returns its answer, whose content is still to be read; a redirect isn't
        followed. Raises the libraries' exceptions.
        """
        ...

    def close(self) -> None:
        """Close the connections that are kept open."""
        ...


class Sessions:
    """One session for each running call, since requests doesn't promise thread safety, or the
    session that the user passed.

    Each process has its own: after a fork, two processes would read answers from one socket.
    """

    def __init__(self, own: requests.Session | None = None) -> None:
        self._own = own
        if own is not None:
            for adapter in own.adapters.values():
                if type(adapter) is HTTPAdapter:
                    # So that a deadline can shut these connections too.
                    watched(adapter.poolmanager)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._idle: list[_Direct | _Layered] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Sessions], tuple[requests.Session | None]]:
        return type(self), (self._own,)

    @contextlib.contextmanager
    def session(self) -> Iterator[SessionLike]:
        """A session for exclusive use, or the user's own."""
        if self._process != os.getpid():
            self._forked()
        if self._own is not None:
            yield _Layered(self._own)
            return
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or (_proxied() if getproxies() else _Direct())
        try:
            yield session
        finally:
            session.forget()
            with self._lock:
                full = len(self._idle) >= MOST_IDLE
                if not full:
                    self._idle.append(session)
            if full:
                session.close()

    def _forked(self) -> None:
        """Forget the parent process's sessions, which stay open there."""
        mine: list[_Direct | _Layered | requests.Session] = [*self._idle]
        if self._own is not None:
            mine.append(self._own)
        self._begin()
        for session in mine:
            session.close()

    def close(self) -> None:
        """Close the sessions that are kept open; the user's own session stays open."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()


class _Direct:
    """A session on urllib3 alone, with the cookies of one call."""

    def __init__(self) -> None:
        self._trusted = next(
            filter(None, map(os.environ.get, _CERTIFICATES)), DEFAULT_CA_BUNDLE_PATH
        )
        self._connections = watched(urllib3.PoolManager(maxsize=1, blocksize=BLOCK))
        self._secure = False
        self._last: tuple[object, urllib3.HTTPConnectionPool] | None = None
        self._cookies = RequestsCookieJar()
        self._headers = dict(default_headers())

    def send(self, request: Sending) -> urllib3.BaseHTTPResponse:
        if not self._secure and request.url.startswith("https:"):
            context = _trusting(self._trusted)
            self._connections.connection_pool_kw["ssl_context"] = context
            self._secure = True
        connect, read = request.timeouts
        content: Any = request.body  # urllib3 needs only its `read`
        parts = parse_url(request.url)
        answer = self._pool(parts).urlopen(
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
        if "Set-Cookie" in answer.headers:
            sent: Any = requests.Request(request.method, request.url)
            extract_cookies_to_jar(  # type: ignore[no-untyped-call]
                self._cookies, sent, answer
            )
        return answer

    def _pool(self, url: Url) -> urllib3.HTTPConnectionPool:
        """The connections to a URL's host. Most requests go where the one before them went."""
        host = (url.scheme, url.host, url.port)
        if self._last is None or self._last[0] != host:
            pool: urllib3.HTTPConnectionPool = self._connections.connection_from_host(
                url.host, url.port, url.scheme
            )
            self._last = (host, pool)
        return self._last[1]

    def _all(self, request: Sending) -> dict[str, str]:
        """All headers of a request. Those of the credentials replace others, in any case."""
        own = {} if request.body is None else {"Content-Length": str(request.body.len)}
        if self._cookies:
            asked: Any = requests.Request(request.method, request.url)
            cookie = get_cookie_header(  # type: ignore[no-untyped-call]
                self._cookies, asked
            )
            own.update({"Cookie": cookie} if cookie else {})
        known = request.credentials
        given = {} if known is None else known.revealed()
        taken = {name.lower() for name in given}
        usual = {**self._headers, **request.headers, **own}
        return {
            **{name: usual[name] for name in usual if name.lower() not in taken},
            **given,
        }

    def forget(self) -> None:
        """Forget the cookies."""
        self._cookies.clear()

    def close(self) -> None:
        self._last = None
        self._connections.clear()


class _Layered:
    """A session of requests, with what it adds by itself."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def send(self, request: Sending) -> urllib3.BaseHTTPResponse:
        # None takes away what the session adds.
        known = request.credentials
        hidden = {} if known is not None else dict.fromkeys(request.private)
        answer = self._session.request(
            request.method,
            request.url,
            headers={**request.headers, **hidden},
            data=request.body,
            auth=_nobody if known is None else self._auth(known),
            stream=True,
            allow_redirects=False,
            timeout=request.timeouts,
        )
        raw: urllib3.BaseHTTPResponse = answer.raw
        return raw

    def _auth(self, credentials: Credentials) -> Any:
        """The credentials in addition to the session's own. Without any, requests would read
        ~/.netrc.
        """
        own = self._session.auth
        if callable(own):
            return lambda request: credentials(own(request))
        if isinstance(own, tuple):
            basic = HTTPBasicAuth(*own)
            return lambda request: credentials(basic(request))
        return credentials

    def forget(self) -> None:
        """Forget the cookies."""
        self._session.cookies.clear()

    def close(self) -> None:
        self._session.close()


def _proxied() -> _Layered:
    session = requests.Session()
    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
    return _Layered(session)


@lru_cache(maxsize=4)
def _trusting(certificates: str) -> ssl.SSLContext:
    """A context that trusts these certificates, a file or a folder. It takes longer to read them
    than to send a request, so all sessions share it.
    """
    if not os.path.exists(certificates):
        raise OSError(f"there are no certificates at {certificates}")
    context = create_urllib3_context()
    folder = os.path.isdir(certificates)
    context.load_verify_locations(
        cafile=None if folder else certificates, capath=certificates if folder else None
    )
    return context


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """What to pass as `auth` where none must be sent: else requests looks into the session and
    ~/.netrc.
    """
    return request
