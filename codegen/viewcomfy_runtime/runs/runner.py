"""Every way to run a workflow: once, awaited, as events, as a job, many times."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from ..errors import InvalidParametersError, RejectedError, ViewComfyError
from ..results.result import PromptResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor
    from os import PathLike
    from threading import Event

    from ..calls.call import Call, Client, Watch
    from ..calls.events import Event as RunEvent
    from ..calls.events import Progress
    from ..http.deadlines import Deadline, Timeout
    from ..results.naming import Naming
    from .batches import Item, Limits, Outcome
    from .jobs import Job

P = TypeVar("P")
R = TypeVar("R", bound=PromptResult)

Override: TypeAlias = "bool | str | PathLike[str] | Mapping[str, Any] | None"
"""A workflow to run in place of the deployed one:

True for the module's own, else its file or its nodes.
"""

Send: TypeAlias = Literal["changed", "all"]
"""Which values another workflow gets in place of its own:
those that aren't the module's defaults, or all.
"""

Save: TypeAlias = "str | PathLike[str] | Callable[[P, R], object]"
"""Where the results of a batch go: a folder, or a function of the parameters and the result."""


class Runner(Generic[P, R]):
    """What `Workflow` runs calls with; it says how a call
    is made and what its results are called.
    """

    title: str

    def call(
        self,
        parameters: P,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Call:
        """What a client is given to run. Raises InvalidParametersError and InvalidWorkflowError."""
        raise NotImplementedError

    def drawn(self, parameters: P, *, all: bool = False) -> P:
        """The call with a number for every seed that is None; with `all`, for every seed."""
        raise NotImplementedError

    if TYPE_CHECKING:

        @cached_property
        def naming(self) -> Naming[R]:
            """How a client's result becomes the module's own."""
            ...

    def by_name(self, error: ViewComfyError) -> ViewComfyError:
        """The error with the parameters' names in place of
        wire keys, which are all that a client knows.
        """
        raise NotImplementedError

    def run(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float | Timeout | None = None,
        cancel_on_timeout: bool = True,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> R:
        """Run the workflow once and wait for its result.

        Without `client`, the environment says where: see `client_from_environment`. `on_log` is
        called with each line of the log and `on_progress` with each step, in this thread. `timeout`
        is in seconds for the whole call, 2400 by default, or a Timeout; without `cancel_on_timeout`
        the run goes on at the server then, and `job(error.prompt_id)` reopens it.
        `override_workflow` runs another workflow in place of the deployed one: True for the
        module's own, else a file's path or the nodes, whose own values count unless a parameter is
        set to something other than its default, or `send` is "all".

        Raises ViewComfyError: InvalidParametersError before anything is sent. What a callback
        raises ends the run. Raises TypeError for callbacks that are coroutine functions.
        """
        from ..calls.call import Watch
        from .threads import refuse_coroutine_functions

        refuse_coroutine_functions(on_log=on_log, on_progress=on_progress)
        work, deadline = self._prepared(
            parameters,
            client,
            timeout,
            self._maker(override_workflow, send),
            cancel_on_timeout,
        )
        return work(deadline, Watch(on_log, on_progress))

    async def arun(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float | Timeout | None = None,
        cancel_on_timeout: bool = True,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> R:
        """`run` for asynchronous code: it waits in a thread of its own, and cancelling it cancels
        the run.

        Callbacks, functions or coroutine functions, are called in the event loop, one event at a
        time.
        """
        from ..calls.call import Watch
        from .threads import in_loop, in_thread

        work, deadline = self._prepared(
            parameters,
            client,
            timeout,
            self._maker(override_workflow, send),
            cancel_on_timeout,
        )
        watch = Watch(in_loop(on_log, deadline), in_loop(on_progress, deadline))
        return await in_thread(partial(work, deadline, watch), deadline)

    def events(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float | Timeout | None = None,
        cancel_on_timeout: bool = True,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Iterator[RunEvent | R]:
        """Run the workflow once: its events as they come, then its result.

        Events are `Queued`, `Log`, `Progress`, `Preview` and `OutputReady`; which of them come
        depends on the server. Leaving the loop cancels the run at the server. Raises as `run` does.
        """
        from .streams import events_of

        return events_of(
            *self._prepared(
                parameters,
                client,
                timeout,
                self._maker(override_workflow, send),
                cancel_on_timeout,
            )
        )

    def stream(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float | Timeout | None = None,
        cancel_on_timeout: bool = True,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> AsyncIterator[RunEvent | R]:
        """`events` for asynchronous code: `async for event in WORKFLOW.stream(…)`."""
        from .streams import stream_of

        return stream_of(
            *self._prepared(
                parameters,
                client,
                timeout,
                self._maker(override_workflow, send),
                cancel_on_timeout,
            )
        )

    def submit(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float = 120.0,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Job[R]:
        """Start a run and return its job at once, which is asked after, awaited, cancelled, pickled
        or reopened.

        `timeout` is in seconds for starting it, uploads included. Raises ViewComfyError, and
        ConfigurationError for a client that keeps no runs.
        """
        from ..http.deadlines import Deadline

        return self._submitted(
            parameters, client, Deadline(timeout), self._maker(override_workflow, send)
        )

    async def asubmit(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float = 120.0,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Job[R]:
        """`submit` for asynchronous code."""
        from ..http.deadlines import Deadline
        from .threads import in_thread

        deadline = Deadline(timeout)
        work = partial(
            self._submitted,
            parameters,
            client,
            deadline,
            self._maker(override_workflow, send),
        )
        return await in_thread(work, deadline)

    def job(self, prompt_id: str, *, client: Client | None = None) -> Job[R]:
        """The job of a run that was started elsewhere.

        Raises ConfigurationError for a client that keeps no runs.
        """
        from ..clients.environment import job_client
        from .jobs import Job

        return Job(prompt_id, job_client(client), self.naming)

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
        timeout: float | None = None,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Iterator[tuple[P, R | ViewComfyError]]:
        """Run any number of calls, a few at a time: each with its result or its error, as they end.

        `calls` is taken lazily, and no more than `max_concurrency` results are alive at once.
        `ordered` gives them in the order of the calls. `attempts` is how often a call is tried that
        surely didn't run. `save`, a folder or a function of the parameters and the result, saves in
        the worker that ran the call. `executor` takes the runs to other threads, processes or
        machines: files are read here. `timeout` is in seconds for each run. Leaving the loop
        cancels those that run.
        """
        limits = self._limits(max_concurrency, attempts, timeout)
        ended = self._ended(
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
        timeout: float | None = None,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> AsyncIterator[tuple[P, R | ViewComfyError]]:
        """`iter_many` for asynchronous code:

        `async for parameters, outcome in WORKFLOW.aiter_many(calls)`.
        """
        from threading import Event

        from .streams import from_thread

        limits = self._limits(max_concurrency, attempts, timeout)
        stop = Event()
        outcomes = self._ended(
            calls,
            client,
            limits,
            ordered,
            save,
            None,
            self._maker(override_workflow, send),
            stop,
        )
        async for _, ready, outcome in from_thread(outcomes, stop):
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
        timeout: float | None = None,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> list[R | ViewComfyError]:
        """Run many calls, a few at a time: each one's result, or its error, in their order.

        `on_result` is called with a call's place and outcome as it ends, in threads of their own
        and perhaps several at once, so that it never holds up the next call; what it raises ends
        the batch. Everything else is as in `iter_many`, which hands outcomes to your own thread.
        """
        from .batches import heard

        limits = self._limits(max_concurrency, attempts, timeout)
        ended = self._ended(
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
            for index, _, outcome in heard(ended, on_result, limits.max_concurrency)
        }
        return [found[index] for index in sorted(found)]

    def run_call(
        self,
        client: Client,
        call: Call,
        deadline: Deadline,
        watch: Watch,
        parameters: P | None = None,
    ) -> R:
        """Have `client` run what `call` gave for `parameters`. Raises ViewComfyError."""
        from .observing import observed

        try:
            made = observed(client, call, deadline, watch)
        except ViewComfyError as error:
            raise self._told(error, parameters) from None
        return self._finished(call, made, parameters)

    def _maker(self, override: Override, send: Send) -> Callable[[P], Call]:
        return partial(self.call, override_workflow=override, send=send)

    def _prepared(
        self,
        parameters: P,
        client: Client | None,
        timeout: float | Timeout | None,
        make: Callable[[P], Call],
        cancel_on_timeout: bool,
    ) -> tuple[Callable[[Deadline, Watch], R], Deadline]:
        """What runs the call once it is given a deadline and those who watch, and that deadline."""
        from ..clients.environment import client_or_shared
        from ..http.deadlines import LONGEST_RUN, Deadline

        ready = self.drawn(parameters)
        call = make(ready)
        deadline = Deadline(
            LONGEST_RUN if timeout is None else timeout,
            cancel_on_timeout=cancel_on_timeout,
        )
        chosen = client_or_shared(client)
        return (
            lambda deadline, watch: self.run_call(chosen, call, deadline, watch, ready),
            deadline,
        )

    def _submitted(
        self,
        parameters: P,
        client: Client | None,
        deadline: Deadline,
        make: Callable[[P], Call],
    ) -> Job[R]:
        from ..clients.environment import job_client
        from .jobs import Job

        keeper = job_client(client)
        ready = self.drawn(parameters)
        call = make(ready)
        try:
            prompt_id = keeper.submit(call, deadline)
        except ViewComfyError as error:
            raise self._told(error, ready) from None
        return Job(prompt_id, keeper, self.naming, call.params, ready)

    def _finished(self, call: Call, made: PromptResult, parameters: P | None) -> R:
        from ..calls.overrides import warn_of_another

        warn_of_another(self.title, call, made)
        return self.naming(made, parameters)

    def _told(self, error: ViewComfyError, parameters: P | None) -> ViewComfyError:
        if isinstance(error, InvalidParametersError | RejectedError):
            named = self.by_name(error)
            named.attempt, named.wall_seconds = error.attempt, error.wall_seconds
            error = named
        error.parameters = parameters
        return error

    def _limits(
        self, max_concurrency: int, attempts: int, timeout: float | None
    ) -> Limits:
        from ..http.deadlines import LONGEST_RUN
        from .batches import Limits

        seconds = LONGEST_RUN if timeout is None else timeout
        return Limits(max_concurrency, seconds, attempts)

    def _ended(
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
        """The place, the parameters as they ran, and the outcome of each call that has ended."""
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
        from .batches import Item, saver

        made: list[Call] = []

        def call() -> Call:
            made[:] = [make(parameters)]
            return made[0]

        def finish(outcome: Outcome) -> R | ViewComfyError:
            if isinstance(outcome, ViewComfyError):
                return self._told(outcome, parameters)
            return self._finished(made[0], outcome, parameters)

        return Item(call, finish, None if save is None else saver(save, parameters))
