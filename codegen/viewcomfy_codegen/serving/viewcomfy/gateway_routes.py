"""ViewComfy's gateway on this machine: it schedules, reports and cancels runs, and sends events
over Socket.IO.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final, TypeAlias

import socketio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from viewcomfy_runtime.json_types import ApiWorkflow, JsonValue

from ..calls import faults
from ..calls.checking import CheckedCall
from ..calls.runs import Run, as_link, summary
from ..deployments import Deployments
from ..http.forms import CallForm, read_form, read_json_body
from ..http.responses import AsciiJson
from ..rejection import Rejected
from ..served import Served
from ..shapes import ResultJson

_Emit: TypeAlias = Callable[[str, Mapping[str, object]], Awaitable[None]]

MOST_KEPT: Final = 1000
"""Runs that are kept for polling."""


@dataclass
class Scheduled:
    """A run of the gateway: its initial data, and its outcome.

    `run` is None once it is over, so that its files need not be kept.
    """

    run: Run | None
    prompt: ApiWorkflow
    workflow: str
    created: str
    answer: ResultJson | None = None


class GatewayRoutes:
    """The gateway's routes, and its Socket.IO server."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments
        self._scheduled: dict[str, Scheduled] = {}
        self._following: set[asyncio.Task[None]] = set()
        self.sockets: Any = socketio.AsyncServer(
            async_mode="asgi",
            transports=["websocket"],
            # KnownOriginsOnly decides which pages may call, for all requests alike.
            cors_allowed_origins=[],
            max_http_buffer_size=1 << 16,
        )
        self.sockets.on("connect", self._connected)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/workflow/infer", self.schedule, methods=["POST"]),
            Route("/api/workflow/infer/", self.schedule, methods=["POST"]),
            Route("/api/workflow/infer", self.poll, methods=["GET"]),
            Route("/api/workflow/infer/", self.poll, methods=["GET"]),
            Route("/api/workflow/infer/cancel", self.cancel, methods=["POST"]),
        ]

    async def schedule(self, request: Request) -> Response:
        """Start a run under the client's own prompt_id; repeating the same id starts nothing."""
        self._deployments.authenticate(request)
        async with contextlib.AsyncExitStack() as stack:
            form = await stack.enter_async_context(
                read_form(request, self._deployments.settings.most)
            )
            fault = self._deployments.fault(request)
            response = await faults.before(fault)
            if response is not None:
                return response
            prompt_id = form.fields.get("prompt_id")
            if not prompt_id:
                raise Rejected(422, "the form has no field prompt_id")
            served = self._deployments.deployed(
                form.fields.get("view_comfy_api_url", "")
            )
            if prompt_id not in self._scheduled:
                call = await self._deployments.check(served, form)
                # Another call may have claimed the id meanwhile.
                if prompt_id not in self._scheduled:
                    # The form's files are needed until the run ends.
                    self._start(request, call, served, form, fault, stack)
        about = {
            "prompt_id": prompt_id,
            "message": "scheduled",
            "workflow": self._scheduled[prompt_id].workflow,
        }
        return AsciiJson({"data": about}, 201)

    async def poll(self, request: Request) -> Response:
        """The states of the known runs among those requested."""
        self._deployments.authenticate(request)
        response = await faults.before(request.headers.get(faults.HEADER))
        if response is not None:
            return response
        wanted = request.query_params.getlist("prompt_ids")
        found = [
            _as_polled(prompt_id, self._scheduled[prompt_id])
            for prompt_id in wanted
            if prompt_id in self._scheduled
        ]
        return AsciiJson(found)

    async def cancel(self, request: Request) -> Response:
        """Cancel a run."""
        self._deployments.authenticate(request)
        body = await read_json_body(request)
        prompt_id = body.get("prompt_id") if isinstance(body, dict) else None
        if not isinstance(prompt_id, str):
            raise Rejected(422, "the body must name a prompt_id")
        found = self._scheduled.get(prompt_id)
        if found is None:
            raise Rejected(404, "there is no such run")
        if found.run is not None:
            found.run.cancel()
        return AsciiJson(
            {"data": {"prompt_id": prompt_id, "message": "cancelled"}}, 201
        )

    def close(self) -> None:
        """End what still runs."""
        for each in self._scheduled.values():
            if each.run is not None:
                each.run.cancel()

    def _start(
        self,
        request: Request,
        call: CheckedCall,
        served: Served,
        form: CallForm,
        fault: str | None,
        stack: contextlib.AsyncExitStack,
    ) -> None:
        prompt_id = form.fields["prompt_id"]
        run = self._deployments.start(call, fault, prompt_id=prompt_id)
        while len(self._scheduled) >= MOST_KEPT:
            del self._scheduled[next(iter(self._scheduled))]
        created = datetime.now(timezone.utc).isoformat()
        scheduled = Scheduled(run, run.prompt, served.name, created)
        self._scheduled[run.prompt_id] = scheduled
        emit = self._emitter(run.prompt_id, form.fields.get("sid"))
        base = self._deployments.base(request)
        following = asyncio.ensure_future(
            self._follow(run, scheduled, emit, base, stack.pop_all())
        )
        self._following.add(following)
        following.add_done_callback(self._following.discard)

    async def _follow(
        self,
        run: Run,
        scheduled: Scheduled,
        emit: _Emit,
        base: str,
        stack: contextlib.AsyncExitStack,
    ) -> None:
        """Send events of a run until its end, and keep its result."""
        store = self._deployments.store
        async with stack:
            async for line in run.lines():
                await emit("infer_log_message", {"message": line})
            try:
                answer = await run.answer(
                    lambda artifact: as_link(artifact, store.keep(artifact, base))
                )
            except Rejected as rejected:
                answer = run.refused(rejected)
        scheduled.answer = {**answer, "error_data": answer.get("error_data")}
        scheduled.run = None
        self._deployments.settings.log(f"{scheduled.workflow}: {summary(answer)}")
        if answer["status"] == "cancelled":
            await emit("infer_canceled_message", {})
        elif answer["status"] == "error":
            error = json.dumps(answer.get("error_data"))
            await emit("infer_error_message", {"message": error})
        else:
            await emit("infer_executed_message", {})
        await emit("infer_result_message", scheduled.answer)

    def _emitter(self, prompt_id: str, sid: str | None) -> _Emit:
        async def emit(event: str, about: Mapping[str, object]) -> None:
            if sid:
                await self.sockets.emit(
                    event, {"prompt_id": prompt_id, **about}, to=sid
                )

        return emit

    async def _connected(self, sid: str, environ: Any, auth: Any = None) -> None:
        try:
            self._deployments.check_credentials(auth if isinstance(auth, dict) else {})
        except Rejected as rejected:
            raise ConnectionRefusedError(str(rejected)) from None


def _as_polled(prompt_id: str, scheduled: Scheduled) -> dict[str, object]:
    """A run in the camelCase form that polling returns."""
    answer = scheduled.answer
    outputs: list[JsonValue] = [
        {
            "filename": each["filename"],
            "contentType": each["content_type"],
            "size": each["size"],
            "filepath": each["filepath"],
        }
        for each in (answer["outputs"] if answer else ())
    ]
    return {
        "promptId": prompt_id,
        "status": answer["status"] if answer else "running",
        "completed": answer is not None,
        "executionTimeSeconds": answer and answer["execution_time_seconds"],
        "prompt": scheduled.prompt,
        "outputs": outputs,
        "errorData": answer and answer.get("error_data"),
        "createdAt": scheduled.created,
        "workflow": scheduled.workflow,
        "clientId": None,
        "user": None,
    }
