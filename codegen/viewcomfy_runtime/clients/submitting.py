"""What the clients share that keep runs by a prompt_id of their own making."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from ..errors import ConnectionFailedError, RunCancelledError, ViewComfyError
from ..http.client import LOG, RETRIES
from ..http.deadlines import Deadline


def once(
    send: Callable[[], None], is_known: Callable[[], bool], deadline: Deadline
) -> None:
    """Have a call started, once: where its connection broke, the server is asked whether it has it before it is sent again.

    Raises ViewComfyError.
    """
    for left in range(RETRIES, -1, -1):
        try:
            send()
            return
        except ConnectionFailedError as error:
            if error.nothing_sent or not left:
                raise
            LOG.info("%s; asking whether the call arrived", error.message)
        # What has arrived shows up in a moment: ask twice, so as not to send it beside itself.
        for pause in (0.3, 1.0):
            deadline.sleep(pause)
            if is_known():
                return


@contextlib.contextmanager
def cancelled_with(cancel: Callable[[Deadline], None]) -> Iterator[None]:
    """Where the caller gives up, by Ctrl-C or by cancelling an awaited run, the server's run is cancelled too."""
    try:
        yield
    except (KeyboardInterrupt, RunCancelledError) as error:
        if not (isinstance(error, RunCancelledError) and error.at_server):
            # Under a deadline of its own: the run's is over, and would shut this connection too.
            with contextlib.suppress(ViewComfyError), Deadline(10.0) as deadline:
                cancel(deadline)
        raise
