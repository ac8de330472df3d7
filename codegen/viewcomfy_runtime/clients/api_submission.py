"""Starts a run on Comfy API v2 exactly once: if it isn't known whether it started, the server's
list is searched for it.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ..errors import (
    ConnectionFailedError,
    NodeFault,
    RejectedError,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    ViewComfyError,
)
from ..http.bodies import JsonBody
from ..http.client import LOG, RETRIES, Http
from ..http.deadlines import Deadline
from ..http.responses import Response
from ..json_types import ApiWorkflow, JsonObject, as_list, as_object
from .api_assets import asset_in
from .api_errors import code_in, missing_assets
from .api_jobs import API, created_in, job_in, job_path, text_of
from .submitting import REFUSALS, Run

if TYPE_CHECKING:
    from datetime import datetime

_GONE: Final = "the server no longer has this file"

RUN_LABEL: Final = "viewcomfy-run"
"""The label that identifies a run, if the server supports labels."""

_LOOKS: Final = (0.3, 1.0)
"""Seconds before each search for a run that may have started, since it appears after a moment."""

_RECENT: Final = 20
"""Jobs of the server's list that are searched."""

_SLACK: Final = 5.0
"""Seconds by which a job may seem older than the call that started it."""


class Submission:
    """One run on its way to a server.

    `body` makes the request for a workflow. `started` are the ids of the client's earlier runs,
    which this one can't be.
    """

    def __init__(
        self,
        http: Http,
        run: Run,
        deadline: Deadline,
        body: Callable[[ApiWorkflow], dict[str, object]],
        started: deque[str],
    ) -> None:
        self._http = http
        self._run = run
        self._deadline = deadline
        self._make = body
        self._started = started
        self._key = str(uuid.uuid4())
        self._graph: ApiWorkflow = {}
        self._labeled = self._listed = False
        self._begun = 0.0
        self.job: JsonObject | None = None
        """The job in the server's response to the call; None if that response was lost."""
        self._code = ""

    def send(self, graph: ApiWorkflow) -> None:
        """Start the run and set its `prompt_id`. Raises ViewComfyError.

        The server accepts the run's Idempotency-Key only once, so that sending a call again,
        because the server doesn't list it, can't start a second run.
        """
        self._graph, self._begun = graph, time.monotonic()
        body = self._make(graph)
        labels = body.get("metadata")
        self._labeled = isinstance(labels, dict)
        if isinstance(labels, dict):
            body["metadata"] = {**labels, RUN_LABEL: self._key}
        for left in range(RETRIES, -1, -1):
            error = self._tried(body)
            if error is None or self._looked_up():
                return
            if not (left and self._listed):
                raise ConnectionFailedError(
                    f"it isn't known whether {self._http.host} took the call: {error.message}",
                    hint="look for the run at the server before you send it again",
                    status=error.status,
                )

    def cancel(self, deadline: Deadline) -> None:
        """End the run, once it is found. Raises ViewComfyError."""
        if not self._run.prompt_id and not self._found(deadline):
            return
        url = self._http.at(job_path(self._run.prompt_id, "/cancel"))
        with self._http.request("POST", url, deadline, idempotent=True) as response:
            if response.status not in (200, 202):
                raise response.error()

    def _tried(self, body: Mapping[str, object]) -> ViewComfyError | None:
        """Send the call. Returns the error that leaves it unknown whether the call arrived; raises
        any other.
        """
        try:
            self._run.begun = True
            self._post(body)
        except REFUSALS as error:
            if self._code == "idempotency_key_reuse":
                return error
            self._run.begun = False
            raise
        except ConnectionFailedError as error:
            if not error.nothing_sent:
                return error
            self._run.begun = False
            raise
        except ServerError as error:
            return error
        return None

    def _post(self, body: Mapping[str, object]) -> None:
        self._code = ""
        with self._http.request(
            "POST",
            self._http.at(f"{API}/jobs"),
            self._deadline,
            body=partial(JsonBody, body),
            headers={"Idempotency-Key": self._key},
            retry_on=(429,),  # a 503 doesn't say that nothing runs
        ) as response:
            if response.status not in (200, 201, 202):
                raise self._error_for(response)
            self.job = job_in(response.json(), response.host)
        self._is(text_of(self.job.get("id")))

    def _is(self, prompt_id: str) -> None:
        self._run.prompt_id = prompt_id
        self._started.append(prompt_id)

    def _error_for(self, response: Response) -> ViewComfyError:
        error = response.error()
        self._code = code_in(response.error_body)
        missing = missing_assets(response.error_body)
        if not (missing and isinstance(error, RejectedError)):
            return error
        faults = tuple(
            NodeFault(node, text_of(about.get("class_type")), name, _GONE)
            for node, about in self._graph.items()
            for name, value in about["inputs"].items()
            if asset_in(value) in missing
        )
        return RejectedError(
            error.message, faults=faults, hint=error.hint, status=error.status
        )

    def _looked_up(self) -> bool:
        """Whether the server turns out to have the run."""
        LOG.info("looking whether %s took the call", self._http.host)
        for pause in _LOOKS:
            self._deadline.sleep(pause)
            if self._found(self._deadline):
                return True
        return False

    def _found(self, deadline: Deadline) -> bool:
        """Whether the run is in the server's list; `_listed` says whether there is a list."""
        query = {"limit": str(_RECENT)}
        if self._labeled:
            query[f"metadata[{RUN_LABEL}]"] = self._key
        self._listed = False
        try:
            page, now = self._asked(f"{API}/jobs?{urlencode(query)}", deadline)
            self._listed = True
            jobs = page.get("jobs")
            for job in as_list(jobs):
                if isinstance(job, dict) and self._is_ours(job, now, deadline):
                    self._is(text_of(job.get("id")))
                    return True
        except (RunTimeoutError, RunCancelledError):
            raise
        except ViewComfyError as error:
            LOG.info("%s", error.message)
        return False

    def _is_ours(
        self, job: Mapping[str, Any], now: datetime | None, deadline: Deadline
    ) -> bool:
        own, labels = text_of(job.get("id")), job.get("metadata")
        if not own or own in self._started:
            return False
        if self._labeled:
            return isinstance(labels, dict) and labels.get(RUN_LABEL) == self._key
        made = created_in(job)
        if made is not None and now is not None:  # both by the server's clock
            age = (now - made).total_seconds()
            if age > time.monotonic() - self._begun + _SLACK:
                return False
        about, _ = self._asked(job_path(own, "/workflow"), deadline)
        return _is_same(self._graph, about.get("workflow"))

    def _asked(
        self, path: str, deadline: Deadline
    ) -> tuple[JsonObject, datetime | None]:
        with self._http.request("GET", self._http.at(path), deadline) as response:
            if response.status != 200:
                raise response.error()
            found = response.json()
            return as_object(found), response.date


def _is_same(ours: ApiWorkflow, theirs: Any) -> bool:
    """Whether the server runs our workflow; files may have names of the server's own there."""
    if not isinstance(theirs, dict) or ours.keys() != theirs.keys():
        return False
    for node, about in ours.items():
        other = theirs[node]
        if not isinstance(other, dict) or other.get("class_type") != about.get(
            "class_type"
        ):
            return False
        inputs, found = about["inputs"], other.get("inputs")
        if not isinstance(found, dict) or inputs.keys() != found.keys():
            return False
        if any(
            inputs[name] != found[name] and not asset_in(inputs[name])
            for name in inputs
        ):
            return False
    return True
