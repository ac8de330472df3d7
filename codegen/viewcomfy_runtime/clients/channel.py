"""WebSockets that are read in a background thread, so that they can't block a run.

They need the extra `live`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Mapping
from typing import Any, Final

import websocket

from ..calls.message_queue import MessageQueue
from ..http.bodies import json_in
from ..http.client import LOG
from ..http.deadlines import Deadline, shut_down
from .defaults import FIRST_PAUSE, LONGEST_PAUSE

LARGEST_MESSAGE: Final = 1 << 24
"""Maximum size in bytes of a message, including all fragments and control frames before it."""

LARGEST_KEPT: Final = 1 << 20
"""Maximum size in bytes or characters of a message that is kept. Larger ones carry results, which
are polled anyway.
"""

_CONNECT_TIMEOUT: Final = 10.0
"""Seconds that opening a connection may take."""

_OPENING: Final = 5.0
"""Seconds that a run waits for its connection, but never more than a quarter of its time."""


class _Socket(websocket.WebSocket):
    """A WebSocket with a maximum message size. Once `closed` is set, it opens no connection."""

    received = 0

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed
        super().__init__(enable_multithread=True)

    @property
    def sock(self) -> Any:
        """The connection, which is set after its TLS handshake."""
        return self._connection

    # The base class has a plain attribute here.
    @sock.setter
    def sock(self, connection: Any) -> None:  # pyright: ignore
        self._connection = connection
        if connection is not None and self._closed.is_set():
            shut_down(connection)

    def recv(self) -> str | bytes:
        self.received = 0
        return super().recv()

    def _recv(self, bufsize: int) -> bytes:
        receive: Any = super()._recv  # untyped there
        chunk: bytes = receive(bufsize)
        self.received += len(chunk)
        if self.received > LARGEST_MESSAGE:
            raise websocket.WebSocketPayloadException("the message is too large")
        return chunk


class Channel:
    """A server's messages. The connection is opened, read and reopened in the background."""

    sid = ""
    """The id of the session, for servers that have sessions."""
    reconnects = True
    largest_kept = LARGEST_KEPT

    def __init__(self, url: str, headers: Mapping[str, str], host: str) -> None:
        self.ready: threading.Event = threading.Event()
        """Set once the connection is open or the first attempt has failed."""
        self.lost: bool = False
        """Whether there is currently no connection to the server."""
        self._url = url
        self._headers = [f"{name}: {value}" for name, value in headers.items()]
        self._host = host
        self._queue = MessageQueue[str | bytes]()
        self._closed = self._queue.closed
        self._socket: Any = None
        threading.Thread(target=self._work, name="viewcomfy-live", daemon=True).start()

    def next(self, seconds: float) -> str | bytes | None:
        """The next message, if one arrives within that time."""
        return self._queue.next(seconds)

    def wait_until_open(self, deadline: Deadline) -> None:
        """Wait until the connection is open or the first attempt has failed. Raises RunTimeoutError
        and RunCancelledError.
        """
        deadline.wait_for(self.ready.wait, min(_OPENING, deadline.remaining / 4))
        deadline.check()

    def close(self) -> None:
        """End the connection without waiting for the server."""
        self._closed.set()
        opened = self._socket
        connection = None if opened is None else opened.sock
        if opened is not None and connection is not None:
            with contextlib.suppress(websocket.WebSocketException, OSError, ValueError):
                connection.settimeout(0.05)
                opened.send_close()
            shut_down(connection)

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                self._read()
                pause = FIRST_PAUSE
            except Exception as error:
                # The library may raise anything for a server's bytes, and no run depends on them.
                LOG.info(
                    "the events of %s can't be received (%s)",
                    self._host,
                    type(error).__name__,
                )
            self.lost = True
            self.ready.set()
            if not self.reconnects or self._closed.wait(pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _read(self) -> None:
        """Connect and pass on messages until the connection ends."""
        opened: Any = _Socket(self._closed)
        self._socket = opened
        try:
            opened.settimeout(_CONNECT_TIMEOUT)
            opened.connect(
                self._url,
                header=self._headers,
                redirect_limit=0,
                suppress_origin=True,  # only web pages have one
            )
            opened.settimeout(None)
            self._opened()
            while not self._closed.is_set():
                message = opened.recv()
                if not opened.connected:
                    return
                if message and len(message) <= self.largest_kept:
                    self._received(message)
        finally:
            opened.shutdown()

    def _opened(self) -> None:
        self.lost = False
        self.ready.set()

    def _received(self, message: str | bytes) -> None:
        self._queue.put(message)

    def _send(self, message: str) -> None:
        if self._socket is not None:
            self._socket.send(message)


class SocketIO(Channel):
    """The text events of a Socket.IO server: https://socket.io/docs/v4/socket-io-protocol/.

    The library python-socketio handles each message in a new thread, in no guaranteed order, and
    blocks while a slow server connects or disconnects.
    """

    reconnects = False  # the events are bound to the first connection's session

    def __init__(
        self, base: str, auth: Mapping[str, str], headers: Mapping[str, str], host: str
    ) -> None:
        self._auth = dict(auth)
        super().__init__(f"{base}/socket.io/?EIO=4&transport=websocket", headers, host)

    def _opened(self) -> None:
        """Nothing to do: the session starts when the server sends its id."""

    def _received(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            return
        kind, rest = message[:1], message[1:]
        if kind == "0":
            self._send(f"40{json.dumps(self._auth)}")
        elif kind == "2":
            self._send(f"3{rest}")
        elif message.startswith("40"):
            about = json_in(message[2:])
            self.sid = str(about.get("sid") or "") if isinstance(about, dict) else ""
            super()._opened()
        elif message.startswith("42"):
            super()._received(message[2:])
        elif message.startswith(("1", "41", "44")):
            raise ConnectionError("the server ended the session")


def websocket_url(url: str) -> str:
    """The WebSocket URL for an HTTP URL."""
    return "ws" + url.removeprefix("http")


def event_in(message: str) -> tuple[str, Any]:
    """The name and the first value of a Socket.IO event."""
    event = json_in(message[message.find("[") :])
    name, value = [*event, None, None][:2] if isinstance(event, list) else ("", None)
    return name if isinstance(name, str) else "", value
