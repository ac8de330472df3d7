"""A server of Comfy API v2 as its clients see it: assets, jobs, and a job's events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from blake3 import blake3
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from viewcomfy_runtime import ComfyAPI

from .local import on_loopback

KEY = "comfyui-0123456789abcdef"
PROGRESS = {
    "value": 0.5,
    "nodes_done": 1,
    "nodes_total": 2,
    "current_node": "3",
    "current_node_class": "KSampler",
    "step": 1,
    "steps": 2,
}
_RETENTION = timedelta(hours=1)


@dataclass
class Api:
    """The server's state, and how it is to behave.

    `refusals` answer the next submissions: a status, a code, details and a Retry-After. `lost`
    breaks the connections of so many submissions, after the job was taken unless `forgets`. `held`
    keeps jobs in the queue for good, `unheard` until somebody follows their events. `events` are
    sent between the first status and the last; `streams` is the status of the stream's answer.
    `stops` ends streams in the middle. The list of jobs is empty for the next `late_lists`
    requests. `store` is the origin that signed links lead to.
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    status: str = "succeeded"
    error: dict[str, Any] | None = None
    lasting: float = 0.1
    held: bool = False
    unheard: bool = False
    key: str | None = None
    prefix: str = ""
    refusals: list[tuple[int, str, Any, int | None]] = field(default_factory=list)
    lost: int = 0
    forgets: bool = False
    lists: bool = True
    late_lists: int = 0
    labels: bool = True
    hours_ahead: float = 0.0
    events: list[tuple[str, Any]] = field(default_factory=list)
    late: list[tuple[str, Any]] = field(default_factory=list)
    streams: int = 200
    stops: bool = False
    most: int = 100 << 20
    dedups: bool = True
    store: str = ""
    gone: set[str] = field(default_factory=set)
    url: str = ""
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    workflows: dict[str, Any] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    keys_sent: list[str] = field(default_factory=list)
    assets: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    uploads: int = 0
    cancelled: list[str] = field(default_factory=list)
    followed: set[str] = field(default_factory=set)
    authorizations: set[str | None] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    unreachable: int = 0

    def refused(self, request: Request) -> Response | None:
        self.asked.append(f"{request.method} {request.url.path}")
        given = request.headers.get("authorization")
        self.authorizations.add(given)
        if self.key is not None and given != f"Bearer {self.key}":
            return _error(401, "unauthorized")
        return None

    async def submit(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        key = request.headers.get("idempotency-key", "")
        self.keys_sent.append(key)
        body = await request.json()
        if self.refusals:
            return _error(*self.refusals.pop(0))
        if key in self.keys:
            return _error(422, "idempotency_key_reuse")
        if not self.labels and "metadata" in body:
            return _error(422, "metadata_not_supported")
        job: dict[str, Any] = {}
        lost, self.lost = self.lost, max(0, self.lost - 1)
        if not (lost and self.forgets):
            self.keys.append(key)
            self.bodies.append(body)
            job = self._new(body)
        if lost:
            request.scope["state"]["transport"].abort()
            return Response(status_code=500)
        return JSONResponse(self.shown(job), 201)

    def _new(self, body: dict[str, Any]) -> dict[str, Any]:
        now = self.now()
        number = len(self.jobs) + 1
        job: dict[str, Any] = {
            "id": f"job-{number}",
            "status": "queued",
            "created_at": now.isoformat(),
            "started_at": None,
            "completed_at": None,
            "expires_at": (now + _RETENTION).isoformat(),
            "queue_position": 1,
            "progress": None,
            "outputs": [],
            "error": None,
        }
        if "metadata" in body:
            job["metadata"] = body["metadata"]
        self.jobs[str(job["id"])] = job
        self.workflows[str(job["id"])] = body["workflow"]
        if not self.held:
            asyncio.get_running_loop().create_task(self._work(job))
        return job

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(hours=self.hours_ahead)

    async def _work(self, job: dict[str, Any]) -> None:
        while self.unheard and job["id"] not in self.followed:
            await asyncio.sleep(0.01)
        await asyncio.sleep(self.lasting / 2)
        if job["status"] == "queued":
            job["status"] = "running"
        await asyncio.sleep(self.lasting / 2)
        if job["status"] == "running":
            job.update(status=self.status, error=self.error, outputs=self.outputs)
            job["metrics"] = {"queue_ms": 5, "execution_ms": 2500}

    def shown(self, job: dict[str, Any]) -> dict[str, Any]:
        path = f"{self.prefix}/api/v2/jobs/{job['id']}"
        urls = {"self": path, "events": f"{path}/events", "cancel": f"{path}/cancel"}
        return {**job, "urls": urls}

    async def listed(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        if not self.lists:
            return _error(501, "not_implemented")
        wanted = {
            key[len("metadata[") : -1]: value
            for key, value in request.query_params.items()
            if key.startswith("metadata[")
        }
        late, self.late_lists = self.late_lists, max(0, self.late_lists - 1)
        found = [
            job
            for job in reversed(() if late else self.jobs.values())
            if wanted.items() <= job.get("metadata", {}).items()
        ]
        start = int(request.query_params.get("cursor", 0))
        end = start + int(request.query_params.get("limit", 20))
        more = {"next_cursor": str(end)} if end < len(found) else {}
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return JSONResponse({"jobs": found[start:end], **more}, headers={"Date": date})

    async def job(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        if self.unreachable:
            self.unreachable -= 1
            return _error(503, "upstream_unreachable")
        job = self.jobs.get(request.path_params["id"])
        return JSONResponse(self.shown(job)) if job else _error(404, "job_not_found")

    async def workflow(self, request: Request) -> Response:
        workflow = self.workflows.get(request.path_params["id"])
        return JSONResponse({"workflow": workflow, "format": "api"})

    async def cancel(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            return _error(404, "job_not_found")
        self.cancelled.append(job["id"])
        if job["status"] in ("queued", "running"):
            job["status"] = "canceled"
        return JSONResponse(self.shown(job))

    async def follow(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        if self.streams != 200:
            codes = {501: "not_implemented", 429: "too_many_streams"}
            return _error(self.streams, codes.get(self.streams, "upstream_error"))
        job = self.jobs[request.path_params["id"]]
        return StreamingResponse(self._events(job), media_type="text/event-stream")

    async def _events(self, job: dict[str, Any]) -> AsyncIterator[bytes]:
        yield _event("status", {"status": job["status"], "queue_position": 3})
        self.followed.add(job["id"])
        for kind, data in self.events:
            yield _event(kind, data)
        if self.stops:
            return
        while job["status"] in ("queued", "running"):
            await asyncio.sleep(0.01)
            yield b": keepalive\n\n"
        yield _event("status", {"status": job["status"]})
        for kind, data in self.late:
            yield _event(kind, data)

    async def upload(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        async with request.form() as form:
            file: Any = form["file"]
            content = await file.read()
            if len(content) > self.most:
                return _error(413, "payload_too_large")
            hashed = _hash(content)
            if form.get("expected_hash") not in (None, hashed):
                return _error(409, "hash_mismatch")
            self.uploads += 1
            name = str(form["file_path"])
            return JSONResponse(self.asset(content, name), 201)

    def asset(self, content: bytes, name: str) -> dict[str, Any]:
        own = f"asset-{len(self.assets) + 1}"
        self.assets[own] = content, name
        return {
            "id": own,
            "hash": _hash(content),
            "size_bytes": len(content),
            "content_type": "image/png",
            "file_path": name,
            "created_at": self.now().isoformat(),
            "url": f"{self.prefix}/api/v2/assets/{own}/content",
            "url_expires_at": (self.now() + _RETENTION).isoformat(),
        }

    async def from_hash(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        body = await request.json()
        for content, name in list(self.assets.values()):
            if self.dedups and _hash(content) == body["hash"]:
                return JSONResponse(self.asset(content, name))
        return _error(404, "blob_not_found")

    async def content(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        own = request.path_params["id"]
        if own in self.gone or own not in self.assets:
            return _error(404, "output_unavailable")
        if self.store:
            return RedirectResponse(f"{self.store}/{own}?signature=abc", 302)
        return Response(self.assets[own][0], media_type="image/png")


def output(own: str, node: str = "9", **fields: Any) -> dict[str, Any]:
    """A file that a job made, whose content is that asset's."""
    return {
        "node_id": node,
        "name": f"{own}.png",
        "type": "image",
        "content_type": "image/png",
        "size_bytes": 0,
        "id": own,
        "hash": None,
        "url": f"/api/v2/assets/{own}/content",
        "url_expires_at": "2099-01-01T00:00:00.123456789Z",
        **fields,
    }


def _hash(content: bytes) -> str:
    return f"blake3:{blake3(content).hexdigest()}"


def _event(kind: str, data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return f"event: {kind}\ndata: {text}\n\n".encode()


def _error(
    status: int, code: str, details: Any = None, retry_after: int | None = None
) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    error = {"code": code, "message": f"that is {code}", "details": details}
    return JSONResponse({"error": error}, status, headers=headers)


@contextlib.contextmanager
def comfy_api(**behavior: Any) -> Iterator[Api]:
    """A server of Comfy API v2 on a real socket, in a thread."""
    found = Api(**behavior)
    routes = [
        Route(f"{found.prefix}/api/v2{path}", handler, methods=[method])
        for method, path, handler in (
            ("POST", "/jobs", found.submit),
            ("GET", "/jobs", found.listed),
            ("GET", "/jobs/{id}", found.job),
            ("GET", "/jobs/{id}/workflow", found.workflow),
            ("GET", "/jobs/{id}/events", found.follow),
            ("POST", "/jobs/{id}/cancel", found.cancel),
            ("POST", "/assets", found.upload),
            ("POST", "/assets/from-hash", found.from_hash),
            ("GET", "/assets/{id}/content", found.content),
        )
    ]
    # The date of an answer is that of `now`, not of this machine's clock.
    with on_loopback(Starlette(routes=routes), date_header=False) as url:
        found.url = f"{url}{found.prefix}"
        yield found


def client(found: Api, **options: Any) -> ComfyAPI:
    """A client that tries everything once."""
    return ComfyAPI(found.url, **{"retries": 0, **options})
