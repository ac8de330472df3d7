"""Everything that can go wrong, under one base class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


class ConfigurationError(ViewComfyError):
    """Where to run, or as whom, is not known."""


class AuthenticationError(ViewComfyError):
    """The server does not accept the credentials (401, 403)."""


class NotFoundError(ViewComfyError):
    """There is no such deployment (404)."""


class RateLimitedError(ViewComfyError):
    """Too many requests (429)."""


class RejectedError(ViewComfyError):
    """The server refused the call (another 4xx)."""


class ServerError(ViewComfyError):
    """The server failed (5xx)."""


class ExecutionError(ViewComfyError):
    """The workflow started and failed."""


class ConnectionFailedError(ViewComfyError, ConnectionError):
    """The server cannot be reached, or the connection broke."""


class RunTimeoutError(ViewComfyError, TimeoutError):
    """The time allowed for the run is over."""


class ProtocolError(ViewComfyError):
    """An answer that is not ViewComfy's."""


class SaveError(ViewComfyError):
    """Some of a result's files could not be saved; `saved` are those that were."""

    def __init__(self, message: str, saved: list[Path]) -> None:
        super().__init__(message, hint="the other files were saved; fetch these again")
        self.saved = saved

    def __reduce__(self) -> tuple[type[SaveError], tuple[str, list[Path]]]:
        return type(self), (self.message, self.saved)
