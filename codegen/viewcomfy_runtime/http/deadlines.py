"""Deadlines and cancellation of calls."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ..errors import RunCancelledError, RunTimeoutError
from .timers import LONGEST_WAIT, TIMERS

LONGEST_RUN: Final = 2400.0
"""Seconds that ViewComfy lets a run take, and the default timeout."""

CONNECT_TIMEOUT: Final = 30.0
SLICE: Final = 0.25
"""Seconds to wait at a time: on systems where Ctrl-C doesn't interrupt a wait, it takes effect
after it.
"""

_thread: Final = threading.local()


@dataclass(frozen=True, slots=True)
class Timeout:
    """Timeouts of a call in seconds: in total, and for each phase, where None means no separate
    limit.

    `connect` limits each connection attempt, `upload` the time until the call has been sent,
    `queue` from then until the run starts, and `run` from then until its result. If the server
    doesn't report the start of runs, `queue` applies until the result.
    """

    total: float = LONGEST_RUN
    connect: float = CONNECT_TIMEOUT
    upload: float | None = None
    queue: float | None = None
    run: float | None = None


Phase: TypeAlias = Literal["upload", "queue", "run"]


class Deadline:
    """The time by which a call must end; another thread can cancel it earlier.

    `seconds`, a number or a Timeout, start now. `with deadline:` guards this thread's network
    requests: when time is up or the call is canceled, the socket that the thread waits on is shut
    down, so that a server can't delay it by sending a byte now and then. `cancel_on_timeout` says
    whether a run that times out is also canceled at the server, `what` for messages what takes the
    time. Raises TypeError if `seconds` isn't a number.
    """

    def __init__(
        self,
        seconds: float | Timeout,
        *,
        cancel_on_timeout: bool = True,
        what: str = "the run",
    ) -> None:
        self.cancel_on_timeout = cancel_on_timeout
        self._what = what
        limits = seconds if isinstance(seconds, Timeout) else Timeout(seconds)
        phases = (limits.upload, limits.queue, limits.run)
        given = (
            limits.total,
            limits.connect,
            *(each for each in phases if each is not None),
        )
        for each in given:
            if isinstance(each, bool) or not isinstance(each, int | float):
                raise TypeError(f"a timeout must be a number of seconds, not {each!r}")
        self.seconds: float = limits.total
        self._limits = limits
        self._total_end = self._end = time.monotonic() + min(self.seconds, 1e12)
        self._phase: Phase | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._socket: socket.socket | None = None
        self._process = os.getpid()
        self._guards = False
        self._outer: Deadline | None = None

    def __enter__(self) -> Deadline:
        self.check()
        self._outer = getattr(_thread, "deadline", None)
        _thread.deadline = self
        self._guards = True
        TIMERS.start(self._expire, self._end)
        return self

    def enter(self, phase: Phase) -> None:
        """Start a phase of the call, and with it its timeout, unless it is the current one."""
        if phase == self._phase:
            return
        self._phase = phase
        limit, before = self._limit(phase), self._end
        self._end = self._total_end
        if limit is not None:
            self._end = min(self._total_end, time.monotonic() + limit)
        if self._guards and self._end != before:
            TIMERS.start(self._expire, self._end)

    def _limit(self, phase: Phase) -> float | None:
        limits = self._limits
        return {"upload": limits.upload, "queue": limits.queue, "run": limits.run}[
            phase
        ]

    def __exit__(self, *_: object) -> None:
        _thread.deadline = self._outer
        self._guards = False
        TIMERS.stop(self._expire)
        with self._lock:
            self._socket = None

    @property
    def remaining(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self._end - time.monotonic()

    @property
    def wait(self) -> float:
        """The remaining time as a socket's timeout in seconds, which is never 0."""
        return min(max(0.001, self.remaining), LONGEST_WAIT)

    @property
    def timeouts(self) -> tuple[float, float]:
        """The timeouts to connect and to read, in seconds, as requests takes them: never 0."""
        return max(0.001, min(self._limits.connect, self.wait)), self.wait

    def check(self) -> None:
        """Raises RunCancelledError if the call was canceled, RunTimeoutError if it timed out."""
        if self._cancelled.is_set():
            raise RunCancelledError("the call was canceled")
        if not self.remaining > 0:  # also for NaN
            raise RunTimeoutError(self._timeout_message(), hint="pass a larger timeout")

    def _timeout_message(self) -> str:
        if self._phase is None or self._end == self._total_end:
            return f"{self._what} took longer than {self.seconds:g} s"
        what = {
            "upload": "sending the call",
            "queue": "waiting in the queue",
            "run": "the run itself",
        }
        limit = self._limit(self._phase)
        return f"{what[self._phase]} took longer than {limit:g} s"

    def sleep(self, seconds: float) -> None:
        """Wait that long, but not beyond the deadline. Raises the same errors as `check`."""
        self.wait_for(self._cancelled.wait, seconds)
        self.check()

    def wait_for(self, condition: Callable[[float], object], seconds: float) -> bool:
        """Wait until `condition` returns something true, for at most `seconds`, and return whether
        it did.

        `condition` is called with the number of seconds that it may block. The wait ends early,
        without an error, if time is up or the call is canceled.
        """
        end = time.monotonic() + min(seconds, LONGEST_WAIT)
        while not self._cancelled.is_set():
            left = min(end - time.monotonic(), self.remaining)
            if not left > 0:
                break
            if condition(min(left, SLICE)):
                return True
        return False

    def cancel(self) -> None:
        """End the call now, from any thread, with RunCancelledError."""
        self._cancelled.set()
        self._shut_down()

    def guard(self, connection: socket.socket | None) -> None:
        """Shut this connection down when time is up; None if the call waits on no connection."""
        with self._lock:
            self._socket, self._process = connection, os.getpid()
        if self._cancelled.is_set() or not self.remaining > 0:
            self._shut_down()

    def _expire(self) -> None:
        # The next phase may have started since the timer was due.
        if not self.remaining > 0:
            self._shut_down()

    def _shut_down(self) -> None:
        with self._lock:
            # A child process has a copy of its parent's connection, which stays the parent's.
            if self._socket is not None and self._process == os.getpid():
                shut_down(self._socket)


def shut_down(connection: socket.socket) -> None:
    """End a connection, so that a thread that waits on it continues at once."""
    with contextlib.suppress(OSError, ValueError):
        # Not the method of a TLS socket, which would first discard the session that another thread
        # is reading from.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def guard(connection: socket.socket | None) -> None:
    """Set the connection that this thread's deadline shuts down when time is up."""
    deadline = current_deadline()
    if deadline is not None:
        deadline.guard(connection)


def current_deadline() -> Deadline | None:
    """This thread's innermost deadline, if there is one."""
    found: Deadline | None = getattr(_thread, "deadline", None)
    return found
