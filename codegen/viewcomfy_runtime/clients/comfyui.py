"""The client for a plain ComfyUI server, local or remote."""

from __future__ import annotations

import contextlib
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from ..calls.call import QUIET, Call, Status, Watch
from ..calls.events import Queued
from ..calls.overrides import applied, own_workflow
from ..clients.defaults import LOCAL_COMFYUI
from ..errors import (
    NotFoundError,
    ProtocolError,
    RunCancelledError,
    ViewComfyError,
)
from ..http.bodies import JsonBody
from ..http.client import LOG, RETRIES, Http
from ..http.credentials import Credentials
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.error_responses import error_of, node_faults
from ..http.polling import poll
from ..json_types import ApiWorkflow, JsonObject
from ..results.result import PromptResult
from ..texts import HIDDEN, Secrets
from .closing import Closing
from .hints import COMFYUI
from .history import outcome_of, result_of
from .submitting import Run, named, once, partner_data, reachable, teller
from .uploading import graph_of

if TYPE_CHECKING:
    import requests

    from .live import ComfyEvents


_QUEUE_EVERY = 4
"""The number of polls for a run's completion per poll for its position in the queue."""

_MOST_DROPPED = 1000
"""Maximum number of canceled runs that a client remembers: the server keeps no trace of a run
canceled while queued.
"""

_PLACES: tuple[tuple[str, Status], ...] = (
    ("queue_running", "running"),
    ("queue_pending", "waiting"),
)


class _Place(NamedTuple):
    """Whether a run is queued or running, the id that the server gave it, and its position among
    runs of the same state.
    """

    status: Status | None
    prompt_id: str
    position: int | None = None


class ComfyUI(Closing):
    """A ComfyUI server. It runs the workflow embedded in the module, so nothing needs to be
    deployed.

    `headers` are sent to this server only, with every request: a gateway in front of it may require
    `Authorization`. `api_key_comfy_org` pays for partner nodes. A client can be shared between
    threads. Progress is received over the server's WebSocket if the extra `live` is installed;
    otherwise the server is polled. Raises ConfigurationError if the URL or the headers aren't
    valid.
    """

    def __init__(
        self,
        url: str = LOCAL_COMFYUI,
        *,
        headers: Mapping[str, str] | None = None,
        api_key_comfy_org: str | None = None,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        credentials = Credentials(headers or {})
        error_for = partial(error_of, hints=COMFYUI)
        self._http = Http(url, credentials, session, retries, error_for)
        self._extra = partner_data(api_key_comfy_org)
        self._secrets = Secrets([api_key_comfy_org or ""])
        self._dropped: deque[str] = deque(maxlen=_MOST_DROPPED)

    def __repr__(self) -> str:
        return f"ComfyUI({self._http.host!r})"

    def with_partner_key(self, api_key_comfy_org: str) -> ComfyUI:
        """A copy of this client that uses this key to pay for partner nodes."""
        other = copy(self)
        other._extra = partner_data(api_key_comfy_org)
        other._secrets = Secrets([api_key_comfy_org])
        return other

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the workflow once and wait for its result, 2400 seconds at most by default.

        A timeout, Ctrl-C or an exception in a callback cancels the run at the server too. Raises
        ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        run = Run(str(uuid.uuid4()))
        with deadline, reachable(run, deadline, partial(self._cancel, run)):
            deadline.enter("upload")
            graph = graph_of(self._http, call, deadline)
            classes = {
                node: str(about.get("class_type")) for node, about in graph.items()
            }
            with self._events(run.prompt_id, classes, watch, deadline) as events:
                self._queue(graph, run, deadline)
                deadline.enter("queue")
                if events is not None:
                    events.prompt_id = run.prompt_id
                return self._awaited(
                    run.prompt_id, call.params, deadline, watch, events
                )

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Queue a run and return its prompt_id. Raises ViewComfyError."""
        run = Run(str(uuid.uuid4()))
        with deadline, reachable(run, deadline, partial(self._cancel, run)):
            self._queue(graph_of(self._http, call, deadline), run, deadline)
        return run.prompt_id

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The current state of the run. Raises ViewComfyError."""
        with deadline, named(prompt_id):
            return self._status(prompt_id, deadline)

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of a run. `watch` receives the remaining events of a run that was
        queued by `submit`.

        Raises ViewComfyError.
        """
        with (
            deadline,
            named(prompt_id),
            # Messages go to the client that queued the run; `submit` uses the run's id for that.
            self._events(prompt_id, {}, watch, deadline) as events,
        ):
            return self._awaited(prompt_id, params, deadline, watch, events)

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Remove the run from the queue, or interrupt it. Raises ViewComfyError."""
        with deadline, named(prompt_id):
            self._cancel(Run(prompt_id), deadline)

    def request(self, call: Call) -> Mapping[str, Any]:
        """A human-readable view of what would be sent for the call: the prompt, and the files that
        are uploaded first.
        """
        graph = applied(own_workflow(call, "ComfyUI"), call.params)
        return {
            "method": "POST",
            "url": self._http.at("/prompt"),
            "headers": dict.fromkeys(self._http.credentials, HIDDEN),
            "body": {"prompt": graph, **partner_data(HIDDEN if self._extra else None)},
            "files": {key: upload.about() for key, upload in call.files.items()},
        }

    def _queue(self, graph: ApiWorkflow, run: Run, deadline: Deadline) -> None:
        body = {
            "prompt": graph,
            "client_id": run.prompt_id,
            "prompt_id": run.prompt_id,
            **self._extra,
        }
        queued: JsonObject = {}

        def send() -> None:
            with self._http.request(
                "POST",
                self._http.at("/prompt"),
                deadline,
                body=partial(JsonBody, body),
            ) as response:
                if response.status != 200:
                    raise response.error()
                said = response.json()
                queued.update(said if isinstance(said, dict) else {})

        once(
            run,
            send,
            lambda: self._status(run.prompt_id, deadline) != "unknown",
            deadline,
        )
        if queued.get("node_errors"):
            LOG.warning(
                "%s leaves out some outputs: %s",
                self._http.host,
                "; ".join(map(str, node_faults(queued))) or "without saying why",
            )
        # Servers of before 2025 make an id of their own.
        run.prompt_id = _usable_id(queued.get("prompt_id")) or run.prompt_id

    def _awaited(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch,
        events: ComfyEvents | None,
    ) -> PromptResult:
        asked = absences = 0

        def ask() -> JsonObject | None:
            nonlocal asked, absences
            found = self._history(prompt_id, deadline)
            if found is None and asked % _QUEUE_EVERY == 0:
                place = self._place(prompt_id, deadline)
                absences = 0 if place.status else absences + 1
                if place.status == "running":
                    deadline.enter("run")
                elif place.status == "waiting" and events is not None:
                    events.show(Queued(place.position))
                if absences > 1:
                    found = self._history(prompt_id, deadline)
                    if found is None:
                        raise self._vanished(prompt_id)
            asked += 1
            return found

        found = poll(
            ask, deadline, events.hear if events else None, teller(events, watch)
        )
        if events is not None:
            events.drain()
        logs = events.lines if events else ()
        return result_of(prompt_id, found, params, logs, self._http)

    def _vanished(self, prompt_id: str) -> ViewComfyError:
        if prompt_id in self._dropped:
            return RunCancelledError(
                "the run was canceled before it started",
                at_server=True,
                prompt_id=prompt_id,
            )
        return NotFoundError(
            f"{self._http.host} no longer knows the run: it was deleted, or the server restarted",
            hint="run it again",
            prompt_id=prompt_id,
        )

    def _history(self, prompt_id: str, deadline: Deadline) -> JsonObject | None:
        name = quote(prompt_id, safe="", errors="replace")
        entry = self._asked(f"/history/{name}", deadline).get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def _place(self, prompt_id: str, deadline: Deadline) -> _Place:
        queue = self._asked("/queue", deadline)
        for key, status in _PLACES:
            found = queue.get(key)
            items = (
                [item for item in found if isinstance(item, list)]
                if isinstance(found, list)
                else []
            )
            for item in items:
                if prompt_id in _ids_of(item):
                    ahead = sum(_number(each) < _number(item) for each in items)
                    return _Place(status, _usable_id(item[1]) or prompt_id, ahead + 1)
        return _Place(None, prompt_id)

    def _status(self, prompt_id: str, deadline: Deadline) -> Status:
        place = self._place(prompt_id, deadline).status
        found = None if place else self._history(prompt_id, deadline)
        if place is not None:
            return place
        if found is None:
            return "cancelled" if prompt_id in self._dropped else "unknown"
        return outcome_of(found)

    def _cancel(self, run: Run, deadline: Deadline) -> None:
        # Remove a queued run first, in case time is short.
        self._dropped.append(run.prompt_id)
        if self._cancelled(run.prompt_id, deadline):
            return
        self._post("/queue", {"delete": [run.prompt_id]}, deadline)
        place = self._place(run.prompt_id, deadline)
        if place.status == "waiting":  # under an id that the server chose
            self._post("/queue", {"delete": [place.prompt_id]}, deadline)
        if place.status == "running":
            # Only if it is running: servers from before 2025 interrupt any run.
            self._post("/interrupt", {"prompt_id": place.prompt_id}, deadline)

    def _cancelled(self, prompt_id: str, deadline: Deadline) -> bool:
        """Cancel the run in one step. Returns False if the server is too old to support that."""
        name = quote(prompt_id, safe="", errors="replace")
        with self._http.request(
            "POST", self._http.at(f"/api/jobs/{name}/cancel"), deadline, idempotent=True
        ) as response:
            if response.status in (404, 405):
                return False
            if response.status != 200:
                raise response.error()
            return True

    def _asked(self, path: str, deadline: Deadline) -> JsonObject:
        with self._http.request("GET", self._http.at(path), deadline) as response:
            if response.status != 200:
                raise response.error()
            found = response.json()
        if not isinstance(found, dict):
            raise ProtocolError(
                f"{self._http.host} doesn't answer {path} as ComfyUI does",
                hint="check that the URL is ComfyUI's",
            )
        return found

    def _post(self, path: str, body: Any, deadline: Deadline) -> None:
        with self._http.request(
            "POST",
            self._http.at(path),
            deadline,
            body=partial(JsonBody, body),
            idempotent=True,
        ) as response:
            if response.status != 200:
                raise response.error()

    @contextlib.contextmanager
    def _events(
        self,
        prompt_id: str,
        classes: Mapping[str, str],
        watch: Watch,
        deadline: Deadline,
    ) -> Iterator[ComfyEvents | None]:
        """Follow the run's messages as they arrive; None if there are no callbacks, or no
        connection.
        """
        if not watch:
            yield None
            return
        from .live import comfy_events

        with comfy_events(self._http, prompt_id, classes, watch, deadline) as events:
            yield events


def _usable_id(value: Any) -> str:
    """The id that a server gave a run, or an empty string if it can't be used in requests."""
    usable = isinstance(value, str) and len(value) <= 200 and value.isprintable()
    return str(value) if usable else ""


def _number(item: list[Any]) -> float:
    """A queued run's priority: ComfyUI runs the lowest number first."""
    number = item[0] if item else None
    return number if isinstance(number, int | float) else float("inf")


def _ids_of(item: list[Any]) -> Iterator[Any]:
    """The ids of a queued run: the server's and the client's."""
    yield from item[1:2]
    about = item[3] if len(item) > 3 else None
    if isinstance(about, dict):
        yield about.get("client_id")
