"""Waiting for what another thread or a server does, however slow the machine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from viewcomfy_runtime.http.deadlines import Deadline

LONGEST: Final = 60.0
"""Seconds after which what hasn't happened never will; nothing that works takes that long."""


class Awaited(threading.Event):
    """An event that tells when somebody begins to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.begun.set()
        return super().wait(timeout)


def wait_until(condition: Callable[[], object]) -> None:
    """Returns once the condition is true."""
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def cancelled_once(condition: Callable[[], object]) -> Deadline:
    """A deadline that is cancelled once the condition is true."""
    deadline = Deadline(2 * LONGEST)

    def cancel() -> None:
        wait_until(condition)
        deadline.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    return deadline
