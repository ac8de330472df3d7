"""Awaits blocking calls in an event loop by running them in threads."""

from __future__ import annotations

import asyncio
import concurrent.futures as futures
import inspect
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from ..calls.call import AWAITED
from ..errors import RunCancelledError, wrong_type
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
    future = futures.Future[T]()
    future.set_running_or_notify_cancel()
    # Not in an executor either, whose threads end before the main thread counts as ended.
    threading.Thread(target=settle, args=(future, work), name="viewcomfy").start()
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        deadline.cancel()
        # Cancel the run at the server before the caller continues, since it may end the process.
        await _wait_until_done(future)
        raise
    finally:
        del future  # which would hold its exception, and that this frame


def settle(future: futures.Future[T], work: Callable[[], T]) -> None:
    """Give the future the outcome of `work`: its result, or the exception that it raised.

    An exception refers to the frames that it passed through. A frame that refers to its exception
    in turn would keep the run and its client alive until the next garbage collection.
    """
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
    finally:
        del future


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
    work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, deadline: Deadline
) -> None:
    """Run `work` in `loop`, and wait until it finishes or the deadline ends.

    Raises whatever the work raises, and RunCancelledError if the loop will never run it.
    """
    try:
        _require_runner(loop)
        future = asyncio.run_coroutine_threadsafe(work, loop)
    except BaseException:
        work.close()
        raise
    while True:
        try:
            future.result(SLICE)
            return
        except futures.TimeoutError:
            if future.done():  # raised by the work itself
                raise
            try:
                deadline.check()
                _require_runner(loop)
            except Exception:
                future.cancel()
                raise


def _require_runner(loop: asyncio.AbstractEventLoop) -> None:
    """Raises RunCancelledError if the loop is closed, or the program ended while it stood still."""
    ended = not (loop.is_running() or threading.main_thread().is_alive())
    if ended or loop.is_closed():
        raise RunCancelledError(
            "the event loop that was listening to the run has ended"
        )


def require_functions(**callbacks: object) -> None:
    """Raises TypeError for a callback that isn't callable, or is a coroutine function."""
    for name, callback in callbacks.items():
        if callback is not None and not callable(callback):
            raise wrong_type(name, "a function", callback)
        if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
            getattr(callback, "__call__", None)  # noqa: B004
        ):
            raise TypeError(f"{name} is a coroutine function; {AWAITED}")
