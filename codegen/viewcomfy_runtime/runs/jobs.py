"""Runs that outlive the call that started them: check their status, await or cancel them by
prompt_id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..calls.call import SHORT_TIMEOUT, JobClient, Status, Watch
from ..calls.events import Event, Progress
from ..errors import ViewComfyError
from ..http.deadlines import LONGEST_RUN, Deadline, Timeout
from ..results.naming import Naming
from ..results.result import PromptResult
from .observing import observe
from .streams import events_of, stream_of
from .threads import in_loop, in_thread, require_functions

if TYPE_CHECKING:
    from ..json_types import JsonValue

R = TypeVar("R", bound=PromptResult)


@dataclass(frozen=True, slots=True)
class Job(Generic[R]):
    """A run that was submitted.

    A job can be pickled, which includes the client and its credentials, or reopened elsewhere by
    its `prompt_id` with `WORKFLOW.job(prompt_id, client=…)`. `parameters` is the call as it runs,
    or None if the job was reopened; `started_at` is when it was submitted, in seconds since 1970.
    """

    prompt_id: str
    client: JobClient
    naming: Naming[R] = field(repr=False)
    params: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    parameters: Any = field(default=None, repr=False)
    title: str = field(default="", repr=False)
    started_at: float | None = field(default=None, repr=False)

    def status(self, *, timeout: float = SHORT_TIMEOUT) -> Status:
        """The current state of the run. Raises ViewComfyError."""
        return self.client.status(self.prompt_id, _request(timeout))

    async def astatus(self, *, timeout: float = SHORT_TIMEOUT) -> Status:
        """`status` for asynchronous code."""
        deadline = _request(timeout)
        return await in_thread(
            partial(self.client.status, self.prompt_id, deadline), deadline
        )

    def result(
        self,
        timeout: float | Timeout = LONGEST_RUN,
        *,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> R:
        """Wait for the result for at most `timeout` seconds. After a timeout, or an exception in a
        callback, the run continues.

        Raises ViewComfyError, and whatever a callback raises.
        """
        require_functions(on_log=on_log, on_progress=on_progress)
        return self._awaited(_wait(timeout), Watch(on_log, on_progress))

    async def aresult(
        self,
        timeout: float | Timeout = LONGEST_RUN,
        *,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> R:
        """`result` for asynchronous code. Canceling it stops waiting; the run continues."""
        deadline = _wait(timeout)
        watch = Watch(in_loop(on_log, deadline), in_loop(on_progress, deadline))
        return await in_thread(partial(self._awaited, deadline, watch), deadline)

    def events(self, timeout: float | Timeout = LONGEST_RUN) -> Iterator[Event | R]:
        """The run's events from now on, then its result. Leaving the loop doesn't cancel the run.

        Raises ConfigurationError if the client can't follow a submitted run, as is the case for
        ViewComfyGateway.
        """
        return events_of(self._awaited, _wait(timeout))

    def stream(
        self, timeout: float | Timeout = LONGEST_RUN
    ) -> AsyncIterator[Event | R]:
        """`events` for asynchronous code."""
        return stream_of(self._awaited, _wait(timeout))

    def cancel(self, *, timeout: float = SHORT_TIMEOUT) -> None:
        """Cancel the run, whether queued or running; a finished run is not affected.

        Raises ViewComfyError.
        """
        self.client.cancel(self.prompt_id, _request(timeout))

    async def acancel(self, *, timeout: float = SHORT_TIMEOUT) -> None:
        """`cancel` for asynchronous code."""
        deadline = _request(timeout)
        await in_thread(partial(self.client.cancel, self.prompt_id, deadline), deadline)

    def _awaited(self, deadline: Deadline, watch: Watch) -> R:
        work = partial(self.client.result, self.prompt_id, self.params, deadline, watch)
        try:
            made = observe(self.client, self.title, work, self.started_at)
        except ViewComfyError as error:
            if not error.from_callback:
                error.parameters = self.parameters
            raise
        return self.naming(made, self.parameters)


def _request(timeout: float) -> Deadline:
    return Deadline(timeout, what="the server's answer")


def _wait(timeout: float | Timeout) -> Deadline:
    return Deadline(timeout, what="waiting for the run")
