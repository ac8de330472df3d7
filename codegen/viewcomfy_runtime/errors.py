"""Everything that can go wrong, under one base class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class ViewComfyError(Exception):
    """Base of all errors of this package.

    `hint` says what to do about it, `status` is the HTTP status and `prompt_id` the run, where there are any.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        prompt_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
        self.prompt_id = prompt_id

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class IncompatibleModuleError(ViewComfyError, ImportError):
    """A generated module that this version of the runtime cannot serve."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a call: the parameter, and what it would have to be."""

    parameter: str
    message: str

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}"


class InvalidParametersError(ViewComfyError, ValueError):
    """A call that the workflow does not accept; `faults` lists all that is wrong. Nothing was sent."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            "invalid parameters\n" + "\n".join(f"  {fault}" for fault in faults)
        )
        self.faults = faults

    def __reduce__(
        self,
    ) -> tuple[type[InvalidParametersError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class InvalidWorkflowError(ViewComfyError, ValueError):
    """A workflow to run that is none, or that the call does not fit. Nothing was sent."""


class ConfigurationError(ViewComfyError):
    """Where to run, or as whom, is not known."""


class AuthenticationError(ViewComfyError):
    """The server does not accept the credentials (401, 403)."""


class NotFoundError(ViewComfyError):
    """There is no such deployment (404)."""


class RateLimitedError(ViewComfyError):
    """Too many requests (429); `retry_after` are the seconds that the server asks to wait, where it does."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, **about: Any
    ) -> None:
        super().__init__(message, **about)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class NodeFault:
    """What ComfyUI finds wrong with one node: its id and class, the input where there is one, and why."""

    node: str
    class_type: str
    input: str
    message: str

    def __str__(self) -> str:
        about = f" ({self.class_type})" if self.class_type else ""
        place = f", inputs.{self.input}" if self.input else ""
        return f"node {self.node}{about}{place}: {self.message}"


class RejectedError(ViewComfyError):
    """The server refused the call (another 4xx); `faults` are what it says of single nodes."""

    def __init__(
        self, message: str, *, faults: tuple[NodeFault, ...] = (), **about: Any
    ) -> None:
        told = [f"  {each}" for each in faults[:10]]
        if len(faults) > len(told):
            told.append(f"  and {len(faults) - len(told)} more")
        super().__init__("\n".join([message, *told]), **about)
        self.faults = faults


class ServerError(ViewComfyError):
    """The server failed (5xx); `retry_after` are the seconds that it asks to wait, where it does."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, **about: Any
    ) -> None:
        super().__init__(message, **about)
        self.retry_after = retry_after


class ExecutionError(ViewComfyError):
    """The workflow started and failed; `fault` says in which node, where the server does."""

    def __init__(
        self, message: str, *, fault: NodeFault | None = None, **about: Any
    ) -> None:
        super().__init__(message, **about)
        self.fault = fault


class ConnectionFailedError(ViewComfyError, ConnectionError):
    """The server cannot be reached, or the connection broke; `nothing_sent` says that no byte of the call went out."""

    def __init__(
        self, message: str, *, nothing_sent: bool = False, **about: Any
    ) -> None:
        super().__init__(message, **about)
        self.nothing_sent = nothing_sent


class RunTimeoutError(ViewComfyError, TimeoutError):
    """The time allowed for the run is over."""


class RunCancelledError(ViewComfyError):
    """The run was cancelled, here or `at_server`."""

    def __init__(self, message: str, *, at_server: bool = False, **about: Any) -> None:
        super().__init__(message, **about)
        self.at_server = at_server


class DifferentWorkflowWarning(UserWarning):
    """The deployment runs another workflow than the module was generated from."""


class AmbiguousOutputWarning(UserWarning):
    """A file of a result that no output node can be told to have made."""


class ProtocolError(ViewComfyError):
    """An answer that is not ViewComfy's."""


class SaveError(ViewComfyError):
    """Some of a result's files could not be saved; `saved` are those that were."""

    def __init__(self, message: str, saved: list[Path]) -> None:
        super().__init__(message, hint="the other files were saved; fetch these again")
        self.saved = saved

    def __reduce__(self) -> tuple[type[SaveError], tuple[str, list[Path]]]:
        return type(self), (self.message, self.saved)
