"""A plain ComfyUI server, on this machine or another."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..calls.call import LONGEST_RUN, QUIET, Call, Status, Watch
from ..calls.overrides import applied
from ..clients.defaults import LOCAL_COMFYUI
from ..errors import (
    Fault,
    InvalidParametersError,
    InvalidWorkflowError,
    NotFoundError,
    ProtocolError,
)
from ..http.bodies import JsonBody
from ..http.client import LOG, RETRIES, Http
from ..http.deadlines import Deadline
from ..http.multipart import Form
from ..http.polling import poll
from ..parameters.files import Upload
from ..parameters.key import MASK_SUFFIX
from ..results.result import PromptResult
from .history import outcome_of, result_of
from .submitting import cancelled_with, once

if TYPE_CHECKING:
    import requests

    from .live import ComfyEvents

_CLIPSPACE = "clipspace"
"""The folder where ComfyUI's own page keeps masked copies."""

_QUEUE_EVERY = 4
"""So many questions after a run's end are asked before one after its place in the queue."""


class ComfyUI:
    """A ComfyUI server. It runs the workflow that the module carries, so that nothing has to be deployed.

    One client may serve any number of threads. Progress is heard over the server's WebSocket, with the extra `live`;
    without it runs are only asked after. Raises ConfigurationError for a URL that cannot be right.
    """

    def __init__(
        self,
        url: str = LOCAL_COMFYUI,
        *,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        self._http = Http(url.rstrip("/"), session=session, retries=retries)

    def __repr__(self) -> str:
        return f"ComfyUI({self._http.host!r})"

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the workflow once and wait for its result, 2400 seconds at most unless said otherwise.

        Ctrl-C cancels the run at the server too. Raises ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        prompt_id = str(uuid.uuid4())
        with deadline, contextlib.ExitStack() as stack:
            graph = self._graph(call, deadline)
            classes = {
                node: str(about.get("class_type")) for node, about in graph.items()
            }
            events = stack.enter_context(
                self._events(prompt_id, classes, watch, deadline)
            )
            stack.enter_context(cancelled_with(partial(self._cancel, prompt_id)))
            prompt_id = self._queue(graph, prompt_id, deadline)
            if events is not None:
                events.prompt_id = prompt_id
            return self._awaited(prompt_id, call.params, deadline, events)

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Queue a run and return its prompt_id. Raises ViewComfyError."""
        with deadline:
            graph = self._graph(call, deadline)
            return self._queue(graph, str(uuid.uuid4()), deadline)

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """What the run is doing. Raises ViewComfyError."""
        with deadline:
            return self._status(prompt_id, deadline)

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of a run. The log of a run that was queued elsewhere is not to be had.

        Raises ViewComfyError.
        """
        with deadline:
            return self._awaited(prompt_id, params, deadline, None)

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Take the run out of the queue, or interrupt it. Raises ViewComfyError."""
        with deadline:
            self._cancel(prompt_id, deadline)

    def request(self, call: Call) -> Mapping[str, Any]:
        """What would be sent for the call, for people to read: the prompt, and the files that are uploaded before."""
        graph, _ = applied(_workflow(call), call.params)
        return {
            "method": "POST",
            "url": f"{self._http.url}/prompt",
            "body": {"prompt": graph},
            "files": {key: upload.about() for key, upload in call.files.items()},
        }

    def close(self) -> None:
        """Close the connections that are kept open for later calls."""
        self._http.sessions.close()

    def _graph(self, call: Call, deadline: Deadline) -> dict[str, Any]:
        """The workflow with the call's values, its files uploaded."""
        workflow = _workflow(call)
        values = dict(call.params)
        _, unknown = applied(workflow, {**values, **call.files})
        if unknown:
            raise InvalidParametersError(
                tuple(Fault(key, "the workflow has no such node") for key in unknown)
            )
        # All are opened before any is sent, so that a missing one leaves nothing behind.
        with contextlib.closing(Form({}, _named(call.files), deadline)) as form:
            for key in call.files:
                if not _is_mask(key):
                    values[key] = self._stored(form, key, "/upload/image", {}, deadline)
            for key in filter(_is_mask, call.files):
                picture = key.removesuffix(MASK_SUFFIX)
                node, _, name = picture.partition("-inputs-")
                original = values.get(picture) or workflow[node]["inputs"].get(name)
                fields = {
                    "original_ref": json.dumps(_reference(str(original))),
                    "subfolder": _CLIPSPACE,
                }
                values[picture] = self._stored(
                    form, key, "/upload/mask", fields, deadline
                )
        return applied(workflow, values)[0]

    def _stored(
        self,
        form: Form,
        key: str,
        path: str,
        fields: dict[str, str],
        deadline: Deadline,
    ) -> str:
        """The name that the server gives a file; of a mask, that of a copy of its picture with it."""
        body = partial(form.body_with, key, "image", {"type": "input", **fields})
        # The server finds that it has the same file already, so that it may be sent again.
        with self._http.answer(
            "POST", f"{self._http.url}{path}", deadline, body=body, repeatable=True
        ) as answer:
            if answer.status != 200:
                raise answer.error()
            stored = answer.json()
        if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
            raise ProtocolError(
                f"{self._http.host} did not say where it stored the file for {key}",
                hint="check that the URL is ComfyUI's",
            )
        folder = stored.get("subfolder")
        return f"{folder}/{stored['name']}" if folder else str(stored["name"])

    def _queue(self, graph: dict[str, Any], prompt_id: str, deadline: Deadline) -> str:
        body = {"prompt": graph, "client_id": prompt_id, "prompt_id": prompt_id}
        queued: dict[str, Any] = {}

        def send() -> None:
            with self._http.answer(
                "POST",
                f"{self._http.url}/prompt",
                deadline,
                body=partial(JsonBody, body),
            ) as answer:
                if answer.status != 200:
                    raise answer.error()
                said = answer.json()
                queued.update(said if isinstance(said, dict) else {})

        once(send, lambda: self._status(prompt_id, deadline) != "unknown", deadline)
        if queued.get("node_errors"):
            LOG.warning(
                "%s leaves out some outputs: %s",
                self._http.host,
                json.dumps(queued["node_errors"])[:500],
            )
        # Servers of before 2025 make an id of their own.
        return str(queued.get("prompt_id") or prompt_id)

    def _awaited(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        events: ComfyEvents | None,
    ) -> PromptResult:
        asked = absences = 0

        def ask() -> dict[str, Any] | None:
            nonlocal asked, absences
            found = self._history(prompt_id, deadline)
            if found is None and asked % _QUEUE_EVERY == 0:
                place = self._place(prompt_id, deadline)
                absences = 0 if place else absences + 1
                if absences > 1:
                    found = self._history(prompt_id, deadline)
                    if found is None:
                        raise _vanished(prompt_id)
            asked += 1
            return found

        found = poll(ask, deadline, events.hear if events else None)
        logs = events.lines if events else deque[str]()
        return result_of(prompt_id, found, params, logs, self._http)

    def _history(self, prompt_id: str, deadline: Deadline) -> dict[str, Any] | None:
        found = self._asked(f"/history/{quote(prompt_id, safe='')}", deadline)
        entry = found.get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def _place(self, prompt_id: str, deadline: Deadline) -> Status | None:
        """Whether the run waits or runs."""
        queue = self._asked("/queue", deadline)
        states: tuple[tuple[str, Status], ...] = (
            ("queue_running", "running"),
            ("queue_pending", "waiting"),
        )
        for key, status in states:
            for item in queue.get(key) or ():
                if isinstance(item, list) and item[1:2] == [prompt_id]:
                    return status
        return None

    def _status(self, prompt_id: str, deadline: Deadline) -> Status:
        place = self._place(prompt_id, deadline)
        found = None if place else self._history(prompt_id, deadline)
        if place is not None or found is None:
            return place or "unknown"
        return outcome_of(found)

    def _cancel(self, prompt_id: str, deadline: Deadline) -> None:
        place = self._place(prompt_id, deadline)
        if place == "waiting":
            self._post("/queue", {"delete": [prompt_id]}, deadline)
            place = self._place(prompt_id, deadline)
        if place == "running":
            # Only then: servers of before 2025 interrupt whatever runs.
            self._post("/interrupt", {"prompt_id": prompt_id}, deadline)

    def _asked(self, path: str, deadline: Deadline) -> dict[str, Any]:
        with self._http.answer("GET", f"{self._http.url}{path}", deadline) as answer:
            if answer.status != 200:
                raise answer.error()
            found = answer.json()
        if not isinstance(found, dict):
            raise ProtocolError(
                f"{self._http.host} answered {path} with something other than ComfyUI does",
                hint="check that the URL is ComfyUI's",
            )
        return found

    def _post(self, path: str, body: Any, deadline: Deadline) -> None:
        with self._http.answer(
            "POST",
            f"{self._http.url}{path}",
            deadline,
            body=partial(JsonBody, body),
            repeatable=True,
        ) as answer:
            if answer.status != 200:
                raise answer.error()

    @contextlib.contextmanager
    def _events(
        self,
        prompt_id: str,
        classes: Mapping[str, str],
        watch: Watch,
        deadline: Deadline,
    ) -> Iterator[ComfyEvents | None]:
        """The run's messages as they come; None where nobody listens, or nothing can be heard."""
        if not watch:
            yield None
            return
        from .live import comfy_events

        with comfy_events(
            self._http, prompt_id, prompt_id, classes, watch, deadline
        ) as events:
            yield events


def _workflow(call: Call) -> Mapping[str, Any]:
    workflow = call.override or call.graph
    if workflow is None:
        raise InvalidWorkflowError(
            "a ComfyUI runs a workflow that is sent along, and this module does not carry its own",
            hint="generate it again without --no-embed, or pass override_workflow",
        )
    return workflow


def _named(files: Mapping[str, Upload]) -> dict[str, Upload]:
    """The files, with names of their own for masks: the server would take one that has its name already for it."""
    return {
        key: (
            Upload(each.data, f"masked-{uuid.uuid4().hex}.png", "image/png")
            if _is_mask(key)
            else each
        )
        for key, each in files.items()
    }


def _reference(stored: str) -> dict[str, str]:
    """A stored file's name, such as `folder/name.png [input]`, in its parts."""
    name, _, kind = stored.removesuffix("]").partition(" [")
    subfolder, _, filename = name.rpartition("/")
    return {"filename": filename, "subfolder": subfolder, "type": kind or "input"}


def _is_mask(key: str) -> bool:
    return key.endswith(MASK_SUFFIX)


def _vanished(prompt_id: str) -> NotFoundError:
    return NotFoundError(
        "the server does not know the run any more: it was deleted, or the server was started anew",
        hint="run it again",
        prompt_id=prompt_id,
    )
