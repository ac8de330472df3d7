"""Running a workflow once: waited for, awaited, or heard as its events."""

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
    """Runs that whoever starts them waits for."""

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
    ) -> Iterator[Event | R]:
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
