"""The events of a run on Comfy API v2: server-sent events, read in a background thread."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ..calls.call import Watch
from ..calls.events import OutputReady, Preview, Queued
from ..calls.message_queue import MessageQueue
from ..errors import RateLimitedError, ViewComfyError
from ..http.bodies import json_in
from ..http.client import LOG, Http
from ..http.deadlines import Deadline
from ..http.sse import events
from ..http.timers import LONGEST_WAIT
from ..json_types import JsonObject
from ..results.files import OutputFile
from .api_jobs import FINAL, identity_of, job_path, output_of, report_progress, text_of
from .defaults import FIRST_PAUSE, LONGEST_PAUSE
from .live import DRAIN_SECONDS, LiveEvents

LARGEST_EVENT: Final = 1 << 24
"""Maximum size in bytes of an event."""

_NO_STREAM: Final = frozenset({400, 401, 403, 404, 405, 410, 422, 501})
"""Statuses which mean that the server has no stream for the job."""


_BATCHING: Final = 0.02
"""Seconds for which events are collected before the run's thread is woken for them."""


class JobEvent(NamedTuple):
    """An event of a job and its data."""

    type: str
    about: JsonObject


class EventStream:
    """The events of a job. The stream is opened, read and reopened in the background."""

    def __init__(self, http: Http, prompt_id: str) -> None:
        self.lost: bool = False
        """Whether there is currently no connection to the server."""
        self.ended: bool = False
        """Whether the stream ended after the run."""
        self._http = http
        self._url = http.at(job_path(prompt_id, "/events"))
        self._queue = MessageQueue[JobEvent](_BATCHING)
        self._closed = self._queue.closed
        self._deadline = Deadline(LONGEST_WAIT)
        threading.Thread(target=self._work, name="viewcomfy-live", daemon=True).start()

    def next(self, seconds: float) -> JobEvent | None:
        """The next event, if one arrives within that time."""
        return self._queue.next(seconds)

    def close(self) -> None:
        """End the stream without waiting for the server."""
        self._closed.set()
        self._deadline.cancel()

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed.is_set():
            retry_after = None
            try:
                if self._read():
                    self.ended = True
                    return
                pause = FIRST_PAUSE
            except ViewComfyError as error:
                if self._closed.is_set():
                    return
                LOG.info("%s; polling instead", error.message)
                if error.status in _NO_STREAM:
                    return
                if isinstance(error, RateLimitedError):
                    retry_after = error.retry_after
            finally:
                self.lost = True
                self._queue.wake()
            if self._closed.wait(retry_after or pause):
                return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _read(self) -> bool:
        """Queue events until the stream ends. Returns whether one reported the end of the run."""
        with (
            self._deadline,
            self._http.request(
                "GET",
                self._url,
                self._deadline,
                accept="text/event-stream",
                idempotent=False,
                retry_on=(),
                expect=(200,),
            ) as response,
        ):
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
                        self._queue.put(JobEvent(event.type, about), urgent=over)
        return over


class ApiEvents(LiveEvents[JobEvent]):
    """The events of one run on a server of Comfy API v2."""

    def __init__(
        self,
        stream: EventStream,
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
        self._reported: set[tuple[str, str]] = set()

    def drain(self) -> None:
        """Handle events that are still arriving after the end of the run."""
        self._deadline.wait_for(self._handle_rest, DRAIN_SECONDS)

    def _handle_rest(self, seconds: float) -> bool:
        ended = self._stream.ended or self._stream.lost
        message = self._stream.next(0.0 if ended else seconds)
        if message is not None:
            self._handle(message)
        return ended and message is None

    def progress(self, snapshot: Any) -> None:
        """Report the run's progress, from an event or from a poll."""
        self._node = report_progress(snapshot, self, self._node, self._classes)

    def polled(self, job: JsonObject) -> None:
        """Report the job in a poll's response, if there is no stream."""
        if not self._stream.lost:
            return
        if job.get("status") == "queued":
            self.queued(job.get("queue_position"))
        self.progress(job.get("progress"))

    def queued(self, position: Any) -> None:
        """Report that the run is queued, and its position."""
        known = position if isinstance(position, int) and position > 0 else None
        if known is None or known != self._position:
            self._position = known
            self.emit(Queued(known))

    def ready(self, file: OutputFile | None) -> None:
        """Report a finished file, unless it was reported before."""
        if file is None or (identity := identity_of(file)) in self._reported:
            return
        self._reported.add(identity)
        self.emit(OutputReady(file))

    def _handle(self, message: JobEvent) -> bool:
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
                    self.emit(preview)
            case "output":
                self.ready(output_of(about, self._http))
            case "log":
                self.log(text_of(about.get("message")))
        return False


@contextlib.contextmanager
def api_events(
    http: Http,
    prompt_id: str,
    watch: Watch,
    deadline: Deadline,
    classes: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[ApiEvents | None]:
    """The run's events; None without callbacks.

    `classes` are the classes of the nodes, for servers that don't send them.
    """
    if not watch:
        yield None
        return
    with contextlib.closing(EventStream(http, prompt_id)) as stream:
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
