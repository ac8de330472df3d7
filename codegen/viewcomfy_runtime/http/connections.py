"""Sessions of requests, kept for later calls, whose connections a deadline can shut."""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.request import getproxies

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

from .deadlines import CONNECT_TIMEOUT, Deadline, guarding, watch

BLOCK: Final = 1 << 17
"""Bytes of an upload that are sent at a time: the fastest size measured from 16 KiB to 1 MiB."""

_CERTIFICATES: Final = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""Variables of the environment that name a file of certificates to trust; the last counts."""

MOST_IDLE: Final = 32
"""Sessions that are kept open for later calls."""


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
                    _watched(adapter.poolmanager)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._idle: list[requests.Session] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Sessions], tuple[requests.Session | None]]:
        return type(self), (self._own,)

    @contextlib.contextmanager
    def session(self) -> Iterator[requests.Session]:
        """A session for exclusive use, or the user's own."""
        if self._process != os.getpid():
            self._forked()
        if self._own is not None:
            yield self._own
            return
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or _Session()
        try:
            yield session
        finally:
            session.cookies.clear()
            with self._lock:
                full = len(self._idle) >= MOST_IDLE
                if not full:
                    self._idle.append(session)
            if full:
                session.close()

    def _forked(self) -> None:
        """Forget the parent process's sessions, which stay open there."""
        mine = [*self._idle, *([] if self._own is None else [self._own])]
        self._begin()
        for session in mine:
            session.close()

    def close(self) -> None:
        """Close the sessions that are kept open; the user's own session stays open."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()


class _Session(requests.Session):
    """A session that looks at the environment once, and does without hooks and redirects of its
    own: with them, a small call costs twice as much.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mount("http://", Adapter())
        self.mount("https://", Adapter())
        self.trust_env = bool(getproxies())
        self._trusted: str | bool = True
        for name in _CERTIFICATES:
            self._trusted = os.environ.get(name) or self._trusted

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | None],
        data: Any,
        auth: Any,
        timeout: tuple[float, float],
        **_: object,
    ) -> requests.Response:
        sent = {name: each for name, each in headers.items() if each is not None}
        request = requests.PreparedRequest()
        request.prepare_method(method)
        request.prepare_url(url, None)
        request.prepare_headers({**self.headers, **sent})
        if self.cookies:
            request.prepare_cookies(self.cookies)
        request.prepare_body(data, None)
        request.prepare_auth(auth, url)
        response = self.get_adapter(url).send(
            request,
            stream=True,
            timeout=timeout,
            verify=self._trusted,
            proxies=get_environ_proxies(url) if self.trust_env else {},
        )
        if response.cookies:
            self.cookies.update(response.cookies)
        return response


def connected(
    connect: Callable[[], socket.socket], seconds: float | None
) -> socket.socket | None:
    """What `connect` connects; None where that takes longer than `seconds`, or than this thread's
    call may take.

    It works in a thread of its own: looking up a host's name can't be interrupted, and a host may
    have many addresses that don't answer. A connection that comes too late is closed.
    """
    found: futures.Future[socket.socket] = futures.Future()

    def work() -> None:
        try:
            connection = connect()
        except BaseException as error:
            if found.set_running_or_notify_cancel():
                found.set_exception(error)
            return
        if found.set_running_or_notify_cancel():
            found.set_result(connection)
        else:
            connection.close()

    limit = CONNECT_TIMEOUT if seconds is None else seconds
    deadline = guarding() or Deadline(limit)
    threading.Thread(target=work, name="viewcomfy-connect", daemon=True).start()
    try:
        deadline.until(lambda wait: futures.wait([found], wait).done, limit)
    finally:
        late = found.cancel()
    return None if late else found.result()


class Watched(HTTPConnection):
    """A connection that the deadline of its thread can shut."""

    def _new_conn(self) -> socket.socket:
        connection = connected(self._opened, self.timeout)
        if connection is None:
            raise ConnectTimeoutError(self, "the server couldn't be reached in time")
        watch(connection)  # before a TLS handshake, which can be as slow as an answer
        return connection

    def _opened(self) -> socket.socket:
        return super()._new_conn()

    def connect(self) -> None:
        super().connect()
        watch(self.sock)

    def putrequest(
        self,
        method: str,
        url: str,
        skip_host: bool = False,
        skip_accept_encoding: bool = False,
    ) -> None:
        if self.sock is not None:
            watch(self.sock)
        super().putrequest(method, url, skip_host, skip_accept_encoding)


class WatchedTls(Watched, HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = Watched


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = WatchedTls


class Adapter(HTTPAdapter):
    """Connections that a deadline can shut, with uploads in large blocks."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{"blocksize": BLOCK, **kwargs})
        _watched(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **{"blocksize": BLOCK, **kwargs})
        return _watched(manager)


def _watched(manager: Any) -> Any:
    if manager.pool_classes_by_scheme == urllib3.poolmanager.pool_classes_by_scheme:
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager
