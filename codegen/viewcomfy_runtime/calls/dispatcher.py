"""Passes on the events of a run without secrets, and keeps the end of its log."""

from __future__ import annotations

import math
from collections import deque
from typing import Final, TypeGuard

from ..texts import without_secrets
from .call import MOST_LOGS, Watch
from .events import Event, Log, Progress
from .progress import progress_of

LONGEST_LINE: Final = 1 << 16
"""Maximum length of a log line in characters; the rest is dropped."""

LARGEST_LOG: Final = 1 << 24
"""Maximum total characters of a run's log that its result keeps, in at most MOST_LOGS lines."""

_MOST_STEPS: Final = 1e12
"""A larger number can't be a number of steps."""


class EventDispatcher:
    """Passes on the events of one run, in the run's thread, and keeps the end of its log."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._lines: deque[str] = deque()
        self._size = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines of the log."""
        return tuple(self._lines)

    def log(self, line: str) -> None:
        """Pass on a log line, and the progress shown by a sampler's progress bar in it."""
        line = without_secrets(line[:LONGEST_LINE])
        self._lines.append(line)
        self._size += len(line)
        while len(self._lines) > MOST_LOGS or self._size > LARGEST_LOG:
            self._size -= len(self._lines.popleft())
        self._watch.notify(Log(line))
        for progress in progress_of(line):
            self.emit(progress)

    def emit(self, event: Event) -> None:
        """Pass on an event other than a log line."""
        self._watch.notify(event)

    def emit_steps(self, value: object, total: object, node: str | None) -> None:
        """Pass on a server's progress report for a node; values that can't be step counts are
        ignored.
        """
        if _is_count(value) and _is_count(total):
            self.emit(Progress(int(value), int(total), node))


def _is_count(value: object) -> TypeGuard[int | float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and -_MOST_STEPS < value < _MOST_STEPS
        and not math.isnan(value)
    )
