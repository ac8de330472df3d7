"""Starts runs without waiting for them, and reopens them later."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from ..errors import ViewComfyError, wrong_type
from .runner import Override, P, R, Runner, Send

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..calls.call import Call, Client
    from ..http.deadlines import Deadline
    from .jobs import Job


class SubmittedRuns(Runner[P, R]):
    """Methods for runs that outlive the call that starts them, each represented by its job."""

    def submit(
        self,
        parameters: P,
        *,
        client: Client | None = None,
        timeout: float = 120.0,
        override_workflow: Override = False,
        send: Send = "changed",
    ) -> Job[R]:
        """Start a run and return immediately with its job, which can be polled, awaited, canceled,
        pickled or reopened.

        `timeout` is in seconds for starting the run, including uploads. Raises ViewComfyError; its
        subclass ConfigurationError if the client's server doesn't keep runs.
        """
        return self._submitted(
            parameters,
            client,
            _start(timeout),
            self._maker(override_workflow, send),
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
        from .threads import in_thread

        deadline = _start(timeout)
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

        Raises ConfigurationError if the client's server doesn't keep runs, and TypeError or
        ValueError if the id isn't one.
        """
        from ..clients.environment import job_client
        from .jobs import Job

        if not isinstance(prompt_id, str):
            raise wrong_type("prompt_id", "a string", prompt_id)
        if not prompt_id:
            raise ValueError("prompt_id is empty")
        return Job(prompt_id, job_client(client), self.naming, title=self.title)

    def _submitted(
        self,
        parameters: P,
        client: Client | None,
        deadline: Deadline,
        make: Callable[[P], Call],
    ) -> Job[R]:
        from ..clients.environment import job_client
        from .jobs import Job
        from .observing import report_failure

        keeper = job_client(client)
        ready = self.drawn(parameters)
        call = make(ready)
        started_at = time.time()
        try:
            prompt_id = keeper.submit(call, deadline)
        except ViewComfyError as error:
            report_failure(keeper, self.title, error, started_at)
            raise self._with_parameters(error, ready) from None
        return Job(
            prompt_id,
            keeper,
            self.naming,
            call.params,
            ready,
            title=self.title,
            started_at=started_at,
        )


def _start(timeout: float) -> Deadline:
    from ..http.deadlines import Deadline

    return Deadline(timeout, what="starting the run")
