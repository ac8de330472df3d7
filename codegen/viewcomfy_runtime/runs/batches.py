"""Runs many calls, a few at a time. A failed call doesn't affect the others, and memory use doesn't
grow with their number.
"""

from __future__ import annotations

import concurrent.futures as futures
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from ..calls.call import Call, Client, refuse_awaitable
from ..errors import RunCancelledError, ViewComfyError, wrong_type
from ..http.deadlines import SLICE, Deadline
from ..results.result import PromptResult
from .attempts import Limits, Task, run_with_retries, with_file_contents
from .items import Item, saved_outcome
from .threads import require_functions

P = TypeVar("P")
R = TypeVar("R", bound=PromptResult)
T = TypeVar("T")


def iter_calls(
    items: Iterable[Item[R]],
    client: Client,
    limits: Limits,
    *,
    executor: futures.Executor | None = None,
    ordered: bool = False,
    stop: threading.Event | None = None,
) -> Generator[tuple[int, R | ViewComfyError], None, None]:
    """Yield each call's index and outcome, as calls finish or in their original order.

    `items` is consumed lazily, so that files are read only when their call starts. The next call
    starts before an outcome is yielded, and at most `max_concurrency` calls are running or waiting
    to be consumed. If the iterator is closed early, `stop` is set or Ctrl-C is pressed, no further
    call starts and running calls are canceled.
    """
    batch = _Batch(
        client, limits, executor, iter(enumerate(items)), stop or threading.Event()
    )
    try:
        yield from batch.in_order() if ordered else batch.as_they_end()
    finally:
        batch.close()


class _Batch(Generic[R]):
    def __init__(
        self,
        client: Client,
        limits: Limits,
        executor: futures.Executor | None,
        waiting: Iterator[tuple[int, Item[R]]],
        stop: threading.Event,
    ) -> None:
        if executor is not None and not hasattr(executor, "submit"):
            raise wrong_type("executor", "a concurrent.futures.Executor", executor)
        self._stop = stop
        self._thread = threading.current_thread()
        self._client = client
        self._limits = limits
        self._waiting = waiting
        self._executor = executor
        self._threads = futures.ThreadPoolExecutor(limits.max_concurrency, "viewcomfy")
        self._running: dict[futures.Future[Any], tuple[int, Item[R]]] = {}
        self._deadlines: dict[int, Deadline] = {}
        self._outcomes: deque[tuple[int, R | ViewComfyError]] = deque()
        self._kept = 0

    def as_they_end(self) -> Iterator[tuple[int, R | ViewComfyError]]:
        self._fill()
        while (self._running or self._outcomes) and not self._stop.is_set():
            self._collect()
            while self._outcomes:
                outcome = self._outcomes.popleft()
                self._fill()
                yield outcome

    def in_order(self) -> Iterator[tuple[int, R | ViewComfyError]]:
        early: dict[int, R | ViewComfyError] = {}
        wanted = 0
        self._fill()
        while (self._running or self._outcomes or early) and not self._stop.is_set():
            while wanted in early:
                outcome = early.pop(wanted)
                self._kept = len(early)
                self._fill()
                yield wanted, outcome
                wanted += 1
            self._collect()
            early.update(self._outcomes)
            self._outcomes.clear()
            self._kept = len(early)
            if wanted not in early:
                self._fill()

    def close(self) -> None:
        for future in self._running:
            future.cancel()
        for index, _ in self._running.values():
            if index in self._deadlines:
                self._deadlines[index].cancel()
        # An abandoned iterator is closed by the garbage collector, which may run in a worker's
        # thread.
        self._threads.shutdown(wait=threading.current_thread() is self._thread)

    def _fill(self) -> None:
        """Start calls until `max_concurrency` are running or waiting to be consumed."""
        while (
            len(self._running) + len(self._outcomes) + self._kept
            < self._limits.max_concurrency
        ):
            index, item = next(self._waiting, (-1, None))
            if item is None:
                return
            try:
                self._start(index, item, item.make())
            except ViewComfyError as error:
                error.wall_seconds = 0.0
                self._outcomes.append((index, item.finish(error)))

    def _start(self, index: int, item: Item[R], call: Call) -> None:
        if self._executor is not None:
            task = Task(self._client, with_file_contents(call), self._limits)
            self._running[_submitted(self._executor, task)] = index, item
            return
        # The timeout starts here because each started call has a thread available.
        deadline = self._deadlines[index] = Deadline(self._limits.timeout)
        self._running[self._threads.submit(self._done, item, call, deadline)] = (
            index,
            item,
        )

    def _done(
        self, item: Item[R], call: Call, deadline: Deadline
    ) -> R | ViewComfyError:
        return saved_outcome(
            item, run_with_retries(self._client, call, self._limits, deadline)
        )

    def _collect(self) -> None:
        """Wait until at least one call has finished, and collect all that have."""
        if not self._running or self._outcomes:
            return
        done: list[futures.Future[Any]] = []
        while not done and not self._stop.is_set():
            # In slices, so that Ctrl-C and `stop` take effect on every operating system.
            futures.wait(self._running, SLICE, futures.FIRST_COMPLETED)
            # Nothing wakes the wait for what an executor cancels when it is shut down.
            done = [each for each in self._running if each.done()]
        for future in sorted(done, key=lambda each: self._running[each][0]):
            index, item = self._running.pop(future)
            self._deadlines.pop(index, None)
            outcome = _outcome(future)
            if self._executor is not None:
                outcome = saved_outcome(item, outcome)
            self._outcomes.append((index, outcome))


def _submitted(executor: futures.Executor, task: Task) -> futures.Future[Any]:
    """The outcome of a task. An executor that takes no more is an error of each call, so that the
    results of earlier calls aren't lost.
    """
    try:
        return executor.submit(task)
    except Exception as error:
        refused = futures.Future[Any]()
        refused.set_exception(error)
        return refused


def _outcome(future: futures.Future[T]) -> T | ViewComfyError:
    """A worker's outcome; losing a worker is an error of its call alone."""
    try:
        return future.result()
    except futures.CancelledError:
        return RunCancelledError("the executor canceled the call")
    except ViewComfyError as error:
        return error
    except Exception as error:
        return ViewComfyError(
            f"the executor lost the call: {type(error).__name__}: {error}",
            hint="look at the worker's log",
        )


def _notify(
    on_result: Callable[[int, R | ViewComfyError], object],
    index: int,
    outcome: R | ViewComfyError,
) -> None:
    refuse_awaitable(on_result(index, outcome), "on_result")


def with_callback(
    ended: Generator[tuple[int, P, R | ViewComfyError], None, None],
    on_result: Callable[[int, R | ViewComfyError], object] | None,
    most: int,
) -> Iterator[tuple[int, P, R | ViewComfyError]]:
    """Pass on the outcomes, and call `on_result` with each in a separate thread.

    Raises whatever `on_result` raises, and TypeError if it isn't callable.
    """
    if on_result is None:
        yield from ended
        return
    require_functions(on_result=on_result)
    callbacks = futures.ThreadPoolExecutor(most, "viewcomfy-callbacks")
    finished: SimpleQueue[futures.Future[None]] = SimpleQueue()
    waiting = 0
    try:
        for each in ended:
            waiting += 1
            called = callbacks.submit(_notify, on_result, each[0], each[2])
            called.add_done_callback(finished.put)
            while not finished.empty():
                finished.get().result()
                waiting -= 1
            yield each
        while waiting:
            # In slices, so that Ctrl-C takes effect on every operating system.
            with contextlib.suppress(Empty):
                finished.get(timeout=SLICE).result()
                waiting -= 1
    finally:
        ended.close()
        callbacks.shutdown(cancel_futures=True)
