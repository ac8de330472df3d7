"""Passes messages from one thread to another, such as a server's events to the run's own thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

M = TypeVar("M")

CAPACITY: Final = 64
"""Messages that may wait; `put` blocks while the queue is full."""

_FULL: Final = 0.02
"""Seconds after which a blocked `put` checks again whether there is room."""


class MessageQueue(Generic[M]):
    """A bounded queue from one thread to another.

    Waking a thread costs more than handling a message. So after waking the reader for one message,
    the queue collects what follows for `batching` seconds, unless a message is urgent. `check` is
    called while `put` is blocked, and may raise.
    """

    def __init__(
        self, batching: float = 0.0, check: Callable[[], object] = lambda: None
    ) -> None:
        self.closed = threading.Event()
        """To be set when no more messages will be read."""
        self._batching = batching
        self._check = check
        self._messages = queue.SimpleQueue[M | None]()
        self._urgent = threading.Event()
        self._woken = False

    def put(self, message: M, *, urgent: bool = False) -> None:
        """Add a message as soon as there is room, unless the queue is closed before."""
        while self._messages.qsize() >= CAPACITY:
            if self.closed.wait(_FULL):
                return
            self._check()
        self._messages.put(message)
        if urgent:
            self._urgent.set()

    def put_last(self, message: M) -> None:
        """Add an urgent message immediately, even if the queue is full."""
        self._messages.put(message)
        self._urgent.set()

    def wake(self) -> None:
        """Let the current or the next call of `next` return, even without a message."""
        self._messages.put(None)
        self._urgent.set()

    def next(self, seconds: float) -> M | None:
        """The next message, if one arrives within that time."""
        if self._woken and self._messages.empty():
            self._woken = False
            self._urgent.wait(min(self._batching, seconds))
        try:
            if not self._messages.empty():
                return self._messages.get_nowait()
            message = self._messages.get(seconds > 0, max(0.0, seconds))
        except queue.Empty:
            return None
        self._woken = self._batching > 0
        return message
