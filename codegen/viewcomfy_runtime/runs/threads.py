"""A call that waits in a thread, awaited in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], cancel: Callable[[], object]) -> T:
    """What `work` gives in a thread of its own; when the awaiting task is cancelled, `cancel` has to end the work.

    Not the loop's own threads: they are as few as the machine's processors, and a call waits for minutes.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="viewcomfy")
    future = pool.submit(work)
    pool.shutdown(wait=False)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        cancel()
        raise


def in_loop(
    callback: Callable[[T], object] | None,
) -> Callable[[T], object] | None:
    """`callback` as another thread may call it: it is called in the running event loop, in the order of the calls."""
    if callback is None:
        return None
    loop = asyncio.get_running_loop()
    return lambda value: loop.call_soon_threadsafe(callback, value)
