"""Runs a workflow many times, yielding outcomes as they finish or in their original order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..errors import ViewComfyError
from .runner import Override, P, R, Runner, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor
    from os import PathLike
    from threading import Event

    from ..calls.call import Call, Client
    from ..http.deadlines import Timeout
    from .attempts import Limits, Outcome
    from .items import Item

Save: TypeAlias = "str | PathLike[str] | Callable[[P, R], object]"
"""Where to save the results of a batch: a folder, or a function of the parameters and the result.
"""


class ManyRuns(Runner[P, R]):
    """Methods that run batches of calls."""

    def iter_many(
        self,
        calls: Iterable[P],
        *,
        client: Client | None = None,
        max_concurrency: int = 8,
        ordered: bool = False,
        attempts: int = 1,
        save: Save[P, R] | None = None,
        executor: Executor | None = None,
        timeout: float | Timeout | None = None,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Iterator[tuple[P, R | ViewComfyError]]:
        """Run any number of calls, a few at a time, and yield each with its result or error as it
        finishes.

        `calls` is consumed lazily, and at most `max_concurrency` results are held at once. With
        `ordered`, outcomes come in the order of the calls. `attempts` is the maximum number of
        attempts; only a call that certainly didn't run is retried. `save`, a folder or a function
        of the parameters and the result, saves each result in the worker that ran the call.
        `executor` runs the calls in other threads, processes or machines; files are read on this
        machine. `timeout` is in seconds for each run, 2400 by default, or a Timeout. Leaving the
        loop cancels running calls.
        """
        limits = self._limits(max_concurrency, attempts, timeout)
        ended = self._outcomes(
            calls,
            client,
            limits,
            ordered,
            save,
            executor,
            self._maker(override_workflow, send),
        )
        return ((ready, outcome) for _, ready, outcome in ended)

    async def aiter_many(
        self,
        calls: Iterable[P],
        *,
        client: Client | None = None,
        max_concurrency: int = 8,
        ordered: bool = False,
        attempts: int = 1,
        save: Save[P, R] | None = None,
        timeout: float | Timeout | None = None,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> AsyncIterator[tuple[P, R | ViewComfyError]]:
        """`iter_many` for asynchronous code:

        `async for parameters, outcome in WORKFLOW.aiter_many(calls)`.
        """
        from contextlib import aclosing
        from threading import Event

        from .streams import from_thread

        limits = self._limits(max_concurrency, attempts, timeout)
        stop = Event()
        outcomes = self._outcomes(
            calls,
            client,
            limits,
            ordered,
            save,
            None,
            self._maker(override_workflow, send),
            stop,
        )
        async with aclosing(from_thread(outcomes, stop)) as ended:
            async for _, ready, outcome in ended:
                yield ready, outcome

    def run_many(
        self,
        parameters: Iterable[P],
        *,
        client: Client | None = None,
        max_concurrency: int = 8,
        executor: Executor | None = None,
        on_result: Callable[[int, R | ViewComfyError], object] | None = None,
        attempts: int = 1,
        save: Save[P, R] | None = None,
        timeout: float | Timeout | None = None,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> list[R | ViewComfyError]:
        """Run many calls, a few at a time, and return each one's result or error in order.

        `on_result` is called with a call's index and outcome as it finishes, in separate threads
        and perhaps several at once, so that it never delays the next call; an exception in it ends
        the batch. All other options are those of `iter_many`, which yields outcomes to the caller's
        thread.
        """
        from .batches import with_callback

        limits = self._limits(max_concurrency, attempts, timeout)
        ended = self._outcomes(
            parameters,
            client,
            limits,
            False,
            save,
            executor,
            self._maker(override_workflow, send),
        )
        found = {
            index: outcome
            for index, _, outcome in with_callback(
                ended, on_result, limits.max_concurrency
            )
        }
        return [found[index] for index in sorted(found)]

    def _limits(
        self, max_concurrency: int, attempts: int, timeout: float | Timeout | None
    ) -> Limits:
        from ..http.deadlines import LONGEST_RUN
        from .attempts import Limits

        seconds = LONGEST_RUN if timeout is None else timeout
        return Limits(max_concurrency, seconds, attempts)

    def _outcomes(
        self,
        calls: Iterable[P],
        client: Client | None,
        limits: Limits,
        ordered: bool,
        save: Save[P, R] | None,
        executor: Executor | None,
        make: Callable[[P], Call],
        stop: Event | None = None,
    ) -> Generator[tuple[int, P, R | ViewComfyError], None, None]:
        """The index, the parameters as they ran, and the outcome of each finished call."""
        from contextlib import closing

        from ..clients.environment import client_or_shared
        from .batches import iter_calls

        taken: dict[int, P] = {}

        def items() -> Iterator[Item[R]]:
            for index, parameters in enumerate(calls):
                taken[index] = self.drawn(parameters)
                yield self._item(taken[index], save, make)

        chosen = client_or_shared(client)
        outcomes = iter_calls(
            items(), chosen, limits, executor=executor, ordered=ordered, stop=stop
        )
        with closing(outcomes):
            for index, outcome in outcomes:
                yield index, taken.pop(index), outcome

    def _item(
        self, parameters: P, save: Save[P, R] | None, make: Callable[[P], Call]
    ) -> Item[R]:
        from .items import Item, saver

        made: list[Call] = []

        def call() -> Call:
            made[:] = [make(parameters)]
            return made[0]

        def finish(outcome: Outcome) -> R | ViewComfyError:
            if isinstance(outcome, ViewComfyError):
                return self._with_parameters(outcome, parameters)
            return self._named_result(made[0], outcome, parameters)

        return Item(call, finish, None if save is None else saver(save, parameters))
