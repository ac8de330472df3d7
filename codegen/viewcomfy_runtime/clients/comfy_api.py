"""Comfy API v2: Comfy Cloud, serverless deployments, and a ComfyUI behind comfy-api-proxy."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from ..calls.call import QUIET, SHORT, Call, Status, Watch
from ..calls.overrides import applied, own_workflow, require_nodes
from ..errors import (
    ConfigurationError,
    NotFoundError,
    RejectedError,
    wrong_type,
)
from ..http.client import LOG, RETRIES, Http
from ..http.credentials import Credentials
from ..http.deadlines import LONGEST_RUN, Deadline
from ..http.polling import poll
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
    ListedJob,
    job_in,
    job_path,
    outputs_of,
    result_of,
    text_of,
)
from .api_submission import RUN_LABEL, Submission
from .closing import Closing
from .defaults import COMFY_CLOUD
from .masking import with_masks
from .submitting import Run, named, partner_data, reachable, teller

if TYPE_CHECKING:
    import requests

ABSENCES: Final = 3
"""Consecutive polls in which the server doesn't know a run that it accepted before the run counts
as lost.
"""

MOST_LABELS: Final = 15
"""Labels of a run, besides the run's own."""

_MOST_STARTED: Final = 1000
"""Earlier runs that a client remembers."""

_PAGE: Final = 100
"""Jobs that are requested at a time."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_LONGEST_LABEL: Final = 256
"""Bytes of a label's value."""


class ComfyAPI(Closing):
    """A server of Comfy API v2: Comfy Cloud without a `url`, a deployment, or a ComfyUI behind
    comfy-api-proxy.

    It runs the workflow that the module carries. `api_key` goes to that server alone;
    `api_key_comfy_org` pays for partner nodes where the server doesn't do so itself. `labels` are
    kept with each run, where the server takes them (deployments do). One client may serve any
    number of threads. With the extra `comfy-api`, files that the server has aren't sent again.
    Raises ConfigurationError for a URL, a key or labels that aren't valid.
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
        partner_data(api_key_comfy_org)  # only to see that it is one
        self._partner_key = api_key_comfy_org
        self._secrets = Secrets([api_key_comfy_org or ""])
        self._labels = _checked(labels or {})
        self._started: deque[str] = deque(maxlen=_MOST_STARTED)

    def __repr__(self) -> str:
        return f"ComfyAPI({self._http.host!r})"

    def with_labels(self, **labels: str) -> ComfyAPI:
        """This client with these labels added to its runs. Raises ConfigurationError for labels
        that aren't valid.
        """
        other = copy(self)
        other._labels = _checked({**self._labels, **labels})
        return other

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        """Run the workflow once and wait for its result, 2400 seconds at most by default.

        A timeout, Ctrl-C and an error of a callback cancel the run at the server too. Raises
        ViewComfyError.
        """
        deadline = deadline or Deadline(LONGEST_RUN)
        run = Run("")
        submission = self._submission(run, deadline)
        with deadline, reachable(run, deadline, submission.cancel):
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
        with deadline, reachable(run, deadline, submission.cancel):
            self._sent(call, submission, deadline)
        return run.prompt_id

    def status(self, prompt_id: str, deadline: Deadline) -> Status:
        """The state of the run. Raises ViewComfyError."""
        with deadline, named(prompt_id):
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
        """Wait for the result of a run; `watch` receives events from now on. Raises
        ViewComfyError.
        """
        with (
            deadline,
            named(prompt_id),
            api_events(self._http, prompt_id, watch, deadline) as events,
        ):
            return self._awaited(prompt_id, params, deadline, watch, events, {})

    def cancel(self, prompt_id: str, deadline: Deadline) -> None:
        """End the run. Raises ViewComfyError."""
        with deadline, named(prompt_id):
            self._submission(Run(prompt_id, begun=True), deadline).cancel(deadline)

    def jobs(
        self,
        label: Mapping[str, str] | None = None,
        *,
        limit: int | None = None,
        timeout: float = SHORT,
    ) -> Iterator[ListedJob]:
        """The server's runs that have all of these labels, newest first, at most `limit`.

        `timeout` is in seconds for each request. Raises ViewComfyError: RejectedError if the server
        doesn't list runs, as Comfy Cloud doesn't.
        """
        if limit is not None and not isinstance(limit, int):
            raise wrong_type("limit", "a whole number", limit)
        if label is not None and not isinstance(label, Mapping):
            raise wrong_type("label", "a mapping of names to strings", label)
        wanted = dict(label or {})
        query: dict[str, str] = {f"metadata[{key}]": wanted[key] for key in wanted}
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            with Deadline(timeout) as deadline:
                page = self._page({**query, "limit": str(size)}, deadline)
            found = [ListedJob.from_wire(each) for each in _jobs_in(page)]
            # Not every server looks at the labels that it is asked for.
            fitting = [each for each in found if wanted.items() <= each.labels.items()]
            yield from fitting[:left]
            left = None if left is None else left - len(fitting)
            cursor = page.get("next_cursor")
            if not found or not isinstance(cursor, str) or not cursor:
                return
            query["cursor"] = cursor

    def request(self, call: Call) -> Mapping[str, Any]:
        """What would be sent for the call, for people to
        read: method, URL, body, files, and no secret.
        """
        graph = applied(own_workflow(call, "Comfy API v2"), call.params)
        return {
            "method": "POST",
            "url": self._http.at(f"{API}/jobs"),
            "headers": dict.fromkeys(self._http.credentials, HIDDEN),
            "body": self._body(graph, HIDDEN if self._partner_key else None),
            "files": {key: upload.about() for key, upload in call.files.items()},
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

        Not every server accepts a file of an earlier result as an input: if one is refused, it is
        uploaded and the workflow sent again.
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
        return Submission(self._http, run, deadline, body, self._started)

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
                events.asked(job)
            return None

        job = poll(
            ask, deadline, events.hear if events else None, teller(events, watch)
        )
        if events is not None:
            events.drain()
            if job.get("status") == "succeeded":
                for file in outputs_of(job.get("outputs"), self._http):
                    events.ready(file)
        logs = events.lines if events else ()
        return result_of(job, params, graph, logs, self._http)

    def _job(self, prompt_id: str, deadline: Deadline) -> JsonObject:
        url = self._http.at(job_path(prompt_id))
        with self._http.request("GET", url, deadline) as response:
            if response.status != 200:
                raise response.error()
            return job_in(response.json(), response.host)

    def _page(self, query: Mapping[str, str], deadline: Deadline) -> JsonObject:
        url = self._http.at(f"{API}/jobs?{urlencode(query, errors='replace')}")
        with self._http.request("GET", url, deadline) as response:
            if response.status != 200:
                raise response.error()
            found = response.json()
        return found if isinstance(found, dict) else {}


def _jobs_in(page: Mapping[str, Any]) -> list[JsonObject]:
    jobs = page.get("jobs")
    return [each for each in jobs if isinstance(each, dict)] if jobs else []


def _checked(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels. Raises ConfigurationError for labels that no server accepts."""
    if not isinstance(labels, Mapping):
        raise wrong_type("labels", "a mapping of names to strings", labels)
    if len(labels) > MOST_LABELS:
        raise ConfigurationError(f"a run can have at most {MOST_LABELS} labels")
    for name, value in labels.items():
        if not isinstance(name, str) or not _LABEL.fullmatch(name) or name == RUN_LABEL:
            raise ConfigurationError(
                f"{name!r:.80} can't be the name of a label",
                hint="use 1 to 40 of A-Z, a-z, 0-9, _ . and -",
            )
        size = len(value.encode("utf-8", "replace")) if isinstance(value, str) else -1
        if not 0 <= size <= _LONGEST_LABEL:
            raise ConfigurationError(
                f"the label {name} must be a string of at most {_LONGEST_LABEL} bytes"
            )
    return dict(labels)
