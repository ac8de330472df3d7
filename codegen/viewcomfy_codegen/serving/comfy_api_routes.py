"""Comfy API v2 on this machine: assets, jobs and their events, compatible with the official SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from viewcomfy_runtime.parameters.key import WireKey

from . import faults
from .api_jobs import ApiJob, is_metadata
from .assets import Asset, Assets, with_files
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

_CODES: Final = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "forbidden",
    404: "not_found",
    409: "hash_mismatch",
    413: "payload_too_large",
    422: "invalid_request",
    429: "queue_full",
    501: "not_implemented",
    503: "upstream_unreachable",
}

_Handler = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):
    """An error of the API: a status, a code, a message and details."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"code": code, "message": message, "details": details or None}
        }


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
                if fault is not None and fault.status_code in _CODES:
                    code = _CODES[fault.status_code]
                    refusal = Refusal(fault.status_code, code, "a fault as asked")
                    after = fault.headers.get("Retry-After")
                    headers = {"Retry-After": after} if after else {}
                    return AsciiJson(refusal.body, refusal.status, headers)
                return fault if fault is not None else await handler(request)
            except Rejected as rejected:
                return _answered(_refused(rejected))
            except Refusal as refusal:
                return _answered(refusal)

        return answer

    async def submit(self, request: Request) -> Response:
        """Start a job."""
        body = await read_json(request, LONGEST_FIELD)
        if not isinstance(body, dict):
            raise Refusal(400, "invalid_request", "the body must be an object")
        workflow = _checked(body)
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
        params = _literals(served, placed, files)
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
                node in graph and graph[node].get("class_type") == _class(about)
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
        start = _number(query.get("cursor", "0"), 0, 1 << 30, "cursor")
        limit = _number(query.get("limit", "20"), 1, _PAGE, "limit")
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


def _refused(rejected: Rejected) -> Refusal:
    """An error of the server's other protocols, in this API's form."""
    details = rejected.body["errorDetails"]
    message = str(rejected)
    if isinstance(details, dict) and "node_errors" in details:
        return Refusal(422, "invalid_workflow", message, details)
    if details:
        message = (
            f"{message}: {details if isinstance(details, str) else json.dumps(details)}"
        )
    if rejected.status == 400:
        return Refusal(422, "invalid_workflow", message)
    code = _CODES.get(rejected.status)
    return Refusal(rejected.status, code or "upstream_error", message)


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The workflow in a body. Raises Refusal for a body that the API doesn't accept."""
    if body.get("webhook_url") is not None or body.get("inputs") is not None:
        raise Refusal(422, "invalid_request", "webhook_url and inputs are reserved")
    workflow = body.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        raise Refusal(422, "invalid_workflow", "the body has no workflow")
    if isinstance(workflow.get("nodes"), list):
        message = "export the workflow in API format: this is the page's"
        raise Refusal(422, "workflow_format_ui", message)
    extra = body.get("extra_data")
    if extra is not None and not _is_extra(extra):
        message = "extra_data takes api_key_comfy_org alone, a text"
        raise Refusal(400, "invalid_request", message)
    if not is_metadata(body.get("metadata")):
        message = "metadata is at most 16 pairs of short texts"
        raise Refusal(422, "metadata_invalid", message)
    return workflow


def _is_extra(extra: Any) -> bool:
    return (
        isinstance(extra, dict)
        and extra.keys() <= {"api_key_comfy_org"}
        and all(isinstance(each, str) for each in extra.values())
    )


def _literals(
    served: Served, workflow: Mapping[str, Any], files: Mapping[WireKey, Asset]
) -> dict[str, Any]:
    """A workflow's values in the inputs of the served one, as a call would set them."""
    found = {
        str(key): workflow[key.node]["inputs"][key.name]
        for key in served.types
        if key not in files
        and isinstance(workflow.get(key.node), dict)
        and key.name in _inputs(workflow[key.node])
        and not _is_link(workflow[key.node]["inputs"][key.name])
    }
    return found or _any(workflow)


def _any(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """One value of a workflow, since a call must set at least one."""
    return {
        str(WireKey(node, name)): value
        for node, about in workflow.items()
        for name, value in _inputs(about).items()
        if not _is_link(value)
    }


def _inputs(about: Any) -> dict[str, Any]:
    inputs = about.get("inputs") if isinstance(about, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _is_link(value: Any) -> bool:
    return isinstance(value, list)


def _class(about: Any) -> Any:
    return about.get("class_type") if isinstance(about, dict) else None


def _number(text: str, lo: int, hi: int, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and lo <= int(text[:12]) <= hi):
        raise Refusal(400, "invalid_request", f"{name} must be from {lo} to {hi}")
    return int(text)


def _shown(about: Any, base: str) -> Any:
    """An event's data, with links for the URL that the client uses."""
    return about(base) if callable(about) else about


def _event(kind: str, about: Any) -> bytes:
    return faults.event(kind, json.dumps(about))
