"""How long a call may take, and how it is ended before that from outside."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ..errors import RunCancelledError, RunTimeoutError
from .alarms import ALARMS, LONGEST_WAIT

LONGEST_RUN: Final = 2400.0
"""Seconds that ViewComfy lets a run take, and the default timeout."""

CONNECT_TIMEOUT: Final = 30.0
SLICE: Final = 0.25
"""Seconds to wait at a time: where a system doesn't let
Ctrl-C interrupt a wait, it is heard this soon.
"""

_thread: Final = threading.local()


@dataclass(frozen=True, slots=True)
class Timeout:
    """How long a call may take, in seconds: in all, and in each of its phases; None is no limit of
    its own.

    `connect` is for each connection, `upload` until the call has arrived, `queue` until the run
    starts and `run` from then to its result. A server that doesn't say when a run starts has
    `queue` and `run` together.
    """

    total: float = LONGEST_RUN
    connect: float = CONNECT_TIMEOUT
    upload: float | None = None
    queue: float | None = None
    run: float | None = None


Phase: TypeAlias = Literal["upload", "queue", "run"]


class Deadline:
    """The moment when a call has to be over; another thread may end it earlier.

    `seconds`, a number or a Timeout, are counted from now, in wall-clock time. `with deadline:`
    guards what this thread does over the network: when time is up or the call is canceled, the
    socket that it waits on is shut, so that no server can keep it by sending a byte now and then.
    `cancel_on_timeout` says whether a run whose time is over is canceled at the server. Raises
    TypeError where `seconds` isn't a number.
    """

    def __init__(
        self, seconds: float | Timeout, *, cancel_on_timeout: bool = True
    ) -> None:
        self.cancel_on_timeout = cancel_on_timeout
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
        self._guards = False
        self._outer: Deadline | None = None

    def __enter__(self) -> Deadline:
        self.check()
        self._outer = getattr(_thread, "deadline", None)
        _thread.deadline = self
        self._guards = True
        ALARMS.start(self._ring, self._end)
        return self

    def enter(self, phase: Phase) -> None:
        """The call is in this phase from now on.

        Each is entered once; later calls change nothing.
        """
        if phase == self._phase:
            return
        self._phase = phase
        limit, before = self._limit(phase), self._end
        self._end = self._total_end
        if limit is not None:
            self._end = min(self._total_end, time.monotonic() + limit)
        if self._guards and self._end != before:
            ALARMS.start(self._ring, self._end)

    def _limit(self, phase: Phase) -> float | None:
        limits = self._limits
        return {"upload": limits.upload, "queue": limits.queue, "run": limits.run}[
            phase
        ]

    def __exit__(self, *_: object) -> None:
        _thread.deadline = self._outer
        self._guards = False
        ALARMS.stop(self._ring)
        with self._lock:
            self._socket = None

    @property
    def remaining(self) -> float:
        """Seconds until the end; negative once it is over."""
        return self._end - time.monotonic()

    @property
    def wait(self) -> float:
        """Seconds to wait for something at most, as sockets take them: never 0."""
        return min(max(0.001, self.remaining), LONGEST_WAIT)

    @property
    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect and to wait for bytes, as requests takes them."""
        return min(self._limits.connect, self.wait), self.wait

    def check(self) -> None:
        """Raises RunCancelledError once the call is
        canceled, RunTimeoutError once its time is over.
        """
        if self._cancelled.is_set():
            raise RunCancelledError("the call was canceled")
        if not self.remaining > 0:  # so that NaN is over too
            raise RunTimeoutError(self._late(), hint="pass a larger timeout")

    def _late(self) -> str:
        if self._phase is None or self._end == self._total_end:
            return f"the run took longer than {self.seconds:g} s"
        what = {
            "upload": "sending the call",
            "queue": "waiting in the queue",
            "run": "the run itself",
        }
        limit = self._limit(self._phase)
        return f"{what[self._phase]} took longer than {limit:g} s"

    def sleep(self, seconds: float) -> None:
        """Wait that long, but not beyond the end. Raises as `check` does."""
        self.until(self._cancelled.wait, seconds)
        self.check()

    def until(self, heard: Callable[[float], object], seconds: float) -> bool:
        """Whether `heard`, which waits as long as it is told, gave something true within `seconds`.

        It is over sooner where the time is up or the call is canceled, and raises nothing then.
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

    def watch(self, connection: socket.socket | None) -> None:
        """`connection` is what the call waits on from now on; None where it waits on nothing."""
        with self._lock:
            self._socket = connection
        if self._cancelled.is_set() or not self.remaining > 0:
            self._shut()

    def _ring(self) -> None:
        # The next phase may have begun since this alarm was due.
        if not self.remaining > 0:
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            if self._socket is not None:
                shut(self._socket)


def shut(connection: socket.socket) -> None:
    """End a connection; who waits on it in another thread hears of it at once."""
    with contextlib.suppress(OSError, ValueError):
        # Not the method of a TLS socket, which would first forget its session under the reader's
        # hands.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def watch(connection: socket.socket | None) -> None:
    """Tells the deadline that guards this thread, if there is one, what it waits on, if
    anything.
    """
    deadline = guarding()
    if deadline is not None:
        deadline.watch(connection)


def guarding() -> Deadline | None:
    """The deadline that guards this thread, if there is one."""
    found: Deadline | None = getattr(_thread, "deadline", None)
    return found
