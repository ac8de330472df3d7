"""What the clients share that keep runs by a prompt_id of their own making."""

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

GRACE: Final = 0.35
"""Seconds beyond the end of a run's time in which it is cancelled at the server."""

_PATIENCE: Final = 10.0
"""Seconds for the cancellation of a run whose time isn't over."""

REFUSALS: Final = (
    AuthenticationError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
)
"""Answers to a call after which nothing runs at the server."""


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
    """Have a run started, once: where the connection broke, the server is asked whether it has the
    call before it is sent again.

    Raises ViewComfyError.
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
    """Whatever ends this early, a callback's error and Ctrl-C included, ends the run at the server
    too.

    The package's errors carry its prompt_id from then on.
    """
    try:
        yield
    except BaseException as error:
        if run.begun:
            if isinstance(error, ViewComfyError):
                error.prompt_id = error.prompt_id or run.prompt_id or None
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
    """Errors within carry the run's prompt_id."""
    try:
        yield
    except ViewComfyError as error:
        error.prompt_id = error.prompt_id or prompt_id
        raise


def partner_data(key: str | None) -> dict[str, Any]:
    """What goes with a call so that ComfyUI's partner nodes are paid for."""
    return {"extra_data": {"api_key_comfy_org": key}} if key else {}


def teller(events: Listener | None, watch: Watch) -> Callable[[str], object]:
    """Who hears that the server is away: the run's log,
    even where nothing else of it can be heard.
    """
    return events.tell if events is not None else Listener(watch).tell


def _is_over(error: BaseException) -> bool:
    if isinstance(error, RunCancelledError):
        return error.at_server
    return isinstance(error, ExecutionError | NotFoundError)
