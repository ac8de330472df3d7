"""Awaits blocking calls in an event loop by running them in threads."""

from __future__ import annotations

import asyncio
import concurrent.futures as futures
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ..calls.call import AWAITED
from ..errors import wrong_type
from ..http.deadlines import SLICE, Deadline

T = TypeVar("T")

_CANCEL_TIMEOUT: Final = 5.0
"""Seconds that canceling the run at the server may take before the caller of a canceled task
continues.
"""


async def in_thread(work: Callable[[], T], deadline: Deadline) -> T:
    """The result of `work`, run in a separate thread; canceling the awaiting task cancels the call.

    The loop's default executor isn't used: it has few threads, and a call can take minutes.
    """
    pool = futures.ThreadPoolExecutor(1, thread_name_prefix="viewcomfy")
    future = pool.submit(work)
    pool.shutdown(wait=False)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        deadline.cancel()
        # Cancel the run at the server before the caller continues, since it may end the process.
        await _wait_until_done(future)
        raise
    finally:
        del future  # which would hold its exception, and that this frame


async def _wait_until_done(future: futures.Future[T]) -> None:
    end = asyncio.get_running_loop().time() + _CANCEL_TIMEOUT
    while not future.done() and asyncio.get_running_loop().time() < end:
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            return


def in_loop(
    callback: Callable[[T], object] | None, deadline: Deadline
) -> Callable[[T], object] | None:
    """A wrapper that lets the run's thread call `callback`, a function or a coroutine function.

    The callback runs in the running event loop, one event at a time, and the run waits for it; its
    exceptions are raised in the run.
    """
    if callback is None:
        return None
    if not callable(callback):
        raise wrong_type("a callback", "a function", callback)
    loop = asyncio.get_running_loop()

    async def called(value: T) -> None:
        made = callback(value)
        if inspect.isawaitable(made):
            await made

    return lambda value: run_in_loop(called(value), loop, deadline)


def run_in_loop(
    work: Awaitable[T], loop: asyncio.AbstractEventLoop, deadline: Deadline
) -> None:
    """Run `work` in `loop`, and wait until it finishes or the deadline ends.

    Raises whatever the work raises.
    """

    async def done() -> T:
        return await work

    future = asyncio.run_coroutine_threadsafe(done(), loop)
    while True:
        try:
            future.result(SLICE)
            return
        except futures.TimeoutError:
            if future.done():  # raised by the work itself
                raise
            try:
                deadline.check()
            except Exception:
                future.cancel()
                raise


def require_functions(**callbacks: object) -> None:
    """Raises TypeError for a callback that isn't callable, or is a coroutine function."""
    for name, callback in callbacks.items():
        if callback is not None and not callable(callback):
            raise wrong_type(name, "a function", callback)
        if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
            getattr(callback, "__call__", None)  # noqa: B004
        ):
            raise TypeError(f"{name} is a coroutine function; {AWAITED}")
