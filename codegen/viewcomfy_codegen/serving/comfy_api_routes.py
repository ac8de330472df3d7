"""Comfy API v2 on this machine: assets, jobs and their events, compatible with the official SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from . import faults
from .api_jobs import ApiJob
from .assets import Asset, Assets, with_files
from .comfy_api_requests import (
    CODES,
    Refusal,
    checked_workflow,
    class_of,
    literals_in,
    number_in,
    refusal_of,
)
from .desk import Desk
from .forms import LONGEST_FIELD, CallForm, read_form, read_json
from .refusing import Rejected
from .responses import AsciiJson
from .served import Served

PREFIX: Final = "/api/v2"

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


_Handler = Callable[[Request], Awaitable[Response]]


class ComfyApiRoutes:
    """The API's routes. Any workflow can be run; it is checked like a call to the served workflow
    it resembles most.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._assets = Assets()
        self._jobs: dict[str, ApiJob] = {}
        self._keys: dict[str, None] = {}

    @property
    def routes(self) -> list[Route]:
        return [
            Route(f"{PREFIX}{path}", self._answering(handler), methods=[method])
            for method, path, handler in (
                ("POST", "/jobs", self.submit),
                ("GET", "/jobs", self.listed),
                ("GET", "/jobs/{id}", self.job),
                ("GET", "/jobs/{id}/workflow", self.workflow),
                ("GET", "/jobs/{id}/events", self.follow),
                ("POST", "/jobs/{id}/cancel", self.cancel),
                ("POST", "/assets", self.upload),
                ("POST", "/assets/from-hash", self.from_hash),
                ("HEAD", "/assets/by-hash/{hash}", self.by_hash),
                ("GET", "/assets/{id}", self.asset),
                ("DELETE", "/assets/{id}", self.delete),
                ("GET", "/assets/{id}/content", self.content),
            )
        ]

    def close(self) -> None:
        """End what still runs, and remove the files."""
        for job in self._jobs.values():
            job.cancel()
        self._assets.close()

    def _answering(self, handler: _Handler) -> _Handler:
        async def answer(request: Request) -> Response:
            try:
                self._desk.authenticate(request)
                fault = await faults.before(request.headers.get(faults.HEADER))
                if fault is not None and fault.status_code in CODES:
                    code = CODES[fault.status_code]
                    refusal = Refusal(fault.status_code, code, "a fault as asked")
                    after = fault.headers.get("Retry-After")
                    headers = {"Retry-After": after} if after else {}
                    return AsciiJson(refusal.body, refusal.status, headers)
                return fault if fault is not None else await handler(request)
            except Rejected as rejected:
                return _answered(refusal_of(rejected))
            except Refusal as refusal:
                return _answered(refusal)

        return answer

    async def submit(self, request: Request) -> Response:
        """Start a job."""
        body = await read_json(request, LONGEST_FIELD)
        if not isinstance(body, dict):
            raise Refusal(400, "invalid_request", "the body must be an object")
        workflow = checked_workflow(body)
        key = self._claimed(request)
        try:
            job = await self._started(request, workflow, body)
        except BaseException:
            # Nothing runs: the key may be used for another try.
            self._keys.pop(key, None)
            raise
        request.state.note = f"job {job.id}"
        return AsciiJson(job.shown(self._base(request)), 201)

    async def _started(
        self, request: Request, workflow: dict[str, Any], body: dict[str, Any]
    ) -> ApiJob:
        placed, files, missing = with_files(workflow, self._assets)
        if missing:
            details = {"missing_ids": missing}
            raise Refusal(422, "missing_asset", "the server lacks files", details)
        served = self._nearest(placed)
        params = literals_in(served, placed, files)
        form = CallForm(
            {"params": json.dumps(params), "workflow_api": json.dumps(placed)},
            {str(key): asset.path for key, asset in files.items()},
        )
        fault = self._desk.fault(request)
        ready = await self._desk.check(served, form)
        partner_key = (body.get("extra_data") or {}).get("api_key_comfy_org")
        run = self._desk.start(
            ready, fault, watched=True, partner_key=partner_key or None
        )
        await run.begun(FIRST_WORD)
        job = ApiJob(run, placed, body.get("metadata") or {}, self._assets)
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

    def _nearest(self, workflow: Mapping[str, Any]) -> Served:
        """The served workflow that shares the most nodes."""

        def shared(served: Served) -> int:
            graph = served.workflow.graph
            return sum(
                node in graph and graph[node].get("class_type") == class_of(about)
                for node, about in workflow.items()
            )

        return max(self._desk.workflows.values(), key=shared)

    async def listed(self, request: Request) -> Response:
        """The jobs, newest first, that have the requested labels."""
        query = request.query_params
        wanted = {
            name[len("metadata[") : -1]: value
            for name, value in query.items()
            if name.startswith("metadata[") and name.endswith("]")
        }
        start = number_in(query.get("cursor", "0"), 0, 1 << 30, "cursor")
        limit = number_in(query.get("limit", "20"), 1, _PAGE, "limit")
        found = [
            job
            for job in reversed(self._jobs.values())
            if wanted.items() <= job.metadata.items()
        ]
        base, end = self._base(request), start + limit
        page: dict[str, Any] = {"jobs": [job.shown(base) for job in found[start:end]]}
        return AsciiJson(page | ({"next_cursor": str(end)} if end < len(found) else {}))

    async def job(self, request: Request) -> Response:
        """The state of a job."""
        return AsciiJson(self._known(request).shown(self._base(request)))

    async def workflow(self, request: Request) -> Response:
        """The workflow that a job runs."""
        job = self._known(request)
        return AsciiJson({"workflow": job.workflow, "format": "api"})

    async def cancel(self, request: Request) -> Response:
        """Cancel a job; a finished job stays as it is."""
        job = self._known(request)
        job.cancel()
        return AsciiJson(job.shown(self._base(request)))

    async def follow(self, request: Request) -> Response:
        """A job's events from now on."""
        events = self._events(self._known(request), self._base(request))
        return StreamingResponse(events, media_type="text/event-stream")

    async def _events(self, job: ApiJob, base: str) -> AsyncIterator[bytes]:
        yield _event("status", job.status_event)
        with job.heard() as told:
            for kind, about in list(job.past):
                yield _event(kind, _shown(about, base))
            if job.progress is not None:
                yield _event("progress", job.progress)
            while True:
                try:
                    each = await asyncio.wait_for(told.get(), _KEEP_ALIVE)
                except asyncio.TimeoutError:
                    yield b": keepalive\n\n"
                    continue
                if each is None:
                    break
                yield _event(each[0], _shown(each[1], base))
        yield _event("status", job.status_event)

    async def upload(self, request: Request) -> Response:
        """Keep an uploaded file."""
        async with read_form(request, self._desk.settings.most) as form:
            path = form.files.get("file")
            if path is None:
                raise Refusal(422, "invalid_request", "the form has no file")
            name = form.fields.get("file_path") or path.name
            kind = form.fields.get("content_type") or ""
            made = await asyncio.to_thread(self._assets.take, path, name, kind)
        expected = form.fields.get("expected_hash")
        asset, is_new = made
        if expected and asset.hash is not None and expected.lower() != asset.hash:
            self._assets.drop(asset.id)
            raise Refusal(409, "hash_mismatch", "the file has another hash")
        about = asset.shown(self._base(request))
        return AsciiJson({**about, "created_new": is_new}, 201 if is_new else 200)

    async def from_hash(self, request: Request) -> Response:
        """Another asset with content that the server already has."""
        body = await read_json(request)
        hashed = body.get("hash") if isinstance(body, dict) else None
        known = self._assets.with_hash(str(hashed))
        if known is None:
            raise Refusal(404, "blob_not_found", "the server lacks this content")
        name = body.get("file_path")
        asset = self._assets.again(known, name if isinstance(name, str) else known.name)
        return AsciiJson({**asset.shown(self._base(request)), "created_new": False})

    async def by_hash(self, request: Request) -> Response:
        """Whether the server has this content."""
        known = self._assets.with_hash(request.path_params["hash"])
        return Response(status_code=404 if known is None else 200)

    async def asset(self, request: Request) -> Response:
        """The description of a file."""
        return AsciiJson(self._kept(request).shown(self._base(request)))

    async def delete(self, request: Request) -> Response:
        """Forget a file."""
        self._assets.drop(self._kept(request).id)
        return Response(status_code=204)

    async def content(self, request: Request) -> Response:
        """A file's content."""
        asset = self._kept(request)
        return FileResponse(
            asset.path, media_type=asset.content_type, filename=asset.name
        )

    def _known(self, request: Request) -> ApiJob:
        found = self._jobs.get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "job_not_found", "there is no such job")
        return found

    def _kept(self, request: Request) -> Asset:
        found = self._assets.get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "asset_not_found", "there is no such file")
        return found

    def _base(self, request: Request) -> str:
        return f"{self._desk.base(request)}{PREFIX}"


def _answered(refusal: Refusal) -> Response:
    return AsciiJson(refusal.body, refusal.status)


def _shown(about: Any, base: str) -> Any:
    """An event's data, with links for the URL that the client uses."""
    return about(base) if callable(about) else about


def _event(kind: str, about: Any) -> bytes:
    return faults.event(kind, json.dumps(about))
