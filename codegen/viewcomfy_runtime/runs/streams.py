"""Iterates over a run's events, with its result last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar, cast

from ..calls.call import Watch
from ..calls.events import Event
from ..calls.message_queue import MessageQueue
from ..errors import RunCancelledError
from ..http.deadlines import SLICE, Deadline
from .threads import run_in_loop, settle

R = TypeVar("R")
T = TypeVar("T")

_WAITING: Final = 256
"""Maximum number of events waiting for an asynchronous consumer; beyond it, the run blocks until
the consumer catches up.
"""

_CANCEL_TIMEOUT: Final = 5.0
"""Seconds that canceling the run at the server may take after its consumer has left the loop."""

Runner = Callable[[Deadline, Watch], R]


def _outcome(run: Runner[R], deadline: Deadline, watch: Watch) -> Future[R]:
    """The outcome of a run: its result, or the exception that it raised."""
    end = Future[R]()
    settle(end, partial(run, deadline, watch))
    try:
        return end
    finally:
        del end  # see `settle`


def events_of(run: Runner[R], deadline: Deadline) -> Iterator[Event | R]:
    """Yield the events of a run as they arrive, then its result; raises whatever the run raises.

    The run is canceled if the iterator is closed before its end, as when a `for` loop is left.
    """
    queue = MessageQueue["Event | Future[R]"](check=deadline.check)
    main = threading.main_thread()
    reader = threading.current_thread()

    def put(event: Event) -> None:
        if reader is main and not main.is_alive():
            raise RunCancelledError(
                "the program that was listening to the run has ended"
            )
        queue.put(event)

    def work() -> None:
        queue.put_last(_outcome(run, deadline, Watch(on_event=put)))

    thread = threading.Thread(target=work, name="viewcomfy-events")
    thread.start()
    try:
        while True:
            # In slices, so that Ctrl-C takes effect on every operating system.
            item = queue.next(SLICE)
            if isinstance(item, Future):
                try:
                    yield item.result()
                finally:
                    del item  # see `settle`
                return
            if item is not None:
                yield item
                reader = threading.current_thread()
    finally:
        deadline.cancel()
        queue.closed.set()
        thread.join(_CANCEL_TIMEOUT)
        while queue.next(0) is not None:
            pass  # the end that nobody takes holds the run, which holds the queue


async def stream_of(run: Runner[R], deadline: Deadline) -> AsyncIterator[Event | R]:
    """`events_of` for asynchronous code."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[Event | Future[R]] = asyncio.Queue(_WAITING)

    def put(event: Event) -> None:
        run_in_loop(waiting.put(event), loop, deadline)

    def work() -> None:
        end = waiting.put(_outcome(run, deadline, Watch(on_event=put)))
        try:
            asyncio.run_coroutine_threadsafe(end, loop)
        except RuntimeError:  # the loop is closed
            end.close()

    thread = threading.Thread(target=work, name="viewcomfy-events")
    thread.start()
    try:
        while True:
            item = await waiting.get()
            if isinstance(item, Future):
                try:
                    yield item.result()
                finally:
                    del item  # see `settle`
                return
            yield item
    finally:
        deadline.cancel()
        end = loop.time() + _CANCEL_TIMEOUT
        alive = True
        while alive and loop.is_running() and loop.time() < end:
            alive = thread.is_alive()  # once more after its end, for what it left
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.02)
            while not waiting.empty():
                waiting.get_nowait()


async def from_thread(
    items: Iterator[T], stop: threading.Event
) -> AsyncGenerator[T, None]:
    """Iterate over a blocking iterator in a thread; `stop` ends it, and is set when this iterator
    is left.
    """
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(1, thread_name_prefix="viewcomfy-items")
    end = object()
    try:
        while True:
            item = await loop.run_in_executor(pool, next, items, end)
            if item is end:
                return
            yield cast(T, item)
    finally:
        stop.set()
        closed = pool.submit(lambda: next(items, None))
        pool.shutdown(wait=False)
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.wrap_future(closed), _CANCEL_TIMEOUT)
