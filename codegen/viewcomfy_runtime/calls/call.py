"""A call as it is sent, the callbacks that follow its run, and the interface of clients."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, TypeVar

from ..errors import RunCancelledError, RunTimeoutError, ViewComfyError
from .events import Event, Log, Progress

if TYPE_CHECKING:
    from ..http.deadlines import Deadline
    from ..json_types import ApiWorkflow, JsonObject, JsonValue
    from ..parameters.files import Upload
    from ..results.result import PromptResult

T = TypeVar("T")

AWAITED: Final = "only arun() and job.aresult() await their callbacks"

MOST_LOGS = 10_000
"""Maximum number of log lines that a run's result keeps."""


@dataclass(frozen=True, slots=True)
class Call:
    """One run as it is sent: values and files by wire key.

    `graph` is the workflow that the call was made for, if known; `override` is a workflow to run
    instead of the deployed one. `title` is the workflow's title.
    """

    params: Mapping[str, JsonValue]
    files: Mapping[str, Upload] = field(default_factory=dict)
    graph: ApiWorkflow | None = None
    override: ApiWorkflow | None = None
    title: str = ""

    def file_summaries(self) -> JsonObject:
        """The files by wire key, for people to read: their names and MIME types."""
        return {key: each.about() for key, each in self.files.items()}


@dataclass(frozen=True, slots=True)
class Watch:
    """Callbacks that follow a run. They are called in the run's thread, one at a time; an exception
    in a callback ends the run.

    `on_log` is called with each line of the log, `on_progress` with each step, `on_event` with
    every event.
    """

    on_log: Callable[[str], object] | None = None
    on_progress: Callable[[Progress], object] | None = None
    on_event: Callable[[Event], object] | None = None

    def __bool__(self) -> bool:
        return any((self.on_log, self.on_progress, self.on_event))

    def notify(self, event: Event) -> None:
        """Call the callbacks that want this event."""
        try:
            if isinstance(event, Log) and self.on_log is not None:
                _call(self.on_log, event.line)
            if isinstance(event, Progress) and self.on_progress is not None:
                _call(self.on_progress, event)
            if self.on_event is not None:
                _call(self.on_event, event)
        except ViewComfyError as error:
            error.from_callback = not _is_own_end(error)
            raise


def _call(callback: Callable[[T], object], value: T) -> None:
    refuse_awaitable(callback(value), "a callback")


def refuse_awaitable(made: object, what: str) -> None:
    """Raises TypeError for a coroutine that a callback returned, as it would never run."""
    if made is not None and hasattr(made, "__await__"):
        if inspect.iscoroutine(made):
            made.close()
        raise TypeError(f"{what} returned a coroutine; {AWAITED}")


def _is_own_end(error: ViewComfyError) -> bool:
    """Whether the error reports that the run itself timed out or was canceled.

    Any other error that a callback raises is about something else, such as another run or a file.
    """
    if isinstance(error, RunCancelledError):
        return not error.at_server
    return isinstance(error, RunTimeoutError)


QUIET = Watch()


class Client(Protocol):
    """A place where a workflow runs."""

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the workflow once and wait for its result, 2400 seconds at most by default. Raises
        ViewComfyError.
        """
        ...

    def request(self, call: Call) -> Mapping[str, JsonValue]:
        """A human-readable view of what would be sent for the call: method, URL, fields and files,
        without secrets.
        """
        ...


Status: TypeAlias = Literal[
    "waiting", "running", "success", "error", "cancelled", "unknown"
]
"""The state of a run; `unknown` if the server does not have the run, or no longer does."""

SHORT_TIMEOUT: float = 120.0
"""Timeout in seconds of short requests: a status or a cancellation."""


class JobClient(Client, Protocol):
    """A client whose server keeps runs, so that they can be reopened by their prompt_id."""

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Start a run and return its prompt_id without waiting for it. Raises ViewComfyError."""
        ...

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The current state of the run. Raises ViewComfyError."""
        ...

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, JsonValue],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of the run that was started with `params`. Raises ViewComfyError."""
        ...

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Cancel the run, whether queued or running; a finished run is not affected. Raises
        ViewComfyError.
        """
        ...
