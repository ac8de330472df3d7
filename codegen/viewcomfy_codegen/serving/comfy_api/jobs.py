"""A job of Comfy API v2: a run, its progress so far, and its listeners."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeAlias

from viewcomfy_runtime.json_types import JsonObject, JsonValue

from ..calls.runs import Run
from ..executors.executor import Artifact, PreviewImage, RunEvent, Step
from ..rejection import Rejected
from ..shapes import ResultJson
from .assets import Asset, Assets

FINAL: Final = frozenset({"succeeded", "failed", "canceled"})
RETENTION: Final = timedelta(hours=24)
"""How long the API says that a job is kept."""

MOST_WAITING: Final = 1000
"""Unread events of a listener; further ones are dropped."""

_Event: TypeAlias = "tuple[str, Any | Callable[[str], Any]] | None"
"""An event: a kind and its data, or a function that makes the data for the API's URL; None is the
end.
"""

_TYPES: Final = ("image", "video", "audio", "text")


class ApiJob:
    """One job, followed from its creation to its end."""

    def __init__(
        self, run: Run, workflow: JsonObject, metadata: dict[str, str], assets: Assets
    ) -> None:
        self.id: str = run.prompt_id
        self.workflow = workflow
        self.metadata = metadata
        self.status: str = "queued"
        self.progress: JsonObject | None = None
        self._run = run
        self._assets = assets
        self._created = datetime.now(timezone.utc)
        self._started: datetime | None = None
        self._completed: datetime | None = None
        self._outputs: list[tuple[str, Asset]] = []
        self._error: JsonObject | None = None
        self._nodes: dict[str, None] = {}
        self.past: deque[tuple[str, Any]] = deque(maxlen=MOST_WAITING)
        """The lines and files so far, for later listeners, so that even a short run is reported in
        full.
        """
        self._listeners: set[asyncio.Queue[_Event]] = set()
        self._following = asyncio.ensure_future(self._follow())

    @property
    def asset_ids(self) -> list[str]:
        """The files that it made."""
        return [asset.id for _, asset in self._outputs]

    @property
    def status_event(self) -> JsonObject:
        """The status as the stream sends it."""
        return {"status": self.status, "queue_position": self._position}

    @property
    def _position(self) -> int | None:
        return 1 if self.status == "queued" else None

    def cancel(self) -> None:
        """Request cancellation; a finished job stays as it is."""
        if self.status not in FINAL:
            self.status = "canceling"
            self._run.cancel()

    def close(self) -> None:
        """End the run, and what becomes of its files."""
        self._run.cancel()
        self._following.cancel()

    @contextlib.contextmanager
    def subscribed(self) -> Iterator[asyncio.Queue[_Event]]:
        """The events from now on."""
        events: asyncio.Queue[_Event] = asyncio.Queue()
        if self.status in FINAL:
            events.put_nowait(None)
        self._listeners.add(events)
        try:
            yield events
        finally:
            self._listeners.discard(events)

    def as_json(self, base: str) -> JsonObject:
        """The job as the API shows it; `base` is the API's own URL."""
        path = f"{base}/jobs/{self.id}"
        started, completed = self._started, self._completed
        return {
            "id": self.id,
            "status": self.status,
            "created_at": self._created.isoformat(),
            "create_time": self._created.isoformat(),
            "started_at": None if started is None else started.isoformat(),
            "completed_at": None if completed is None else completed.isoformat(),
            "expires_at": (self._created + RETENTION).isoformat(),
            "queue_position": self._position,
            "progress": self.progress,
            "outputs": [
                _output(node, asset, self.id, base) for node, asset in self._outputs
            ],
            "error": self._error,
            "metrics": {
                "queue_ms": _milliseconds(self._created, started),
                "execution_ms": _milliseconds(started, completed),
            },
            "metadata": {**self.metadata},
            "urls": {
                "self": path,
                "events": f"{path}/events",
                "cancel": f"{path}/cancel",
            },
        }

    async def _follow(self) -> None:
        async for event in self._run.events():
            if event is not None:
                self._begin()
                self._handle(event)
        self._begin()
        made: list[Artifact] = []

        def keep(artifact: Artifact) -> JsonObject:
            made.append(artifact)
            return {}

        try:
            answer = await self._run.answer(keep)
        except Rejected as rejected:
            answer = self._run.refused(rejected)
        for artifact in made:
            asset = await asyncio.to_thread(self._assets.made, artifact)
            self._outputs.append((artifact.node, asset))
            self._publish("output", self._output_event(artifact.node, asset))
        self._end(answer)

    def _output_event(self, node: str, asset: Asset) -> Callable[[str], JsonObject]:
        return lambda base: _output(node, asset, self.id, base)

    def _begin(self) -> None:
        if self._started is None:
            self._started = datetime.now(timezone.utc)
            if self.status == "queued":
                self.status = "running"
                self._publish("status", self.status_event)

    def _end(self, answer: ResultJson) -> None:
        self._completed = datetime.now(timezone.utc)
        endings = {"success": "succeeded", "cancelled": "canceled"}
        self.status = endings.get(answer["status"], "failed")
        details = answer.get("error_data")
        if self.status == "failed" and isinstance(details, dict):
            self._error = {
                "code": "node_execution_error",
                "message": str(details.get("exception_message", "")),
                "node_id": details.get("node_id") or None,
                "class_type": details.get("node_type") or None,
                "traceback": None,
            }
        for each in self._listeners:
            each.put_nowait(None)

    def _handle(self, event: RunEvent) -> None:
        match event:
            case str():
                self._publish("log", {"level": "info", "message": event})
            case Step(node, value, total):
                self.progress = self._snapshot(node, value, total)
                self._publish("progress", self.progress)
            case PreviewImage(node, content_type, content):
                data = base64.b64encode(content).decode()
                about = {"node_id": node, "content_type": content_type}
                self._publish("preview", {**about, "data_base64": data})

    def _snapshot(self, node: str, value: int, total: int) -> JsonObject:
        self._nodes[node] = None
        done, nodes = len(self._nodes) - 1, max(1, len(self.workflow))
        part = value / total if total > 0 else 0.0
        return {
            "value": min(1.0, (done + part) / nodes),
            "nodes_done": done,
            "nodes_total": nodes,
            "current_node": node or None,
            "current_node_class": class_of(self.workflow.get(node)),
            "step": value,
            "steps": total,
        }

    def _publish(self, kind: str, about: Any) -> None:
        if kind in ("log", "output"):
            self.past.append((kind, about))
        for each in self._listeners:
            if each.qsize() < MOST_WAITING:
                each.put_nowait((kind, about))


def class_of(node: object) -> JsonValue:
    """The class that a workflow gives for a node, whatever it is."""
    return node.get("class_type") if isinstance(node, dict) else None


def _output(node: str, asset: Asset, job: str, base: str) -> JsonObject:
    kind = asset.content_type.partition("/")[0]
    about = asset.as_json(base)
    return {
        "node_id": node,
        "name": asset.name,
        "type": kind if kind in _TYPES else "file",
        "job_id": job,
        **{
            key: about[key]
            for key in (
                "id",
                "hash",
                "content_type",
                "size_bytes",
                "url",
                "url_expires_at",
            )
        },
    }


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return round((end - start).total_seconds() * 1000)
