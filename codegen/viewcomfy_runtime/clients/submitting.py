"""Shared by clients that choose the prompt_id of a run themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ..calls.call import Watch
from ..calls.listening import Listener
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

REFUSALS: Final = (
    AuthenticationError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
)
"""Responses to a call which mean that the server didn't start anything."""


@dataclass(slots=True)
class Run:
    """A run at a server: its `prompt_id`, and whether the server was asked to start it."""

    prompt_id: str
    begun: bool = False


def once(
    run: Run,
    send: Callable[[], None],
    is_known: Callable[[], bool],
    deadline: Deadline,
) -> None:
    """Start a run exactly once: if the connection breaks, ask the server whether it received the
    call before sending it again. Raises ViewComfyError.
    """
    for left in range(RETRIES, -1, -1):
        try:
            run.begun = True
            send()
            return
        except REFUSALS:
            run.begun = False
            raise
        except ConnectionFailedError as error:
            if error.nothing_sent or not left:
                run.begun = not error.nothing_sent
                raise
            LOG.info("%s; asking whether the call arrived", error.message)
        # What has arrived shows up in a moment: ask twice, so as not to send it beside itself.
        for pause in (0.3, 1.0):
            deadline.sleep(pause)
            if is_known():
                return


@contextlib.contextmanager
def reachable(
    run: Run, deadline: Deadline, cancel: Callable[[Deadline], None]
) -> Iterator[None]:
    """Cancel the run at the server if anything ends the block early, including a callback's
    exception and Ctrl-C. The package's errors then carry the run's prompt_id.
    """
    try:
        yield
    except BaseException as error:
        if run.begun:
            if isinstance(error, ViewComfyError):
                _name(error, run.prompt_id)
            left = isinstance(error, RunTimeoutError) and not deadline.cancel_on_timeout
            if not (left or _is_over(error)):
                # Under a deadline of its own: the run's may be over, and would shut this connection
                # too.
                seconds = min(_PATIENCE, max(GRACE, deadline.remaining))
                with contextlib.suppress(ViewComfyError), Deadline(seconds) as short:
                    cancel(short)
        raise


@contextlib.contextmanager
def named(prompt_id: str) -> Iterator[None]:
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


def teller(events: Listener | None, watch: Watch) -> Callable[[str], object]:
    """A callback for reports that the server is unreachable, which writes them to the run's log."""
    return events.tell if events is not None else Listener(watch).tell


def _name(error: ViewComfyError, prompt_id: str) -> None:
    """Record the run that an error is about, unless it names one. The id may come from a server."""
    error.prompt_id = error.prompt_id or without_secrets(prompt_id) or None


def _is_over(error: BaseException) -> bool:
    if isinstance(error, ViewComfyError) and error.from_callback:
        return False
    if isinstance(error, RunCancelledError):
        return error.at_server
    return isinstance(error, ExecutionError | NotFoundError)
