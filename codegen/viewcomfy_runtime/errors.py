"""The errors of this package."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from .faults import Fault, NodeFault
from .texts import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from typing_extensions import Unpack

    class _About(TypedDict, total=False):
        """The keyword arguments of every error."""

        hint: str | None
        status: int | None
        prompt_id: str | None


class ViewComfyError(Exception):
    """Base of all errors of this package.

    `hint` is the remedy, `status` the HTTP status, and `prompt_id` identifies the run; each is None
    if there is none. Whatever a server sends, these texts contain no secrets and no terminal
    escapes.

    `retryable` says whether the same call may succeed later, `may_have_run` whether it may have
    run, so that sending it again could run it twice, and `public_message` is a message for the
    users of a service. `parameters` is the call, including the seeds that were drawn. In batches,
    `attempt` is the number of attempts and `wall_seconds` their total time.
    """

    retryable: ClassVar[bool] = False
    service_status: ClassVar[int] = 500
    """The HTTP status for a service to respond with; see `http_status`."""

    _public: ClassVar[str] = "The run failed."
    _started: ClassVar[bool] = False
    parameters: Any = None
    attempt: int = 1
    wall_seconds: float | None = None
    from_callback: bool = False
    """Whether a callback raised the error, which then isn't about the run itself."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        prompt_id: str | None = None,
    ) -> None:
        self.message: str = shown(message)
        super().__init__(self.message)
        self.hint: str | None = None if hint is None else shown(hint)
        self.status = status
        self.prompt_id: str | None = None if prompt_id is None else shown(prompt_id)

    @property
    def may_have_run(self) -> bool:
        """Whether the workflow may have started, or may still start."""
        return self._started or self.prompt_id is not None

    @property
    def public_message(self) -> str:
        """A sentence for end users, which mentions no server, URL or node."""
        return self._public

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class IncompatibleModuleError(ViewComfyError, ImportError):
    """The generated module is too old or too new for this version of the runtime."""


class InvalidParametersError(ViewComfyError, ValueError):
    """The call isn't valid; `faults` lists everything that is wrong. Nothing was sent."""

    service_status = 422

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            "invalid parameters\n" + "\n".join(f"  {fault}" for fault in faults)
        )
        self.faults = faults

    @property
    def public_message(self) -> str:
        return "; ".join(map(str, self.faults))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.faults,), vars(self)


class InvalidWorkflowError(ViewComfyError, ValueError):
    """The workflow to run isn't valid, or doesn't fit the call. Nothing was sent."""


class ConfigurationError(ViewComfyError):
    """The server or the credentials are missing or not valid. Nothing was sent."""


class MissingSettingsError(ConfigurationError):
    """No server is configured, or its credentials are missing."""


class AuthenticationError(ViewComfyError):
    """The server doesn't accept the credentials (401, 403)."""

    service_status = 502
    _public = "The service is not set up correctly."


class NotFoundError(ViewComfyError):
    """The deployment, the run or the file doesn't exist, or no longer does (404)."""

    service_status = 502
    _public = "The service is not set up correctly, or the result is no longer there."


class _Busy(ViewComfyError):
    """An error for a response that may have a Retry-After header."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, **about: Unpack[_About]
    ) -> None:
        super().__init__(message, **about)
        self.retry_after = retry_after


class RateLimitedError(_Busy):
    """Too many requests (429); `retry_after` is in seconds, None if the server doesn't say."""

    retryable = True
    service_status = 503
    _public = "The service is busy. Try again in a moment."


class ServerError(_Busy):
    """The server failed (5xx); `retry_after` is in seconds, None if the server doesn't say."""

    retryable = True
    service_status = 502
    _public = "The service failed. Try again later."

    @property
    def may_have_run(self) -> bool:
        return self.status != 503


_MOST_FAULTS = 10
"""Maximum number of faults that a message lists."""


class RejectedError(ViewComfyError):
    """The server rejected the call (any other 4xx); `faults` lists the faults of single nodes."""

    service_status = 422
    _public = "The workflow does not accept these values."

    def __init__(
        self,
        message: str,
        *,
        faults: tuple[NodeFault, ...] = (),
        **about: Unpack[_About],
    ) -> None:
        lines = [message, *(f"  {each}" for each in faults[:_MOST_FAULTS])]
        if len(faults) > _MOST_FAULTS:
            lines.append(f"  and {len(faults) - _MOST_FAULTS} more")
        super().__init__("\n".join(lines), **about)
        self.faults = faults
        self._summary = shown(message)

    @property
    def public_message(self) -> str:
        named = [
            f"{each.parameter}: {each.message}"
            for each in self.faults
            if each.parameter
        ]
        return "; ".join(named) or self._public

    def by_parameter(self, name_of: Callable[[NodeFault], str]) -> RejectedError:
        """The same error, with the names of the parameters that its faults are about."""
        return RejectedError(
            self._summary,
            faults=tuple(
                replace(each, parameter=name_of(each)) for each in self.faults
            ),
            hint=self.hint,
            status=self.status,
            prompt_id=self.prompt_id,
        )


class ExecutionError(ViewComfyError):
    """The workflow started and failed; `fault` is the failed node, if known."""

    service_status = 502
    _started = True

    def __init__(
        self, message: str, *, fault: NodeFault | None = None, **about: Unpack[_About]
    ) -> None:
        super().__init__(message, **about)
        self.fault = fault


class ConnectionFailedError(ViewComfyError, ConnectionError):
    """The server can't be reached, or the connection broke.

    `nothing_sent` is true if no part of the call was sent.
    """

    retryable = True
    service_status = 503
    _public = "The service cannot be reached. Try again later."

    @property
    def may_have_run(self) -> bool:
        return not self.nothing_sent

    def __init__(
        self, message: str, *, nothing_sent: bool = False, **about: Unpack[_About]
    ) -> None:
        super().__init__(message, **about)
        self.nothing_sent = nothing_sent


class RunTimeoutError(ViewComfyError, TimeoutError):
    """The run took longer than its timeout."""

    retryable = True
    service_status = 504
    _started = True
    _public = "The run took too long."


class RunCancelledError(ViewComfyError):
    """The run was canceled; `at_server` is true if somebody did so at the server."""

    service_status = 503
    _started = True
    _public = "The run was canceled."

    def __init__(
        self, message: str, *, at_server: bool = False, **about: Unpack[_About]
    ) -> None:
        super().__init__(message, **about)
        self.at_server = at_server


class ProtocolError(ViewComfyError):
    """The server's response violates its protocol."""

    service_status = 502
    _started = True
    _public = "The service sent an invalid response."


class SaveError(ViewComfyError):
    """Files couldn't be downloaded or written; `saved` lists the paths of those that were saved."""

    _started = True
    _public = "The result could not be saved."

    def __init__(
        self, message: str, saved: Sequence[Path] = (), **about: Unpack[_About]
    ) -> None:
        super().__init__(message, **about)
        self.saved: list[Path] = list(saved)


def wrong_type(name: str, wanted: str, value: object) -> TypeError:
    """The error for an argument of the wrong type; `wanted` says what it must be."""
    from reprlib import repr as shortened  # a value's own repr may be long

    return TypeError(f"{name} must be {wanted}, not {shortened(value)}")


def http_status(error: BaseException) -> int:
    """The HTTP status for a service to respond with if a run raises this error.

    | error | status |
    |---|---|
    | InvalidParametersError, RejectedError | 422 |
    | RateLimitedError, ConnectionFailedError, RunCancelledError | 503 |
    | RunTimeoutError | 504 |
    | AuthenticationError, NotFoundError, ServerError, ExecutionError, ProtocolError | 502 |
    | everything else | 500 |
    """
    return error.service_status if isinstance(error, ViewComfyError) else 500
