"""How the time of a work grows with its size."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

LARGEST = 100_000
ATTEMPTS = 12
MOST = 2.3
"""What twice the size may cost, as a multiple: linear but for what sorting and caches add."""


def seconds(work: Callable[[int], object], size: int, times: int = 3) -> float:
    """The least processor time of several runs, without the collector's part in it."""
    found = []
    for _ in range(times):
        gc.collect()
        gc.disable()
        try:
            start = time.process_time()
            work(size)
            found.append(time.process_time() - start)
        finally:
            gc.enable()
    return min(found)


def growth(
    work: Callable[[int], object], size: int = 1000, least: float = 0.01
) -> float:
    """The least growth of several when the size is doubled, from one that takes `least` seconds.

    Other processes may slow down any one of them.
    """
    # The collector passes over what other tests have left behind, which would take it a second each
    # time.
    gc.freeze()
    while seconds(work, size, 1) < least and size < LARGEST:
        size *= 2
    growths: list[float] = []
    while len(growths) < ATTEMPTS and min(growths, default=9) > MOST:
        once = max(seconds(work, size), 1e-3)
        growths.append(seconds(work, 2 * size) / once)
    return min(growths)
