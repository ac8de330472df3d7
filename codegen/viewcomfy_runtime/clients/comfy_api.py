"""Comfy API v2: Comfy Cloud, serverless deployments, and a ComfyUI behind comfy-api-proxy."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..calls.call import QUIET, SHORT_TIMEOUT, Call, Status, Watch
from ..calls.overrides import applied, own_workflow, require_nodes
from ..errors import NotFoundError, RejectedError, wrong_type
from ..http.client import LOG, RETRIES, Http
from ..http.credentials import Credentials
from ..http.deadlines import LONGEST_RUN, Deadline
from ..json_types import ApiWorkflow, JsonObject
from ..parameters.key import WireKey
from ..results.result import PromptResult
from ..texts import HIDDEN, Secrets
from .api_assets import is_kept, uploaded
from .api_errors import api_error
from .api_events import ApiEvents, api_events
from .api_jobs import (
    API,
    FINAL,
    STATUSES,
    job_in,
    job_path,
    outputs_of,
    result_of,
    text_of,
)
from .api_listing import ListedJob, listed_jobs, valid_labels
from .api_submission import Submission, cancel_job
from .closing import HttpClient
from .defaults import COMFY_CLOUD
from .live import poll_with_events
from .masking import with_masks
from .submitting import Run, canceling_on_error, partner_data, with_prompt_id

if TYPE_CHECKING:
    import requests

ABSENCES: Final = 3
"""Consecutive polls without an accepted run before it counts as lost."""

_MOST_EARLIER: Final = 1000
"""Maximum number of earlier runs that a client remembers."""


class ComfyAPI(HttpClient):
    """A server of Comfy API v2: Comfy Cloud without a `url`, a deployment, or a ComfyUI behind
    comfy-api-proxy.

    It runs the workflow embedded in the module. `api_key` is sent to that server only;
    `api_key_comfy_org` pays for partner nodes if the server doesn't. `labels` are stored with each
    run if the server supports that, as deployments do. A client can be shared between threads. With
    the extra `comfy-api`, files that the server already has aren't sent again. Raises
    ConfigurationError if the URL, a key or a label isn't valid.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        api_key_comfy_org: str | None = None,
        headers: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
        retries: int = RETRIES,
    ) -> None:
        bearer = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        base = COMFY_CLOUD if url is None else url
        if isinstance(base, str):
            base = base.rstrip("/").removesuffix(API)
        credentials = Credentials({**bearer, **(headers or {})})
        self._http = Http(base, credentials, session, retries, api_error)
        partner_data(api_key_comfy_org)  # raises TypeError if it isn't a key
        self._partner_key = api_key_comfy_org
        self._secrets = Secrets([api_key_comfy_org or ""])
        self._labels = valid_labels(labels or {})
        self._earlier: deque[str] = deque(maxlen=_MOST_EARLIER)

    def with_labels(self, **labels: str) -> ComfyAPI:
        """A copy of this client that adds these labels to its runs. Raises ConfigurationError if
        one isn't valid.
        """
        other = copy(self)
        other._labels = valid_labels({**self._labels, **labels})
        return other

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the workflow once and wait for its result, 2400 seconds at most by default.

        A timeout, Ctrl-C or an exception in a callback cancels the run at the server too. Raises
        ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        run = Run("")
        submission = self._submission(run, deadline)
        with deadline, canceling_on_error(run, deadline, submission.cancel):
            deadline.enter("upload")
            graph = self._sent(call, submission, deadline)
            deadline.enter("queue")
            classes = {node: text_of(graph[node].get("class_type")) for node in graph}
            with api_events(
                self._http, run.prompt_id, watch, deadline, classes
            ) as events:
                return self._awaited(
                    run.prompt_id,
                    call.params,
                    deadline,
                    watch,
                    events,
                    graph,
                    submission.job,
                )

    def submit(self, call: Call, deadline: Deadline) -> str:
        """Start a run and return its prompt_id. Raises ViewComfyError."""
        run = Run("")
        submission = self._submission(run, deadline)
        with deadline, canceling_on_error(run, deadline, submission.cancel):
            self._sent(call, submission, deadline)
        return run.prompt_id

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The current state of the run. Raises ViewComfyError."""
        with deadline, with_prompt_id(prompt_id):
            try:
                job = self._job(prompt_id, deadline)
            except NotFoundError:
                return "unknown"
        return STATUSES.get(str(job.get("status")), "running")

    def result(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch = QUIET,
    ) -> PromptResult:
        """Wait for the result of a run. `watch` receives its remaining events. Raises
        ViewComfyError.
        """
        with (
            deadline,
            with_prompt_id(prompt_id),
            api_events(self._http, prompt_id, watch, deadline) as events,
        ):
            return self._awaited(prompt_id, params, deadline, watch, events, {})

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """Cancel the run. Raises ViewComfyError."""
        with deadline, with_prompt_id(prompt_id):
            cancel_job(self._http, prompt_id, deadline)

    def jobs(
        self,
        label: Mapping[str, str] | None = None,
        *,
        limit: int | None = None,
        timeout: float = SHORT_TIMEOUT,
    ) -> Iterator[ListedJob]:
        """The server's runs that have all of these labels, newest first, at most `limit`.

        `timeout` is in seconds for each request. Raises ViewComfyError: RejectedError if the server
        doesn't list runs, as Comfy Cloud doesn't.
        """
        if limit is not None and not isinstance(limit, int):
            raise wrong_type("limit", "a whole number", limit)
        if label is not None and not isinstance(label, Mapping):
            raise wrong_type("label", "a mapping of names to strings", label)
        return listed_jobs(self._http, dict(label or {}), limit, timeout)

    def request(self, call: Call) -> Mapping[str, Any]:
        """A human-readable view of what would be sent for the call: method, URL, body and files,
        without secrets.
        """
        graph = applied(own_workflow(call, "Comfy API v2"), call.params)
        return {
            "method": "POST",
            "url": self._http.at(f"{API}/jobs"),
            "headers": dict.fromkeys(self._http.credentials, HIDDEN),
            "body": self._body(graph, HIDDEN if self._partner_key else None),
            "files": call.file_summaries(),
        }

    def _body(self, graph: ApiWorkflow, partner_key: str | None) -> dict[str, object]:
        body: dict[str, object] = {"workflow": graph, **partner_data(partner_key)}
        if self._labels:
            body["metadata"] = dict(self._labels)
        return body

    def _sent(
        self, call: Call, submission: Submission, deadline: Deadline
    ) -> ApiWorkflow:
        """Start the run, and return the workflow that was sent.

        Not every server accepts a file of an earlier result as an input: if one is rejected, the
        file is uploaded and the workflow is sent again.
        """
        graph = self._graph(call, deadline)
        try:
            submission.send(graph)
        except RejectedError as error:
            error_for = {str(WireKey(each.node, each.input)) for each in error.faults}
            kept = {
                key: upload
                for key, upload in call.files.items()
                if key in error_for and is_kept(upload.data, self._http)
            }
            if not kept:
                raise
            LOG.info("%s; uploading the file", error.message.partition("\n")[0])
            graph = self._graph(call, deadline, fresh=frozenset(kept))
            submission.send(graph)
        return graph

    def _graph(
        self, call: Call, deadline: Deadline, fresh: Collection[str] = ()
    ) -> ApiWorkflow:
        """The workflow with the call's values and uploaded files.

        Those in `fresh` are uploaded even if the server made them.
        """
        workflow = own_workflow(call, "Comfy API v2")
        files = with_masks(call.files, deadline)
        require_nodes(workflow, (*call.params, *files))
        references = uploaded(files, self._http, deadline, fresh)
        return applied(workflow, {**call.params, **references})

    def _submission(self, run: Run, deadline: Deadline) -> Submission:
        body = partial(self._body, partner_key=self._partner_key)
        return Submission(self._http, run, deadline, body, self._earlier)

    def _awaited(
        self,
        prompt_id: str,
        params: Mapping[str, Any],
        deadline: Deadline,
        watch: Watch,
        events: ApiEvents | None,
        graph: Mapping[str, Any],
        known: JsonObject | None = None,
    ) -> PromptResult:
        absences = 0

        def ask() -> JsonObject | None:
            nonlocal absences, known
            try:
                job = known or self._job(prompt_id, deadline)
                known = None
                absences = 0
            except NotFoundError:
                absences += 1
                if absences > ABSENCES:
                    raise
                return None
            status = text_of(job.get("status"))
            if status in FINAL:
                return job
            if status != "queued":
                deadline.enter("run")
            if events is not None:
                events.polled(job)
            return None

        job = poll_with_events(ask, deadline, watch, events)
        if events is not None and job.get("status") == "succeeded":
            for file in outputs_of(job.get("outputs"), self._http):
                events.ready(file)
        logs = events.lines if events else ()
        return result_of(job, params, graph, logs, self._http)

    def _job(self, prompt_id: str, deadline: Deadline) -> JsonObject:
        job = self._http.get_json(job_path(prompt_id), deadline)
        return job_in(job, self._http.host)
