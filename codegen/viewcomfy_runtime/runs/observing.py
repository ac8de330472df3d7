"""Reports runs for monitoring: when and where they ran and how they ended, but not their values."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..calls.call import Call, Client, Watch, refuse_awaitable
from ..errors import RunCancelledError, RunTimeoutError, ViewComfyError, wrong_type
from ..http.client import LOG
from ..http.deadlines import Deadline
from ..results.result import PromptResult
from .threads import require_functions

if TYPE_CHECKING:
    from opentelemetry.trace import Span

SPAN: Final = "viewcomfy.run"
"""The name of a run's span."""

Ending: TypeAlias = Literal["success", "error", "cancelled", "timeout"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """A report on a finished run.

    `workflow` is the workflow's title, `client` the name of the client's class, `prompt_id` None if
    the server assigned no id. `error` is the name of the exception's class if the run failed.
    `started_at` is in seconds since 1970; `seconds` is the time measured here, and
    `execution_seconds` the time at the server, if known.
    """

    workflow: str
    client: str
    prompt_id: str | None
    status: Ending
    error: str | None
    started_at: float
    seconds: float
    execution_seconds: float | None


_hooks: list[Callable[[RunReport], object]] = []


def on_run_end(hook: Callable[[RunReport], object]) -> Callable[[], None]:
    """Call `hook` at the end of every run of this process, in the run's thread. A job is reported
    when its result is awaited, or when submitting it fails.

    Exceptions in the hook are logged and ignored, and so is a coroutine that it returns. Returns a
    function that removes the hook. Raises TypeError for anything but a function.
    """
    if hook is None:
        raise wrong_type("hook", "a function", hook)
    require_functions(hook=hook)
    _hooks.append(hook)
    return lambda: _hooks.remove(hook) if hook in _hooks else None


def observed(
    client: Client, call: Call, deadline: Deadline, watch: Watch
) -> PromptResult:
    """Run the call with the client, within a span if OpenTelemetry is in use.

    Raises whatever the client raises.
    """
    return observe(client, call.title, partial(client.run, call, deadline, watch))


def observe(
    client: Client,
    title: str,
    work: Callable[[], PromptResult],
    started_at: float | None = None,
) -> PromptResult:
    """Call `work` for a run that started now or at `started_at`, and report how it ended.

    Raises whatever `work` raises.
    """
    now, begun = time.time(), time.monotonic()
    started = now if started_at is None else started_at

    def report(
        made: PromptResult | None = None, failure: BaseException | None = None
    ) -> None:
        about = RunReport(
            title,
            type(client).__name__,
            _prompt_id(made, failure),
            _ending(failure),
            None if failure is None else type(failure).__name__,
            started,
            max(0.0, now - started) + time.monotonic() - begun,
            None if made is None else made.execution_time_seconds,
        )
        _describe(span, about)
        _notify(about)

    with _span(title, client, started) as span:
        try:
            made = work()
        except BaseException as error:
            report(failure=error)
            raise
        report(made)
        return made


def report_failure(
    client: Client, title: str, error: ViewComfyError, started_at: float
) -> None:
    """Report a run that couldn't be started because of this error."""

    def fail() -> PromptResult:
        raise error

    with contextlib.suppress(ViewComfyError):
        observe(client, title, fail, started_at)


def _prompt_id(made: PromptResult | None, failure: BaseException | None) -> str | None:
    if made is not None:
        return made.prompt_id or None
    return failure.prompt_id if isinstance(failure, ViewComfyError) else None


def _ending(failure: BaseException | None) -> Ending:
    match failure:
        case None:
            return "success"
        case RunTimeoutError():
            return "timeout"
        case RunCancelledError() | KeyboardInterrupt():
            return "cancelled"
    return "error"


def _notify(report: RunReport) -> None:
    for hook in tuple(_hooks):
        try:
            refuse_awaitable(hook(report), "a run-end hook")
        except Exception as error:
            LOG.warning("a run-end hook failed: %s", type(error).__name__)


@contextlib.contextmanager
def _span(title: str, client: Client, started: float) -> Iterator[Span | None]:
    """The run's span, or None if the application hasn't loaded OpenTelemetry."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        yield None
        return
    with trace.get_tracer("viewcomfy").start_as_current_span(
        SPAN,
        start_time=int(started * 1e9),
        attributes={
            "viewcomfy.workflow": title,
            "viewcomfy.client": type(client).__name__,
        },
        # The message of an exception may contain a parameter's value.
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def _describe(span: Span | None, report: RunReport) -> None:
    if span is None:
        return
    span.set_attribute("viewcomfy.status", report.status)
    if report.prompt_id is not None:
        span.set_attribute("viewcomfy.prompt_id", report.prompt_id)
    if report.execution_seconds is not None:
        span.set_attribute("viewcomfy.execution_seconds", report.execution_seconds)
    if report.error is not None:
        trace = sys.modules["opentelemetry.trace"]
        span.set_attribute("error.type", report.error)
        span.set_status(trace.Status(trace.StatusCode.ERROR))
