"""The errors and warnings of this package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from .texts import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import FrameType

    from typing_extensions import Unpack

    class _About(TypedDict, total=False):
        """What any error may say beside its message."""

        hint: str | None
        status: int | None
        prompt_id: str | None


class ViewComfyError(Exception):
    """Base of all errors of this package.

    `hint` says what to do about it, `status` is the HTTP status, and `prompt_id` identifies the
    run; each is None if there is none. Whatever a server says, these texts contain no secrets and
    no terminal escapes.

    For programs, `retryable` says whether the same call may succeed later, `may_have_run` whether
    it may have run, so that sending it again could run it twice, and `public_message` what the
    users of a service may read. `parameters` is the call as it ran, including the seeds that were
    drawn; it is set once the call has been checked. `attempt` and `wall_seconds` are set in
    batches.
    """

    retryable: ClassVar[bool] = False
    service_status: ClassVar[int] = 500
    """The HTTP status that a service in front of the workflow answers with: see `http_status`."""

    _public: ClassVar[str] = "The run failed."
    _started: ClassVar[bool] = False
    parameters: Any = None
    attempt: int = 1
    wall_seconds: float | None = None
    from_callback: bool = False
    """Whether a callback raised it, so that it says nothing about the run itself."""

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
        """What happened, in a sentence that names no server, no URL and no node."""
        return self._public

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


def _clean(fault: object, *names: str) -> None:
    """Remove secrets and terminal control sequences from a frozen dataclass's texts."""
    for name in names:
        object.__setattr__(fault, name, shown(getattr(fault, name)))


class IncompatibleModuleError(ViewComfyError, ImportError):
    """The generated module is too old or too new for this version of the runtime."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a call: the parameter, and what it must be."""

    parameter: str
    message: str

    def __post_init__(self) -> None:
        _clean(self, "parameter", "message")

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}"


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

    def __reduce__(
        self,
    ) -> tuple[type[InvalidParametersError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


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
    """An answer that may say when to try again."""

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


@dataclass(frozen=True, slots=True)
class NodeFault:
    """What ComfyUI finds wrong with one node: its id and class, the input and why.

    `input` is empty if the fault isn't about a single input, `parameter` if no parameter sets it.
    """

    node: str
    class_type: str
    input: str
    message: str
    parameter: str = ""

    def __post_init__(self) -> None:
        _clean(self, "node", "class_type", "input", "message", "parameter")

    def __str__(self) -> str:
        about = f" ({self.class_type})" if self.class_type else ""
        place = f", inputs.{self.input}" if self.input else ""
        name = f"{self.parameter}: " if self.parameter else ""
        return f"{name}node {self.node}{about}{place}: {self.message}"


_MOST_FAULTS = 10
"""Maximum number of faults that a message lists."""


class RejectedError(ViewComfyError):
    """The server refused the call (another 4xx); `faults` lists what it says about single nodes."""

    service_status = 422
    _public = "The workflow does not accept these values."

    def __init__(
        self,
        message: str,
        *,
        faults: tuple[NodeFault, ...] = (),
        **about: Unpack[_About],
    ) -> None:
        told = [f"  {each}" for each in faults[:_MOST_FAULTS]]
        if len(faults) > len(told):
            told.append(f"  and {len(faults) - len(told)} more")
        super().__init__("\n".join([message, *told]), **about)
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
        """The same error, its faults with the names of the parameters that they are about."""
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
    """The workflow started and failed; `fault` says in which node, if the server does."""

    service_status = 502
    _started = True

    def __init__(
        self, message: str, *, fault: NodeFault | None = None, **about: Unpack[_About]
    ) -> None:
        super().__init__(message, **about)
        self.fault = fault


class ConnectionFailedError(ViewComfyError, ConnectionError):
    """The server can't be reached, or the connection broke.

    `nothing_sent` is true if no part of the call left this machine.
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
    """The server's answer violates its protocol."""

    service_status = 502
    _started = True
    _public = "The service gave an answer that could not be understood."


class SaveError(ViewComfyError):
    """Files couldn't be downloaded or written; `saved` lists those that were saved."""

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
    """The HTTP status with which a service in front of a workflow answers an error.

    | error | status |
    |---|---|
    | InvalidParametersError, RejectedError | 422 |
    | RateLimitedError, ConnectionFailedError, RunCancelledError | 503 |
    | RunTimeoutError | 504 |
    | AuthenticationError, NotFoundError, ServerError, ExecutionError, ProtocolError | 502 |
    | everything else | 500 |
    """
    return error.service_status if isinstance(error, ViewComfyError) else 500


class ViewComfyWarning(UserWarning):
    """Base of all warnings of this package. Their texts contain no secrets and no terminal
    escapes.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))


def warn(message: str, kind: type[ViewComfyWarning]) -> None:
    """Warn about the line that called into this package, however deep in it the reason is."""
    import sys
    import warnings

    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_inside(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, kind, stacklevel=level)


def _is_inside(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__package__"))
    return f"{package}.".startswith(f"{__package__}.")


class DifferentWorkflowWarning(ViewComfyWarning):
    """The deployment runs another workflow than the module was generated from."""


class AmbiguousOutputWarning(ViewComfyWarning):
    """It isn't known which output node produced some of a result's files."""


class MaskWarning(ViewComfyWarning):
    """A mask wasn't in the form that ComfyUI reads, and was converted."""
