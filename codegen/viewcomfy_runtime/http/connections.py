"""Connections that a deadline can shut down."""

from __future__ import annotations

import concurrent.futures as futures
import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

from .deadlines import CONNECT_TIMEOUT, Deadline, current_deadline, guard

BLOCK: Final = 1 << 17
"""Bytes of an upload that are sent at a time: the fastest of the sizes from 16 KiB to 1 MiB."""


def connected(
    connect: Callable[[], socket.socket], seconds: float | None
) -> socket.socket | None:
    """The connection that `connect` opens; None if that takes longer than `seconds`, or than this
    thread's deadline allows.

    It is opened in a separate thread: looking up a host's name can't be interrupted, and a host may
    have many addresses that don't answer. A connection that is opened too late is closed.
    """
    found: futures.Future[socket.socket] = futures.Future()
    limit = CONNECT_TIMEOUT if seconds is None else seconds
    deadline = current_deadline() or Deadline(limit)
    threading.Thread(
        target=_connect, args=(connect, found), name="viewcomfy-connect", daemon=True
    ).start()
    try:
        deadline.wait_for(lambda wait: futures.wait([found], wait).done, limit)
    finally:
        late = found.cancel()
    return None if late else found.result()


def _connect(
    connect: Callable[[], socket.socket], found: futures.Future[socket.socket]
) -> None:
    try:
        connection = connect()
    except BaseException as error:
        if found.set_running_or_notify_cancel():
            found.set_exception(error)
    else:
        if found.set_running_or_notify_cancel():
            found.set_result(connection)
        else:
            connection.close()
    finally:
        # An error holds this frame, which would hold the error in turn.
        del found


class _FinalResponse(http.client.HTTPResponse):
    """A response without those that only announce it, such as 103 Early Hints."""

    def begin(self) -> None:
        super().begin()  # skips 100 Continue itself
        while 102 <= self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


class GuardedConnection(HTTPConnection):
    """A connection that its thread's deadline can shut down."""

    response_class = _FinalResponse

    def _new_conn(self) -> socket.socket:
        connection = connected(self._opened, self.timeout)
        if connection is None:
            raise ConnectTimeoutError(self, "the server couldn't be reached in time")
        guard(connection)  # before a TLS handshake, which can be as slow as a response
        return connection

    def _opened(self) -> socket.socket:
        return super()._new_conn()

    def connect(self) -> None:
        super().connect()
        guard(self.sock)

    def putrequest(
        self,
        method: str,
        url: str,
        skip_host: bool = False,
        skip_accept_encoding: bool = False,
    ) -> None:
        if self.sock is not None:
            guard(self.sock)
        super().putrequest(method, url, skip_host, skip_accept_encoding)


class GuardedTlsConnection(GuardedConnection, HTTPSConnection):
    """The same over TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls: Any = GuardedConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls: Any = GuardedTlsConnection


class Adapter(HTTPAdapter):
    """Connections that a deadline can shut down, with uploads in large blocks."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{"blocksize": BLOCK, **kwargs})
        guarded(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **{"blocksize": BLOCK, **kwargs})
        return guarded(manager)


def guarded(manager: Any) -> Any:
    """The pool manager, whose new connections a deadline can shut down."""
    if manager.pool_classes_by_scheme == urllib3.poolmanager.pool_classes_by_scheme:
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager
