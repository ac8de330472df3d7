"""Polls a server with increasing pauses until a run has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from ..errors import ConnectionFailedError, ServerError
from .client import LOG
from .deadlines import Deadline

T = TypeVar("T")

FIRST: Final = 0.2
LONGEST: Final = 6.0
"""Maximum seconds between two requests; a run of ten minutes takes about a hundred requests."""
GROWTH: Final = 1.3

PATIENCE: Final = 60.0
"""Seconds that a server may be unreachable while it restarts."""


def poll(
    ask: Callable[[], T | None],
    deadline: Deadline,
    pause: Callable[[float], bool] | None = None,
    report: Callable[[str], object] = lambda line: None,
) -> T:
    """Call `ask` until it returns a value, and return that.

    `pause` waits for the given number of seconds and returns false, or returns true earlier if the
    next request should follow at once. The server may be unreachable for up to a minute, about
    which `report` is called with log lines. Raises ViewComfyError.
    """
    wait, unreachable_since = FIRST, None
    while True:
        deadline.check()
        try:
            found = ask()
            if unreachable_since is not None:
                report("the server answers again")
            unreachable_since = None
        except (ConnectionFailedError, ServerError) as error:
            now = time.monotonic()
            if unreachable_since is None:
                unreachable_since = now
                report(f"{error.message}; asking again for {PATIENCE:.0f} s")
            if now - unreachable_since > PATIENCE:
                raise
            LOG.info("%s; asking again", error.message)
            found = None
        if found is not None:
            return found
        seconds = min(wait, deadline.wait)
        if pause is None:
            deadline.sleep(seconds)
        elif pause(seconds) and unreachable_since is None:
            wait = FIRST
            continue
        wait = min(wait * GROWTH, LONGEST)
