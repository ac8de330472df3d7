"""ViewComfy's cloud through its gateway, which schedules, reports and cancels runs by their
prompt_id.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ..calls.call import QUIET, Call, Status, Watch
from ..calls.events import Queued
from ..errors import (
    ConfigurationError,
    NotFoundError,
    ProtocolError,
    ViewComfyError,
)
from ..http.client import LOG, RETRIES, Http
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.multipart import Form
from ..http.urls import checked_url
from ..json_types import JsonObject
from ..results.result import PromptResult
from ..texts import HIDDEN
from .closing import HttpClient
from .defaults import GATEWAY
from .deployments import credentials_for, form_fields, settings_in
from .gateway_events import GatewayEvents, gateway_events
from .live import poll_with_events
from .submitting import Run, canceling_on_error, submit_once, with_prompt_id

if TYPE_CHECKING:
    import requests

ABSENCES: Final = 12
"""Consecutive polls, about half a minute, without the run before it counts as lost."""

_INFER: Final = "/api/workflow/infer"
_WAITING: Final = ("pending", "queued", "scheduled")
"""The gateway's names for a run that is queued."""

_CANCELED: Final = ("cancelled", "canceled", "interrupted")


class ViewComfyGateway(HttpClient):
    """A deployment on ViewComfy's cloud, reached through its gateway, which keeps runs and their
    results.

    `view_comfy_api_url` is the deployment's endpoint. A client can be shared between threads. A
    run's log is received over Socket.IO if the extra `live` is installed; otherwise the gateway is
    only polled. Raises ConfigurationError if a URL or the credentials aren't valid.
    """

    def __init__(
        self,
        view_comfy_api_url: str,
        client_id: str,
        client_secret: str,
        *,
        base: str = GATEWAY,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        self._deployment, _ = checked_url(view_comfy_api_url)
        credentials = credentials_for(client_id, client_secret)
        self._http = Http(base, credentials, session, retries)
        self._links = self._http.for_links()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ViewComfyGateway:
        """The client for VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET, with
        the gateway at VIEWCOMFY_GATEWAY_URL, if that is set.

        Raises MissingSettingsError naming those that are missing.
        """
        base = environ.get("VIEWCOMFY_GATEWAY_URL") or GATEWAY
        return cls(*settings_in(environ, cls.__name__), base=base)

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the deployed workflow once and wait for its result, 2400 seconds at most by default.

        A timeout, Ctrl-C or an exception in a callback cancels the run at the server too. Raises
        ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        run = Run(str(uuid.uuid4()))
        with (
            deadline,
            canceling_on_error(run, deadline, self._cancel),
            gateway_events(self._http, run.prompt_id, watch, deadline) as events,
        ):
            deadline.enter("upload")
            self._schedule(call, run, deadline, events.sid if events else None)
            deadline.enter("queue")
            return self._awaited(run.prompt_id, call.params, deadline, watch, events)

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Schedule a run and return its prompt_id. Raises ViewComfyError."""
        run = Run(str(uuid.uuid4()))
        with deadline, canceling_on_error(run, deadline, self._cancel):
            self._schedule(call, run, deadline, None)
        return run.prompt_id

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The current state of the run. Raises ViewComfyError."""
        with deadline, with_prompt_id(prompt_id):
            found = self._ask(prompt_id, deadline)
        if found is None:
            return "unknown"
        status = _status_in(found)
        if status in _CANCELED:
            return "cancelled"
        if _has_ended(found):
            return "success" if status == "success" else "error"
        return "waiting" if status in _WAITING else "running"

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of a run.

        Raises ViewComfyError: ConfigurationError if `watch` has callbacks, because the gateway
        sends events only to the session that was named when the run started.
        """
        if watch:
            raise ConfigurationError(
                "the gateway sends no events of a run that was submitted",
                hint="use result() without callbacks, or events() or run() in place of submit()",
            )
        with deadline, with_prompt_id(prompt_id):
            return self._awaited(prompt_id, params, deadline, watch, None)

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Cancel the run. Raises ViewComfyError."""
        with deadline, with_prompt_id(prompt_id):
            self._cancel(prompt_id, deadline)

    def request(self, call: Call) -> Mapping[str, Any]:
        """A human-readable view of what would be sent for the call: method, URL, fields and files,
        without secrets.
        """
        return {
            "method": "POST",
            "url": self._http.at(_INFER),
            "headers": dict.fromkeys(self._http.credentials, HIDDEN),
            "fields": {"prompt_id": "(made for each run)", **self._fields(call)},
            "files": call.file_summaries(),
        }

    def _fields(self, call: Call) -> dict[str, object]:
        override = {} if call.override is None else {"workflow_api": call.override}
        about = {"view_comfy_api_url": self._deployment, "params": dict(call.params)}
        return {**about, **override}

    def _schedule(
        self, call: Call, run: Run, deadline: Deadline, sid: str | None
    ) -> None:
        prompt_id = run.prompt_id
        fields = {"prompt_id": prompt_id, **({"sid": sid} if sid else {})}
        fields |= form_fields(self._fields(call))
        with contextlib.closing(Form(fields, call.files, deadline)) as form:

            def send() -> None:
                with self._http.request(
                    "POST",
                    self._http.at(_INFER),
                    deadline,
                    body=form.body,
                    expect=(200, 201),
                ) as response:
                    response.json()

            submit_once(
                run,
                send,
                lambda: self._ask(prompt_id, deadline) is not None,
                deadline,
            )
        LOG.debug("%s scheduled %s", self._http.host, prompt_id)

    def _awaited(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch,
        events: GatewayEvents | None,
    ) -> PromptResult:
        absences = 0
        is_queued = False

        def ask() -> JsonObject | None:
            nonlocal absences, is_queued
            found = self._ask(prompt_id, deadline)
            if found is None:
                absences += 1
                if absences > ABSENCES:
                    raise self._lost(prompt_id)
                return None
            absences = 0
            if _has_ended(found):
                return found
            if _status_in(found) not in _WAITING:
                deadline.enter("run")
            elif events is not None and not is_queued:
                is_queued = True
                events.emit(Queued())
            return None

        found = poll_with_events(ask, deadline, watch, events)
        return PromptResult.from_wire(
            found,
            params=params,
            logs=events.lines if events else (),
            http=self._links,
        )

    def _lost(self, prompt_id: str) -> ViewComfyError:
        return NotFoundError(
            f"{self._http.host} no longer knows the run",
            hint="run it again; if that happens again, tell ViewComfy",
            prompt_id=prompt_id,
        )

    def _ask(self, prompt_id: str, deadline: Deadline) -> JsonObject | None:
        """The gateway's description of a run; None if it doesn't know the run."""
        query = urlencode({"prompt_ids": prompt_id}, errors="replace")
        found = self._http.get_json(f"{_INFER}/?{query}", deadline)
        if not isinstance(found, list):
            raise ProtocolError(
                f"{self._http.host} answered with something other than a list of runs",
                hint="check the URL of the gateway",
            )
        for each in found:
            if isinstance(each, dict) and each.get("promptId") == prompt_id:
                return each
        return None

    def _cancel(self, prompt_id: str, deadline: Deadline) -> None:
        body = {"prompt_id": prompt_id, "view_comfy_api_url": self._deployment}
        self._http.post_json(f"{_INFER}/cancel", body, deadline)


def _status_in(found: Mapping[str, Any]) -> str:
    return str(found.get("status") or "").lower()


def _has_ended(found: Mapping[str, Any]) -> bool:
    """Whether a run has ended, successfully or not."""
    ended = ("success", "error", *_CANCELED)
    return found.get("completed") is True or _status_in(found) in ended
