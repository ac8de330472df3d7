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
    RejectedError,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    ViewComfyError,
)
from ..faults import NodeFault
from ..http.bodies import JsonBody
from ..http.client import LOG, RETRIES, Http
from ..http.deadlines import Deadline
from ..http.responses import Response
from ..json_types import ApiWorkflow, JsonObject, as_list, as_object
from . import submitting
from .api_assets import asset_in
from .api_errors import code_in, missing_assets
from .api_jobs import API, created_in, job_in, job_path, text_of
from .submitting import NOT_STARTED, Run

if TYPE_CHECKING:
    from datetime import datetime

_GONE: Final = "the server no longer has this file"

RUN_LABEL: Final = "viewcomfy-run"
"""The label that identifies a run, if the server supports labels."""

_RECENT: Final = 20
"""Jobs of the server's list that are searched."""

_SLACK: Final = 5.0
"""Seconds by which a job may seem older than the call that started it."""


def cancel_job(http: Http, prompt_id: str, deadline: Deadline) -> None:
    """Cancel a run. Raises ViewComfyError."""
    url = http.at(job_path(prompt_id, "/cancel"))
    with http.request("POST", url, deadline, idempotent=True, expect=(200, 202)):
        pass


class Submission:
    """Starts one run.

    `body` returns the request for a workflow. `earlier` are the ids of the client's earlier runs,
    which this one can't be; this run's id is added.
    """

    def __init__(
        self,
        http: Http,
        run: Run,
        deadline: Deadline,
        body: Callable[[ApiWorkflow], dict[str, object]],
        earlier: deque[str],
    ) -> None:
        self._http = http
        self._run = run
        self._deadline = deadline
        self._make = body
        self._earlier = earlier
        self._key = str(uuid.uuid4())
        self._graph: ApiWorkflow = {}
        self._labeled = self._listed = False
        self._begun = 0.0
        self.job: JsonObject | None = None
        """The job in the server's response; None if that response was lost."""
        self._code = ""

    def send(self, graph: ApiWorkflow) -> None:
        """Start the run and set its `prompt_id`. Raises ViewComfyError.

        The server accepts the run's Idempotency-Key only once, so sending a call again that the
        server doesn't list can't start a second run.
        """
        self._graph, self._begun = graph, time.monotonic()
        body = self._make(graph)
        labels = body.get("metadata")
        self._labeled = isinstance(labels, dict)
        if isinstance(labels, dict):
            body["metadata"] = {**labels, RUN_LABEL: self._key}
        for left in range(RETRIES, -1, -1):
            error = self._post_once(body)
            if error is None or self._find_after_pauses():
                return
            if not (left and self._listed):
                raise ConnectionFailedError(
                    f"it isn't known whether {self._http.host} accepted the call: {error.message}",
                    hint="look for the run at the server before you send it again",
                    status=error.status,
                )

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Cancel the run. If its id isn't known, look for it first. Raises ViewComfyError."""
        if prompt_id or self._find(deadline):
            cancel_job(self._http, self._run.prompt_id, deadline)

    def _post_once(self, body: Mapping[str, object]) -> ViewComfyError | None:
        """Send the call. Returns an error after which the call may have arrived; raises any other
        error.
        """
        try:
            self._run.started = True
            self._post(body)
        except NOT_STARTED as error:
            if self._code == "idempotency_key_reuse":
                return error
            self._run.started = False
            raise
        except ConnectionFailedError as error:
            if not error.nothing_sent:
                return error
            self._run.started = False
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
        self._set_prompt_id(text_of(self.job.get("id")))

    def _set_prompt_id(self, prompt_id: str) -> None:
        self._run.prompt_id = prompt_id
        self._earlier.append(prompt_id)

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

    def _find_after_pauses(self) -> bool:
        """Whether the server has the run, which appears in its list after a moment."""
        LOG.info("checking whether %s accepted the call", self._http.host)
        for pause in submitting.LOOKUP_PAUSES:
            self._deadline.sleep(pause)
            if self._find(self._deadline):
                return True
        return False

    def _find(self, deadline: Deadline) -> bool:
        """Whether the run is in the server's list. Sets `_listed` to whether there is a list."""
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
                    self._set_prompt_id(text_of(job.get("id")))
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
        if not own or own in self._earlier:
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
        url = self._http.at(path)
        with self._http.request("GET", url, deadline, expect=(200,)) as response:
            return as_object(response.json()), response.date


def _is_same(ours: ApiWorkflow, theirs: Any) -> bool:
    """Whether the server runs our workflow, in which it may have renamed files."""
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
