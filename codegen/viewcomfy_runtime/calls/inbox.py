"""Hands on what one thread has to another, such as a server's events to the run's own thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

M = TypeVar("M")

MOST_WAITING: Final = 64
"""Messages waiting to be taken; beyond it, the thread that adds them waits."""

_FULL: Final = 0.02
"""Seconds after which that thread looks again whether there is room."""


class Inbox(Generic[M]):
    """Messages on their way from one thread to another.

    Waking a thread costs more than handling a message. So after it was woken for one, it collects
    what follows for `gathering` seconds, unless a message is urgent. `check` is called while a
    message waits for room, and may raise.
    """

    def __init__(
        self, gathering: float = 0.0, check: Callable[[], object] = lambda: None
    ) -> None:
        self.closed = threading.Event()
        """To be set once nobody takes messages any more."""
        self._gathering = gathering
        self._check = check
        self._messages = queue.SimpleQueue[M | None]()
        self._urgent = threading.Event()
        self._woken = False

    def put(self, message: M, *, urgent: bool = False) -> None:
        """Add a message once there is room, if the inbox isn't closed by then."""
        while self._messages.qsize() >= MOST_WAITING:
            if self.closed.wait(_FULL):
                return
            self._check()
        self._messages.put(message)
        if urgent:
            self._urgent.set()

    def put_last(self, message: M) -> None:
        """Add a message at once, even if there is no room. It is urgent."""
        self._messages.put(message)
        self._urgent.set()

    def wake(self) -> None:
        """Let `next` return, now or once it is called, even if there is no message."""
        self._messages.put(None)
        self._urgent.set()

    def next(self, seconds: float) -> M | None:
        """The next message, if one arrives within that time."""
        if self._woken and self._messages.empty():
            self._woken = False
            self._urgent.wait(min(self._gathering, seconds))
        try:
            if not self._messages.empty():
                return self._messages.get_nowait()
            message = self._messages.get(seconds > 0, max(0.0, seconds))
        except queue.Empty:
            return None
        self._woken = self._gathering > 0
        return message
