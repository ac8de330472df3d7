"""Shared by the clients that choose the prompt_id of a run themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

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
from ..texts import without_secrets

GRACE: Final = 0.35
"""Seconds beyond the end of a run's time that its cancellation at the server may take."""

_PATIENCE: Final = 10.0
"""Seconds for cancelling a run whose time isn't over."""

REFUSALS: Final = (
    AuthenticationError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
)
"""Answers to a call that mean that nothing runs at the server."""


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
    """Start a run exactly once: if the connection broke, the server is asked whether it has the
    call before the call is sent again. Raises ViewComfyError.
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
    """If anything ends the block early, including a callback's error and Ctrl-C, the run is
    cancelled at the server too. The package's errors then carry its prompt_id.
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
    """Errors in the block carry the run's prompt_id."""
    try:
        yield
    except ViewComfyError as error:
        _name(error, prompt_id)
        raise


def partner_data(key: str | None) -> dict[str, Any]:
    """The part of a call that pays for ComfyUI's partner nodes."""
    if key is not None and not isinstance(key, str):
        raise TypeError("api_key_comfy_org must be a text")
    return {"extra_data": {"api_key_comfy_org": key}} if key else {}


def teller(events: Listener | None, watch: Watch) -> Callable[[str], object]:
    """The callback that learns that the server is unreachable: the run's log."""
    return events.tell if events is not None else Listener(watch).tell


def _name(error: ViewComfyError, prompt_id: str) -> None:
    """Say which run an error is about, unless it says so itself. The id may be a server's."""
    error.prompt_id = error.prompt_id or without_secrets(prompt_id) or None


def _is_over(error: BaseException) -> bool:
    if isinstance(error, RunCancelledError):
        return error.at_server
    return isinstance(error, ExecutionError | NotFoundError)
