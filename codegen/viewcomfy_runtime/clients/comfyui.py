"""The client for a plain ComfyUI server, local or remote."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import QUIET, Call, Status, Watch
from ..calls.events import Queued
from ..calls.overrides import applied, own_workflow
from ..http.bodies import JsonBody
from ..http.client import LOG, RETRIES, Http
from ..http.credentials import Credentials
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.error_responses import error_of, node_faults
from ..json_types import ApiWorkflow, JsonObject, as_object
from ..results.result import PromptResult
from ..texts import HIDDEN, Secrets
from .closing import HttpClient
from .comfyui_events import ComfyEvents, comfy_events
from .comfyui_server import ComfyServer, usable_id
from .defaults import LOCAL_COMFYUI
from .hints import COMFYUI
from .history import result_of
from .live import poll_with_events
from .submitting import (
    Run,
    canceling_on_error,
    partner_data,
    submit_once,
    with_prompt_id,
)
from .uploading import graph_of

if TYPE_CHECKING:
    import requests

_QUEUE_EVERY: Final = 4
"""The number of polls for a run's completion per poll for its position in the queue."""


class ComfyUI(HttpClient):
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
        self._server = ComfyServer(self._http)

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
        with deadline, canceling_on_error(run, deadline, self._server.cancel):
            deadline.enter("upload")
            graph = graph_of(self._http, call, deadline)
            classes = {
                node: str(about.get("class_type")) for node, about in graph.items()
            }
            with comfy_events(
                self._http, run.prompt_id, classes, watch, deadline
            ) as events:
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
        with deadline, canceling_on_error(run, deadline, self._server.cancel):
            self._queue(graph_of(self._http, call, deadline), run, deadline)
        return run.prompt_id

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The current state of the run. Raises ViewComfyError."""
        with deadline, with_prompt_id(prompt_id):
            return self._server.status(prompt_id, deadline)

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
            with_prompt_id(prompt_id),
            # Messages go to the client that queued the run; `submit` uses the run's id for that.
            comfy_events(self._http, prompt_id, {}, watch, deadline) as events,
        ):
            return self._awaited(prompt_id, params, deadline, watch, events)

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Remove the run from the queue, or interrupt it. Raises ViewComfyError."""
        with deadline, with_prompt_id(prompt_id):
            self._server.cancel(prompt_id, deadline)

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
            "files": call.file_summaries(),
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
                expect=(200,),
            ) as response:
                queued.update(as_object(response.json()))

        def is_known() -> bool:
            return self._server.status(run.prompt_id, deadline) != "unknown"

        submit_once(run, send, is_known, deadline)
        if queued.get("node_errors"):
            LOG.warning(
                "%s leaves out some outputs: %s",
                self._http.host,
                "; ".join(map(str, node_faults(queued))) or "without saying why",
            )
        # Servers from before 2025 choose an id of their own.
        run.prompt_id = usable_id(queued.get("prompt_id")) or run.prompt_id

    def _awaited(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch,
        events: ComfyEvents | None,
    ) -> PromptResult:
        polls = absences = 0

        def ask() -> JsonObject | None:
            nonlocal polls, absences
            entry = self._server.history(prompt_id, deadline)
            if entry is None and polls % _QUEUE_EVERY == 0:
                place = self._server.place(prompt_id, deadline)
                absences = 0 if place else absences + 1
                if place is not None and place.status == "running":
                    deadline.enter("run")
                elif place is not None and events is not None:
                    events.emit(Queued(place.position))
                if absences > 1:
                    entry = self._server.history(prompt_id, deadline)
                    if entry is None:
                        raise self._server.lost(prompt_id)
            polls += 1
            return entry

        entry = poll_with_events(ask, deadline, watch, events)
        logs = events.lines if events else ()
        return result_of(prompt_id, entry, params, logs, self._http)
