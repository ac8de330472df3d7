"""Runs a workflow once: blocking, asynchronously, or as a stream of events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .runner import Override, P, R, Runner, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from ..calls.call import Call, Client, Watch
    from ..calls.events import Event, Progress
    from ..http.deadlines import Deadline, Timeout


class SingleRuns(Runner[P, R]):
    """Methods that run a workflow once and wait for it."""

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

        Without `client`, one is configured from the environment; see `client_from_environment`.
        `on_log` is called with each log line and `on_progress` with each step, in this thread.
        `timeout` is in seconds for the whole call, 2400 by default, or a Timeout; without
        `cancel_on_timeout` the run continues at the server after a timeout, and
        `job(error.prompt_id)` reopens it. `override_workflow` runs another workflow instead of the
        deployed one: True for the module's own, or a file's path, or the nodes themselves. Its own
        values apply unless a parameter differs from its default or `send` is "all".

        Raises ViewComfyError; the subclass InvalidParametersError is raised before anything is
        sent. An exception in a callback ends the run and is propagated. Raises TypeError for
        callbacks that are coroutine functions.
        """
        from ..calls.call import Watch
        from .threads import require_functions

        require_functions(on_log=on_log, on_progress=on_progress)
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
        """`run` for asynchronous code: it runs in a separate thread, and canceling it cancels the
        run.

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
    ) -> Iterator[Event | R]:
        """Run the workflow once and yield its events as they arrive, then its result.

        Events are `Queued`, `Log`, `Progress`, `Preview` and `OutputReady`; which of them occur
        depends on the server. Leaving the loop cancels the run at the server. Raises the same
        errors as `run`.
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
    ) -> AsyncIterator[Event | R]:
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

    def _prepared(
        self,
        parameters: P,
        client: Client | None,
        timeout: float | Timeout | None,
        make: Callable[[P], Call],
        cancel_on_timeout: bool,
    ) -> tuple[Callable[[Deadline, Watch], R], Deadline]:
        """A function that makes the call, given a deadline and callbacks, and the deadline to pass
        to it.
        """
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
