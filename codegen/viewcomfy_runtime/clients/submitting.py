"""Starts runs exactly once, and cancels them if their call ends early."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import (
    AuthenticationError,
    ConnectionFailedError,
    ExecutionError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    RunCancelledError,
    RunTimeoutError,
    ViewComfyError,
)
from ..http.client import LOG, RETRIES
from ..http.deadlines import Deadline
from ..json_types import JsonObject
from ..texts import without_secrets

GRACE: Final = 0.35
"""Seconds that canceling a run at the server may take after its timeout."""

_PATIENCE: Final = 10.0
"""Seconds that canceling a run may take if its timeout hasn't passed."""

LOOKUP_PAUSES: Final = (0.3, 1.0)
"""Seconds before each check whether a run has started, since it appears after a moment."""

NOT_STARTED: Final = (
    AuthenticationError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
)
"""Errors which mean that the server didn't start a run."""


@dataclass(slots=True)
class Run:
    """A run at a server: its `prompt_id`, and whether the server was asked to start it."""

    prompt_id: str
    started: bool = False


def submit_once(
    run: Run,
    send: Callable[[], None],
    is_known: Callable[[], bool],
    deadline: Deadline,
) -> None:
    """Start a run exactly once: if the connection breaks, check whether the server received the
    call before sending it again. Raises ViewComfyError.
    """
    for left in range(RETRIES, -1, -1):
        try:
            run.started = True
            send()
            return
        except NOT_STARTED:
            run.started = False
            raise
        except ConnectionFailedError as error:
            if error.nothing_sent or not left:
                run.started = not error.nothing_sent
                raise
            LOG.info("%s; checking whether the call arrived", error.message)
        for pause in LOOKUP_PAUSES:
            deadline.sleep(pause)
            if is_known():
                return


@contextlib.contextmanager
def canceling_on_error(
    run: Run, deadline: Deadline, cancel: Callable[[str, Deadline], None]
) -> Iterator[None]:
    """Cancel the run at the server if an exception ends the block, including a callback's and
    Ctrl-C. The package's errors then contain the run's prompt_id.
    """
    try:
        yield
    except BaseException as error:
        if run.started:
            if isinstance(error, ViewComfyError):
                _name(error, run.prompt_id)
            timed_out = isinstance(error, RunTimeoutError)
            continues = timed_out and not deadline.cancel_on_timeout
            if not (continues or _has_ended(error)):
                # With its own deadline, since the run's deadline may have passed.
                seconds = min(_PATIENCE, max(GRACE, deadline.remaining))
                with contextlib.suppress(ViewComfyError), Deadline(seconds) as short:
                    cancel(run.prompt_id, short)
        raise


@contextlib.contextmanager
def with_prompt_id(prompt_id: str) -> Iterator[None]:
    """Add the run's prompt_id to errors raised in the block."""
    try:
        yield
    except ViewComfyError as error:
        _name(error, prompt_id)
        raise


def partner_data(key: str | None) -> JsonObject:
    """The part of a call that pays for ComfyUI's partner nodes.

    Raises TypeError if the key isn't a string.
    """
    if key is not None and not isinstance(key, str):
        raise TypeError("api_key_comfy_org must be a string")
    return {"extra_data": {"api_key_comfy_org": key}} if key else {}


def _name(error: ViewComfyError, prompt_id: str) -> None:
    """Add the run's id, which may come from a server, to an error that has none."""
    error.prompt_id = error.prompt_id or without_secrets(prompt_id) or None


def _has_ended(error: BaseException) -> bool:
    """Whether an error means that the run has ended at the server."""
    if isinstance(error, ViewComfyError) and error.from_callback:
        return False
    if isinstance(error, RunCancelledError):
        return error.at_server
    return isinstance(error, ExecutionError | NotFoundError)
