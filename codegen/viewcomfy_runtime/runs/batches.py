"""Many calls at once: a few at a time, none lost where another fails, on this machine's threads or anybody's workers."""

from __future__ import annotations

import concurrent.futures as futures
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..calls.call import QUIET, Call, Client
from ..errors import RunCancelledError, ViewComfyError
from ..http.deadlines import Deadline
from ..parameters.files import Upload

if TYPE_CHECKING:
    from ..results.result import PromptResult

Outcome: TypeAlias = "PromptResult | ViewComfyError"
"""What came of one call of a batch: its result, or the error that it ended with."""


@dataclass(frozen=True, slots=True)
class Task:
    """A call to be run by a worker, perhaps on another machine: everything it needs travels with it."""

    client: Client
    call: Call
    timeout: float

    def __call__(self) -> Outcome:
        return attempted(self.client, self.call, Deadline(self.timeout))


def attempted(client: Client, call: Call, deadline: Deadline) -> Outcome:
    """The result of a call, or the error that it ended with."""
    try:
        return client.run(call, deadline, QUIET)
    except ViewComfyError as error:
        return error


def run_calls(
    calls: Sequence[Callable[[], Call]],
    client: Client,
    *,
    max_concurrency: int,
    timeout: float,
    executor: futures.Executor | None,
    on_result: Callable[[int, Outcome], object] | None,
) -> list[Outcome]:
    """The outcomes of the calls, in their order. A call is made when its turn comes, so that files are read only then.

    `on_result` hears of each as it ends, in this thread. When it raises, or Ctrl-C is pressed, no further call is started
    and those that run are cancelled.
    """
    outcomes: list[Outcome | None] = [None] * len(calls)
    for index, outcome in _as_they_end(
        calls, client, max_concurrency, timeout, executor
    ):
        outcomes[index] = outcome
        if on_result is not None:
            on_result(index, outcome)
    return [outcome for outcome in outcomes if outcome is not None]


def _as_they_end(
    calls: Sequence[Callable[[], Call]],
    client: Client,
    max_concurrency: int,
    timeout: float,
    executor: futures.Executor | None,
) -> Iterator[tuple[int, Outcome]]:
    waiting = iter(enumerate(calls))
    running: dict[futures.Future[Outcome], int] = {}
    deadlines: dict[int, Deadline] = {}
    own = futures.ThreadPoolExecutor(max_concurrency) if executor is None else None

    def start(index: int, call: Call) -> None:
        if own is not None:
            # Its time starts here: there is a thread for each that is started.
            deadline = deadlines[index] = Deadline(timeout)
            running[own.submit(attempted, client, call, deadline)] = index
        elif executor is not None:
            task = Task(client, carried(call), timeout)
            running[executor.submit(task)] = index

    def fill() -> Iterator[tuple[int, Outcome]]:
        while len(running) < max_concurrency:
            index, make = next(waiting, (-1, None))
            if make is None:
                return
            try:
                start(index, make())
            except ViewComfyError as error:
                yield index, error

    try:
        yield from fill()
        while running:
            done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
            for future in done:
                index = running.pop(future)
                yield index, _outcome(future)
            yield from fill()
    finally:
        for future in running:
            future.cancel()
        for index in running.values():
            if index in deadlines:
                deadlines[index].cancel()
        if own is not None:
            own.shutdown()


def _outcome(future: futures.Future[Outcome]) -> Outcome:
    """What a worker gave; a worker that was lost is an error of its call alone."""
    try:
        return future.result()
    except futures.CancelledError:
        return RunCancelledError("the executor cancelled the call")
    except ViewComfyError as error:
        return error
    except Exception as error:
        return ViewComfyError(
            f"the executor lost the call: {type(error).__name__}: {error}",
            hint="look at the worker's log",
        )


def carried(call: Call) -> Call:
    """The call with its files' content, so that a worker needs none of this machine's.

    Raises InvalidParametersError, with every file that is missing, unreadable or empty.
    """
    from ..http.multipart import Form

    form = Form({}, call.files, Deadline(float("inf")))
    try:
        files = {
            key: Upload(content, call.files[key].filename, call.files[key].content_type)
            for key, content in form.contents()
        }
    finally:
        form.close()
    return Call(call.params, files, call.graph, call.override)
