"""How long a call may take, and how it is ended before that from outside."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from ..errors import RunCancelledError, RunTimeoutError

CONNECT_TIMEOUT: Final = 30.0
LONGEST_WAIT: Final = 86_400.0
"""Seconds: less than what sockets of any system accept as a timeout."""

SLICE: Final = 0.25
"""Seconds to wait at a time: where a system doesn't let Ctrl-C interrupt a wait, it is heard this soon."""

_thread: Final = threading.local()


class Deadline:
    """The moment when a call has to be over; another thread may end it earlier.

    `seconds` are counted from now, in wall-clock time. `with deadline:` guards what this thread
    does over the network: when time is up or the call is cancelled, the socket that it waits on is
    shut, so that no server can keep it by sending a byte now and then. Raises TypeError where
    `seconds` isn't a number.
    """

    def __init__(self, seconds: float) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError(f"a timeout must be a number of seconds, not {seconds!r}")
        self.seconds = seconds
        self._end = time.monotonic() + min(seconds, 1e12)
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
                hint="pass a larger timeout",
            )

    def sleep(self, seconds: float) -> None:
        """Wait that long, but not beyond the end. Raises as `check` does."""
        self.until(self._cancelled.wait, seconds)
        self.check()

    def until(self, heard: Callable[[float], object], seconds: float) -> bool:
        """Whether `heard`, which waits as long as it is told, gave something true within `seconds`.

        It is over sooner where the time is up or the call is cancelled, and raises nothing then.
        """
        end = time.monotonic() + min(seconds, LONGEST_WAIT)
        while not self._cancelled.is_set():
            left = min(end - time.monotonic(), self.remaining)
            if not left > 0:
                break
            if heard(min(left, SLICE)):
                return True
        return False

    def cancel(self) -> None:
        """End the call now; what it waits for in another thread ends with RunCancelledError."""
        self._cancelled.set()
        self._shut()

    def watch(self, connection: socket.socket) -> None:
        """`connection` is what the call waits on from now on."""
        with self._lock:
            self._socket = connection
        if self._cancelled.is_set() or not self.remaining > 0:
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            if self._socket is not None:
                shut(self._socket)


def shut(connection: socket.socket) -> None:
    """End a connection; who waits on it in another thread hears of it at once."""
    with contextlib.suppress(OSError, ValueError):
        # Not the method of a TLS socket, which would first forget its session under the reader's hands.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def watch(connection: socket.socket) -> None:
    """Tells the deadline that guards this thread, if there is one, what it waits on."""
    deadline: Deadline | None = getattr(_thread, "deadline", None)
    if deadline is not None:
        deadline.watch(connection)
