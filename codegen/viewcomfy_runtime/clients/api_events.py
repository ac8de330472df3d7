"""The events of a run on Comfy API v2: server-sent events, read in a thread.

Nothing depends on them: events may be lost or repeated, and a server may send none. The end and the
result of a run are always polled.
"""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ..calls.call import Watch
from ..calls.events import OutputReady, Preview, Queued
from ..calls.inbox import Inbox
from ..errors import RateLimitedError, ViewComfyError
from ..http.bodies import json_in
from ..http.client import LOG, Http
from ..http.deadlines import Deadline
from ..http.sse import events
from ..http.timers import LONGEST_WAIT
from ..json_types import JsonObject
from ..results.files import OutputFile
from .api_jobs import FINAL, identity_of, job_path, output_of, tell_progress, text_of
from .defaults import FIRST_PAUSE, LONGEST_PAUSE
from .live import TAIL, LiveEvents

LARGEST_EVENT: Final = 1 << 24
"""Bytes of an event; a stream with a larger one is abandoned."""

_GATHERING: Final = 0.02
"""Seconds for which events are collected before the run's thread is woken for them."""

_FOR_GOOD: Final = frozenset({400, 401, 403, 404, 405, 410, 422, 501})
"""Statuses that mean that there is no stream."""


class Told(NamedTuple):
    """An event of a job, and what it says."""

    type: str
    about: JsonObject


class Stream:
    """The events of a job. The stream is opened, read and reopened in the background."""

    def __init__(self, http: Http, prompt_id: str) -> None:
        self.lost: bool = False
        """Whether the server can't be heard at present."""
        self.ended: bool = False
        """Whether the stream said all that it had to say."""
        self._http = http
        self._url = http.at(job_path(prompt_id, "/events"))
        self._inbox = Inbox[Told](_GATHERING)
        self._closed = self._inbox.closed
        self._deadline = Deadline(LONGEST_WAIT)
        threading.Thread(target=self._work, name="viewcomfy-live", daemon=True).start()

    def next(self, seconds: float) -> Told | None:
        """The next event, if one arrives within that time."""
        return self._inbox.next(seconds)

    def close(self) -> None:
        """End the stream without waiting for the server."""
        self._closed.set()
        self._deadline.cancel()

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            asked = None
            try:
                if self._read():
                    self.ended = True
                    return
                pause = FIRST_PAUSE
            except ViewComfyError as error:
                if self._closed.is_set():
                    return
                LOG.info("%s; polling instead", error.message)
                if error.status in _FOR_GOOD:
                    return
                asked = (
                    error.retry_after if isinstance(error, RateLimitedError) else None
                )
            finally:
                self.lost = True
                self._inbox.wake()  # nobody should wait on
            if self._closed.wait(asked or pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _read(self) -> bool:
        """Pass on events until the stream ends, and return whether it reported the end of the
        run.
        """
        with (
            self._deadline,
            self._http.request(
                "GET",
                self._url,
                self._deadline,
                accept="text/event-stream",
                idempotent=False,
                retry_on=(),
            ) as response,
        ):
            if response.status != 200:
                raise response.error()
            self.lost = False
            over = False
            with contextlib.closing(response.chunks()) as chunks:
                # A file may follow the final status.
                for event in events(chunks, LARGEST_EVENT):
                    about = json_in(event.data)
                    if isinstance(about, dict):
                        status = text_of(about.get("status"))
                        ends = event.type == "status" and status in FINAL
                        over = over or ends
                        self._inbox.put(Told(event.type, about), urgent=over)
        return over


class ApiEvents(LiveEvents[Told]):
    """The events of one run on a server of Comfy API v2."""

    def __init__(
        self,
        stream: Stream,
        http: Http,
        watch: Watch,
        deadline: Deadline,
        classes: Mapping[str, str],
    ) -> None:
        super().__init__(stream, watch, deadline)
        self._classes = classes
        self._stream = stream
        self._http = http
        self._node: str | None = None
        self._position: int | None = None
        self._told: set[tuple[str, str]] = set()

    def drain(self) -> None:
        """Pass on what is still arriving after the end of the run, for half a second at most."""
        self._deadline.wait_for(self._all_heard, TAIL)

    def _all_heard(self, seconds: float) -> bool:
        ended = self._stream.ended or self._stream.lost
        message = self._stream.next(0.0 if ended else seconds)
        if message is not None:
            self._understood(message)
        return ended and message is None

    def progress(self, snapshot: Any) -> None:
        """Report the run's progress, from an event or from a poll."""
        self._node = tell_progress(snapshot, self, self._node, self._classes)

    def asked(self, job: JsonObject) -> None:
        """Report a poll's response, if the stream sends nothing."""
        if not self._channel.lost:
            return
        if job.get("status") == "queued":
            self.queued(job.get("queue_position"))
        self.progress(job.get("progress"))

    def queued(self, position: Any) -> None:
        """Report that the run is queued, and its position."""
        place = position if isinstance(position, int) and position > 0 else None
        if place is None or place != self._position:
            self._position = place
            self.show(Queued(place))

    def ready(self, file: OutputFile | None) -> None:
        """Report a finished file, once."""
        if file is None or (own := identity_of(file)) in self._told:
            return
        self._told.add(own)
        self.show(OutputReady(file))

    def _understood(self, message: Told) -> bool:
        about = message.about
        match message.type:
            case "status":
                status = text_of(about.get("status"))
                if status == "queued":
                    self.queued(about.get("queue_position"))
                elif status not in FINAL:
                    self._deadline.enter("run")
                return status in FINAL
            case "progress":
                self._deadline.enter("run")
                self.progress(about)
            case "preview":
                if (preview := _preview(about)) is not None:
                    self.show(preview)
            case "output":
                self.ready(output_of(about, self._http))
            case "log":
                self.tell(text_of(about.get("message")))
        return False


@contextlib.contextmanager
def api_events(
    http: Http,
    prompt_id: str,
    watch: Watch,
    deadline: Deadline,
    classes: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[ApiEvents | None]:
    """The run's events as they arrive; None if there are no callbacks.

    `classes` are the classes of the nodes, for servers that don't send them.
    """
    if not watch:
        yield None
        return
    with contextlib.closing(Stream(http, prompt_id)) as stream:
        yield ApiEvents(stream, http, watch, deadline, classes)


def _preview(about: JsonObject) -> Preview | None:
    data = about.get("data_base64")
    if not isinstance(data, str):
        return None
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        return None
    content_type = text_of(about.get("content_type")) or "image/jpeg"
    return Preview(content, content_type, text_of(about.get("node_id")) or None)
