"""How long a call may take, and how it is ended before that from outside."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Final

from ..errors import RunCancelledError, RunTimeoutError

CONNECT_TIMEOUT: Final = 30.0
LONGEST_WAIT: Final = 86_400.0
"""Seconds: less than what sockets of any system accept as a timeout."""

_thread: Final = threading.local()


class Deadline:
    """The moment when a call has to be over, in wall-clock time; another thread may end it earlier.

    `with deadline:` guards what this thread does over the network: when time is up or the call is cancelled, the socket
    that it waits on is shut, so that no server can keep it by sending a byte now and then.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._socket: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self._outer: Deadline | None = None

    def __enter__(self) -> Deadline:
        self.check()
        self._outer = getattr(_thread, "deadline", None)
        _thread.deadline = self
        self._timer = threading.Timer(self.wait, self._shut)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _thread.deadline = self._outer
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._socket = None

    @property
    def remaining(self) -> float:
        """Seconds until the end; negative once it is over."""
        return self._end - time.monotonic()

    @property
    def wait(self) -> float:
        """Seconds to wait for something at most, as sockets and timers take them: never 0."""
        return min(max(0.001, self.remaining), LONGEST_WAIT)

    @property
    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect and to wait for bytes, as requests takes them."""
        return min(CONNECT_TIMEOUT, self.wait), self.wait

    def check(self) -> None:
        """Raises RunCancelledError once the call is cancelled, RunTimeoutError once its time is over."""
        if self._cancelled.is_set():
            raise RunCancelledError("the call was cancelled")
        if not self.remaining > 0:  # so that NaN is over too
            raise RunTimeoutError(
                f"the run took longer than {self.seconds:g} s",
                hint="pass a larger timeout; the run may still go on at the server",
            )

    def sleep(self, seconds: float) -> None:
        """Wait that long, but not beyond the end. Raises as `check` does."""
        self._cancelled.wait(min(seconds, self.wait))
        self.check()

    def sleep_to(self, seconds: float) -> None:
        """Wait that long or to the end, whichever comes first, and go on."""
        self._cancelled.wait(max(0.0, min(seconds, self.remaining)))

    def cancel(self) -> None:
        """End the call now; what it waits for in another thread ends with RunCancelledError."""
        self._cancelled.set()
        self._shut()

    def watch(self, connection: socket.socket) -> None:
        """`connection` is what the call waits on from now on."""
        with self._lock:
            self._socket = connection
        if self._cancelled.is_set():
            self._shut()

    def _shut(self) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._socket is not None:
                # Not the method of a TLS socket, which would first forget its session under the reader's hands.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def watch(connection: socket.socket) -> None:
    """Tells the deadline that guards this thread, if there is one, what it waits on."""
    deadline: Deadline | None = getattr(_thread, "deadline", None)
    if deadline is not None:
        deadline.watch(connection)
