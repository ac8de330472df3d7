"""A call that waits in a thread, awaited in an event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures as futures
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ..errors import wrong_type
from ..http.deadlines import SLICE, Deadline

T = TypeVar("T")

_FAREWELL: Final = 5.0
"""Seconds that a cancelled call has to tell its server before its caller goes on."""


async def in_thread(work: Callable[[], T], deadline: Deadline) -> T:
    """What `work` gives in a thread of its own; when the awaiting task is cancelled, so is the
    call.

    Not the loop's own threads: they are as few as the machine's processors, and a call waits for
    minutes.
    """
    pool = futures.ThreadPoolExecutor(1, thread_name_prefix="viewcomfy")
    future = pool.submit(work)
    pool.shutdown(wait=False)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        deadline.cancel()
        # The run is cancelled at the server before its caller goes on, and perhaps ends the
        # process.
        await _over(future)
        raise


async def _over(future: futures.Future[Any]) -> None:
    end = asyncio.get_running_loop().time() + _FAREWELL
    while not future.done() and asyncio.get_running_loop().time() < end:
        try:
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            return


def in_loop(
    callback: Callable[[T], object] | None, deadline: Deadline
) -> Callable[[T], object] | None:
    """`callback`, a function or a coroutine function, as the run's thread may call it.

    It is called in the running event loop, one event at a time, and the run waits until it is done;
    what it raises is raised in the run.
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

    return lambda value: waited(called(value), loop, deadline)


def waited(
    work: Awaitable[T], loop: asyncio.AbstractEventLoop, deadline: Deadline
) -> None:
    """Have `loop` do the work, and wait until it is done or the call is over.

    Raises what the work raises.
    """

    async def done() -> T:
        return await work

    future = asyncio.run_coroutine_threadsafe(done(), loop)
    while True:
        try:
            future.result(SLICE)
            return
        except futures.TimeoutError:
            if future.done():  # it was the work's own error
                raise
            try:
                deadline.check()
            except Exception:
                future.cancel()
                raise


def require_functions(**callbacks: object) -> None:
    """Raises TypeError for a callback that can't be called, or only by an event loop."""
    for name, callback in callbacks.items():
        if callback is not None and not callable(callback):
            raise wrong_type(name, "a function", callback)
        if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
            getattr(callback, "__call__", None)  # noqa: B004
        ):
            raise TypeError(
                f"{name} is a coroutine function, which run() "
                "can't await: use arun(), or pass a function"
            )
