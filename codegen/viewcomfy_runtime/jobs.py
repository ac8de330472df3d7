"""Runs that outlive the call that started them: they are asked after, awaited and cancelled by their prompt_id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from .clients import (
    LONGEST_RUN,
    QUIET,
    Call,
    Client,
    Progress,
    Watch,
    client_from_environment,
)
from .deadlines import Deadline
from .errors import ConfigurationError

if TYPE_CHECKING:
    from .results import PromptResult

Status: TypeAlias = Literal[
    "waiting", "running", "success", "error", "cancelled", "unknown"
]
"""What a run is doing; `unknown` where the server has no such run, or has it no more."""

SHORT: float = 120.0
"""Seconds for what is no run: a status, a cancellation."""


class JobClient(Client, Protocol):
    """A place that keeps runs by their prompt_id."""

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Start a run and return its prompt_id without waiting for it. Raises ViewComfyError."""
        ...

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """What the run is doing. Raises ViewComfyError."""
        ...

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of the run to which `params` were sent. Raises ViewComfyError."""
        ...

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """End the run, whether it waits or runs; one that is over stays as it is. Raises ViewComfyError."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A run that was started. It may be pickled, with the client and so with its credentials, or reopened elsewhere from its
    `prompt_id` with `WORKFLOW.job(prompt_id, client=…)`.
    """

    prompt_id: str
    client: JobClient
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
    ) -> PromptResult:
        """Wait for the result, `timeout` seconds at most; the run goes on where that is not enough.

        Raises ViewComfyError.
        """
        return self.client.result(
            self.prompt_id, self.params, Deadline(timeout), Watch(on_log, on_progress)
        )

    def cancel(self, *, timeout: float = SHORT) -> None:
        """End the run, whether it waits or runs; one that is over stays as it is. Raises ViewComfyError."""
        self.client.cancel(self.prompt_id, Deadline(timeout))


def job_client(client: Client | None) -> JobClient:
    """The client, or that of the environment, which has to keep runs. Raises ConfigurationError."""
    found = client or client_from_environment()
    if not all(
        hasattr(found, name) for name in ("submit", "status", "result", "cancel")
    ):
        raise ConfigurationError(
            f"{type(found).__name__} keeps no runs that could be asked after",
            hint="use ViewComfyGateway or ComfyUI as the client, or run() to wait for the result",
        )
    return cast(JobClient, found)
