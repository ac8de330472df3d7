"""Polls a server, less and less often, until a run is over."""

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
"""Seconds between two requests: a run of ten minutes takes about a hundred."""
GROWTH: Final = 1.3

PATIENCE: Final = 60.0
"""Seconds that a server may be unreachable while it restarts."""


def poll(
    ask: Callable[[], T | None],
    deadline: Deadline,
    pause: Callable[[float], bool] | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> T:
    """Call `ask` until it returns a value, and return that.

    `pause` waits for the given number of seconds, or less if there is news; then it returns true
    and the next request follows at once. A server may be unreachable for a minute, which is
    reported to `tell`. Raises ViewComfyError.
    """
    wait, away_since = FIRST, None
    while True:
        deadline.check()
        try:
            found = ask()
            if away_since is not None:
                tell("the server answers again")
            away_since = None
        except (ConnectionFailedError, ServerError) as error:
            now = time.monotonic()
            if away_since is None:
                away_since = now
                tell(f"{error.message}; asking again for {PATIENCE:.0f} s")
            if now - away_since > PATIENCE:
                raise
            LOG.info("%s; asking again", error.message)
            found = None
        if found is not None:
            return found
        seconds = min(wait, deadline.wait)
        if pause is None:
            deadline.sleep(seconds)
        elif pause(seconds) and away_since is None:
            wait = FIRST
            continue
        wait = min(wait * GROWTH, LONGEST)
