"""ViewComfy's gateway on this machine: runs are scheduled, asked after and cancelled; Socket.IO tells of them meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

import socketio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import faults
from .answers import Answer
from .runs import Run, as_link
from .served import Rejected, Served
from .uploads import Form, read_form

if TYPE_CHECKING:
    from .app import Server

MOST_KEPT: Final = 1000
"""Runs that can still be asked after."""


@dataclass
class Scheduled:
    """A run of the gateway: what is known of it before its end, and what came of it."""

    run: Run
    served: Served
    created: str
    answer: dict[str, Any] | None = None


class Gateway:
    """The gateway's routes, and its Socket.IO server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._scheduled: dict[str, Scheduled] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.sockets = socketio.AsyncServer(async_mode="asgi", logger=False)
        self.sockets.on("connect", self._connected)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/workflow/infer", self.schedule, methods=["POST"]),
            Route("/api/workflow/infer/", self.schedule, methods=["POST"]),
            Route("/api/workflow/infer", self.ask, methods=["GET"]),
            Route("/api/workflow/infer/", self.ask, methods=["GET"]),
            Route("/api/workflow/infer/cancel", self.cancel, methods=["POST"]),
        ]

    async def schedule(self, request: Request) -> Response:
        """Start a run under the client's own prompt_id; the same one again starts nothing."""
        self._server.authenticate(request.headers)
        async with contextlib.AsyncExitStack() as stack:
            form = await stack.enter_async_context(
                read_form(request, self._server.settings.most)
            )
            response = await faults.before(request.headers.get(faults.HEADER))
            if response is not None:
                return response
            prompt_id = form.fields.get("prompt_id")
            if not prompt_id:
                raise Rejected(422, "the form has no field prompt_id")
            if prompt_id not in self._scheduled:
                scheduled = self._started(form, prompt_id)
                # The form's files are needed until the run ends.
                follow = self._follow(
                    scheduled,
                    form.fields.get("sid"),
                    self._server.base(request),
                    stack.pop_all(),
                )
                task = asyncio.ensure_future(follow)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        workflow = self._scheduled[prompt_id].served.name
        about = {"prompt_id": prompt_id, "message": "scheduled", "workflow": workflow}
        return Answer({"data": about}, 201)

    async def ask(self, request: Request) -> Response:
        """What is known of runs, those that are not known left out."""
        self._server.authenticate(request.headers)
        response = await faults.before(request.headers.get(faults.HEADER))
        if response is not None:
            return response
        wanted = request.query_params.getlist("prompt_ids")
        found = [
            _in_camels(prompt_id, self._scheduled[prompt_id])
            for prompt_id in wanted
            if prompt_id in self._scheduled
        ]
        return Answer(found)

    async def cancel(self, request: Request) -> Response:
        """End a run."""
        self._server.authenticate(request.headers)
        try:
            body = await request.json()
            prompt_id = body["prompt_id"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Rejected(422, "the body names no prompt_id") from None
        found = self._scheduled.get(prompt_id) if isinstance(prompt_id, str) else None
        if found is None:
            raise Rejected(404, "there is no such run")
        found.run.cancel()
        return Answer({"data": {"prompt_id": prompt_id, "message": "cancelled"}}, 201)

    def close(self) -> None:
        """End what still runs."""
        for each in self._scheduled.values():
            each.run.cancel()

    def _started(self, form: Form, prompt_id: str) -> Scheduled:
        served = self._server.deployed(form.fields.get("view_comfy_api_url", ""))
        run = self._server.started(served, form, prompt_id)
        while len(self._scheduled) >= MOST_KEPT:
            del self._scheduled[next(iter(self._scheduled))]
        created = datetime.now(timezone.utc).isoformat()
        scheduled = self._scheduled[prompt_id] = Scheduled(run, served, created)
        return scheduled

    async def _follow(
        self,
        scheduled: Scheduled,
        sid: str | None,
        base: str,
        stack: contextlib.AsyncExitStack,
    ) -> None:
        """Tells of a run until its end, and keeps its result."""
        run, store = scheduled.run, self._server.store
        tell = self._teller(run.prompt_id, sid)
        async with stack:
            async for line in run.lines():
                if line is not None:
                    await tell("infer_log_message", {"message": line})
            answer = await run.answer(
                lambda output: as_link(output, store.keep(output, base))
            )
            scheduled.answer = {"error_data": None, **answer}
            if answer["status"] == "cancelled":
                await tell("infer_canceled_message", {})
            elif answer["status"] == "error":
                await tell(
                    "infer_error_message", {"message": json.dumps(answer["error_data"])}
                )
            else:
                await tell("infer_executed_message", {})
            await tell("infer_result_message", scheduled.answer)

    def _teller(
        self, prompt_id: str, sid: str | None
    ) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
        async def tell(event: str, about: dict[str, Any]) -> None:
            if sid:
                await self.sockets.emit(
                    event, {"prompt_id": prompt_id, **about}, to=sid
                )

        return tell

    async def _connected(self, sid: str, environ: Any, auth: Any = None) -> None:
        try:
            self._server.authenticate(auth if isinstance(auth, dict) else {})
        except Rejected as rejected:
            raise ConnectionRefusedError(str(rejected)) from None


def _in_camels(prompt_id: str, scheduled: Scheduled) -> dict[str, Any]:
    """A run as polling shows it."""
    answer = scheduled.answer or {
        "status": "running",
        "completed": False,
        "execution_time_seconds": None,
        "prompt": scheduled.run.prompt,
        "outputs": [],
        "error_data": None,
    }
    outputs = [
        {
            "filename": each["filename"],
            "contentType": each["content_type"],
            "size": each["size"],
            "filepath": each["filepath"],
        }
        for each in answer["outputs"]
    ]
    return {
        "promptId": prompt_id,
        "status": answer["status"],
        "completed": answer["completed"],
        "executionTimeSeconds": answer["execution_time_seconds"],
        "prompt": answer["prompt"],
        "outputs": outputs,
        "errorData": answer["error_data"],
        "createdAt": scheduled.created,
        "workflow": scheduled.served.name,
        "clientId": None,
        "user": None,
    }
