"""Follows a run through the events that its server sends while the run is polled.

Nothing depends on the events: they may be lost or repeated, so the end and the result of a run are
always polled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from ..calls.call import Watch
from ..calls.dispatcher import EventDispatcher
from ..http.client import LOG
from ..http.deadlines import Deadline
from ..http.polling import poll

if TYPE_CHECKING:
    from .channel import Channel

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
T = TypeVar("T")

DRAIN_SECONDS: Final = 0.5
"""Maximum seconds after the end of a run in which events that are still arriving are handled."""


class Source(Protocol[M_co]):
    """A source of messages that is read in a background thread."""

    lost: bool
    """Whether there is currently no connection to the server."""

    def next(self, seconds: float) -> M_co | None:
        """The next message, if one arrives within that time."""
        ...


class LiveEvents(EventDispatcher, Generic[M]):
    """Handles the messages of one run until one of them reports its end."""

    def __init__(self, source: Source[M], watch: Watch, deadline: Deadline) -> None:
        super().__init__(watch)
        self._source = source
        self._deadline = deadline
        self._over = False

    def wait(self, seconds: float) -> bool:
        """Handle messages for that long. Returns true as soon as one reports the end of the run for
        the first time.
        """
        return self._deadline.wait_for(self._handle_next, seconds)

    def drain(self) -> None:
        """Handle messages that are still arriving after the end of the run."""
        if not self._over and not self._source.lost:
            self._deadline.wait_for(self._handle_next, DRAIN_SECONDS)

    def _handle_next(self, seconds: float) -> bool:
        message = self._source.next(seconds)
        if message is None or not self._handle(message) or self._over:
            return False
        self._over = True
        return True

    def _handle(self, message: M) -> bool:
        """Handle one message and return whether it reports the end of the run."""
        raise NotImplementedError


@contextlib.contextmanager
def opened_channel(
    connect: Callable[[], Channel], watch: Watch, deadline: Deadline
) -> Iterator[Channel | None]:
    """The connection for a run's events, once it is open or the first attempt has failed. None
    without callbacks or without the extra `live`, for which `connect` raises ImportError.
    """
    if not watch:
        yield None
        return
    try:
        channel = connect()
    except ImportError:
        LOG.warning(
            'log and progress can\'t be received: pip install "viewcomfy-codegen[live]"'
        )
        yield None
        return
    with contextlib.closing(channel):
        channel.wait_until_open(deadline)
        yield channel


def poll_with_events(
    ask: Callable[[], T | None],
    deadline: Deadline,
    watch: Watch,
    events: LiveEvents[M] | None,
) -> T:
    """Call `ask` until it returns a value, and handle the run's events in between.

    Without events, `watch` receives only the reports that the server can't be reached. Raises
    ViewComfyError.
    """
    if events is None:
        return poll(ask, deadline, report=EventDispatcher(watch).log)
    found = poll(ask, deadline, events.wait, events.log)
    events.drain()
    return found
