"""The jobs of Comfy API v2 and their events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from viewcomfy_runtime.json_types import JsonObject, JsonValue

from ..calls import faults
from ..deployments import Deployments
from ..http.forms import LONGEST_FIELD, CallForm, read_json_body
from ..http.responses import AsciiJson
from ..served import Served
from .assets import Assets, with_files
from .jobs import ApiJob, class_of
from .requests import (
    PREFIX,
    Handlers,
    JobRequest,
    Refusal,
    job_request_in,
    literals_in,
    query_number,
)

MOST_KEPT: Final = 1000
"""Jobs that are kept, with their files."""

MOST_KEYS: Final = 100_000
"""Idempotency keys that are remembered."""

FIRST_WORD: Final = 0.5
"""Seconds to wait for the rejection of a run before its job is announced."""

_LONGEST_KEY: Final = 255
_PAGE: Final = 100
_KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a stream gets a comment."""


class JobRoutes:
    """Start, list, follow and cancel jobs.

    Any workflow can be run; it is checked like a call to the served workflow it resembles most.
    """

    def __init__(self, deployments: Deployments, assets: Assets) -> None:
        self._deployments = deployments
        self._assets = assets
        self._jobs: dict[str, ApiJob] = {}
        self._keys: dict[str, None] = {}

    @property
    def handlers(self) -> Handlers:
        """The handlers by method and path."""
        return {
            ("POST", "/jobs"): self.submit,
            ("GET", "/jobs"): self.listed,
            ("GET", "/jobs/{id}"): self.job,
            ("GET", "/jobs/{id}/workflow"): self.workflow,
            ("GET", "/jobs/{id}/events"): self.follow,
            ("POST", "/jobs/{id}/cancel"): self.cancel,
        }

    def close(self) -> None:
        """End what still runs."""
        for job in self._jobs.values():
            job.close()

    async def submit(self, request: Request) -> Response:
        """Start a job."""
        job_request = job_request_in(await read_json_body(request, LONGEST_FIELD))
        key = self._claimed(request)
        try:
            job = await self._started(request, job_request)
        except BaseException:
            # Nothing runs: the key may be used for another try.
            self._keys.pop(key, None)
            raise
        request.state.note = f"job {job.id}"
        return AsciiJson(job.as_json(self._base(request)), 201)

    async def _started(self, request: Request, job_request: JobRequest) -> ApiJob:
        placed, files, missing = with_files(job_request.workflow, self._assets)
        if missing:
            details: JsonObject = {"missing_ids": [*missing]}
            raise Refusal(422, "missing_asset", "the server lacks files", details)
        served = self._nearest(placed)
        params = literals_in(served, placed, files)
        form = CallForm(
            {"params": json.dumps(params), "workflow_api": json.dumps(placed)},
            {str(key): asset.path for key, asset in files.items()},
        )
        fault = self._deployments.fault(request)
        call = await self._deployments.check(served, form)
        run = self._deployments.start(
            call, fault, watched=True, partner_key=job_request.partner_key
        )
        await run.begun(FIRST_WORD)
        job = ApiJob(run, placed, job_request.metadata, self._assets)
        while len(self._jobs) >= MOST_KEPT:
            oldest = self._jobs.pop(next(iter(self._jobs)))
            oldest.cancel()
            for own in oldest.asset_ids:
                self._assets.drop(own)
        self._jobs[job.id] = job
        return job

    def _claimed(self, request: Request) -> str:
        key = request.headers.get("idempotency-key")
        if key is None:
            return ""
        if not 1 <= len(key) <= _LONGEST_KEY:
            message = f"Idempotency-Key must have 1 to {_LONGEST_KEY} characters"
            raise Refusal(400, "invalid_request", message)
        if key in self._keys:
            message = "this Idempotency-Key was used: look for its job instead"
            raise Refusal(422, "idempotency_key_reuse", message)
        while len(self._keys) >= MOST_KEYS:
            del self._keys[next(iter(self._keys))]
        self._keys[key] = None
        return key

    def _nearest(self, workflow: Mapping[str, JsonValue]) -> Served:
        """The served workflow that shares the most nodes."""

        def shared(served: Served) -> int:
            graph = served.workflow.graph
            return sum(
                node in graph and graph[node].get("class_type") == class_of(about)
                for node, about in workflow.items()
            )

        return max(self._deployments.workflows.values(), key=shared)

    async def listed(self, request: Request) -> Response:
        """The jobs, newest first, that have the requested labels."""
        query = request.query_params
        wanted = {
            name[len("metadata[") : -1]: value
            for name, value in query.items()
            if name.startswith("metadata[") and name.endswith("]")
        }
        start = query_number(query.get("cursor", "0"), 0, 1 << 30, "cursor")
        limit = query_number(query.get("limit", "20"), 1, _PAGE, "limit")
        found = [
            job
            for job in reversed(self._jobs.values())
            if wanted.items() <= job.metadata.items()
        ]
        base, end = self._base(request), start + limit
        page: JsonObject = {"jobs": [job.as_json(base) for job in found[start:end]]}
        return AsciiJson(page | ({"next_cursor": str(end)} if end < len(found) else {}))

    async def job(self, request: Request) -> Response:
        """The state of a job."""
        return AsciiJson(self._known(request).as_json(self._base(request)))

    async def workflow(self, request: Request) -> Response:
        """The workflow that a job runs."""
        job = self._known(request)
        return AsciiJson({"workflow": job.workflow, "format": "api"})

    async def cancel(self, request: Request) -> Response:
        """Cancel a job; a finished job stays as it is."""
        job = self._known(request)
        job.cancel()
        return AsciiJson(job.as_json(self._base(request)))

    async def follow(self, request: Request) -> Response:
        """A job's events from now on."""
        events = self._events(self._known(request), self._base(request))
        return StreamingResponse(events, media_type="text/event-stream")

    async def _events(self, job: ApiJob, base: str) -> AsyncIterator[bytes]:
        yield _event("status", job.status_event)
        with job.subscribed() as events:
            for kind, about in list(job.past):
                yield _event(kind, _shown(about, base))
            if job.progress is not None:
                yield _event("progress", job.progress)
            while True:
                try:
                    each = await asyncio.wait_for(events.get(), _KEEP_ALIVE)
                except asyncio.TimeoutError:
                    yield b": keepalive\n\n"
                    continue
                if each is None:
                    break
                yield _event(each[0], _shown(each[1], base))
        yield _event("status", job.status_event)

    def _known(self, request: Request) -> ApiJob:
        found = self._jobs.get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "job_not_found", "there is no such job")
        return found

    def _base(self, request: Request) -> str:
        return f"{self._deployments.base(request)}{PREFIX}"


def _shown(about: Any, base: str) -> Any:
    """An event's data, with links for the URL that the client uses."""
    return about(base) if callable(about) else about


def _event(kind: str, about: Any) -> bytes:
    return faults.event(kind, json.dumps(about))
