"""Timers for all calls of this process, in one thread."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias

LONGEST_WAIT: Final = 86_400.0
"""Seconds that sockets and locks of every operating system accept as a timeout."""

Action: TypeAlias = Callable[[], Any]


class Timers:
    """Calls functions at given times. They mustn't block or raise.

    The thread starts with the first timer and wakes only when one is due: a timer that is stopped
    in time, as nearly all are, causes no switch between threads.
    """

    def __init__(self) -> None:
        self._reset()
        if hasattr(os, "register_at_fork"):
            # A child process has none of its parent's threads.
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._times: dict[Action, float] = {}
        self._wakes = float("inf")
        self._thread: threading.Thread | None = None

    def start(self, action: Action, moment: float) -> None:
        """Call `action` at this time of the monotonic clock, which replaces its earlier time."""
        with self._changed:
            self._times[action] = moment
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="viewcomfy-timers", daemon=True
                )
                self._thread.start()
            elif moment < self._wakes:
                self._changed.notify()

    def stop(self, action: Action) -> None:
        """Stop the action's timer."""
        with self._changed:
            self._times.pop(action, None)

    def _work(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                due = [each for each, moment in self._times.items() if moment <= now]
                for action in due:
                    del self._times[action]
                if not due:
                    soonest = min(self._times.values(), default=now + LONGEST_WAIT)
                    self._wakes = min(soonest, now + LONGEST_WAIT)
                    self._changed.wait(self._wakes - now)
            for action in due:
                action()


TIMERS: Final = Timers()
