"""Runs that outlive the call that started them: they are asked after, awaited and cancelled by their prompt_id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..calls.call import LONGEST_RUN, SHORT, JobClient, Progress, Status, Watch
from ..http.deadlines import Deadline
from ..results.naming import Naming
from ..results.result import PromptResult

R = TypeVar("R", bound=PromptResult)


@dataclass(frozen=True, slots=True)
class Job(Generic[R]):
    """A run that was started. It may be pickled, with the client and so with its credentials, or reopened elsewhere from its
    `prompt_id` with `WORKFLOW.job(prompt_id, client=…)`.
    """

    prompt_id: str
    client: JobClient
    naming: Naming[R] = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def status(self, *, timeout: float = SHORT) -> Status:
        """What the run is doing. Raises ViewComfyError."""
        return self.client.status(self.prompt_id, Deadline(timeout))

    def result(
        self,
        timeout: float = LONGEST_RUN,
        *,
        on_log: Callable[[str], object] | None = None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> R:
        """Wait for the result, `timeout` seconds at most; the run goes on where that is not enough.

        Raises ViewComfyError.
        """
        made = self.client.result(
            self.prompt_id, self.params, Deadline(timeout), Watch(on_log, on_progress)
        )
        return self.naming(made)

    def cancel(self, *, timeout: float = SHORT) -> None:
        """End the run, whether it waits or runs; one that is over stays as it is. Raises ViewComfyError."""
        self.client.cancel(self.prompt_id, Deadline(timeout))
