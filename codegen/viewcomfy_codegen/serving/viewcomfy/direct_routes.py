"""ViewComfy's API of single deployments: a call is answered with its result, or with its log
followed by its result.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from viewcomfy_runtime.exhaustive import assert_never
from viewcomfy_runtime.json_types import JsonObject

from ..calls import faults
from ..calls.runs import Run, as_data, as_link, summary
from ..deployments import Deployments
from ..executors.executor import Artifact, PreviewImage, RunEvent, Step
from ..http.forms import read_form
from ..http.responses import AsciiJson
from ..rejection import Rejected
from ..shapes import ResultJson

EVENTS: Final = "x-viewcomfy-events"
"""With the value `all`, this header requests steps and previews in addition to the log."""

MOST_PARKED: Final = 100
"""Results that redirects lead to."""

_Form: TypeAlias = Callable[[Artifact], JsonObject]
"""Describes a file, with its content or with a link to it."""


class DirectRoutes:
    """The routes: each workflow at its name, a single one at the root too."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments
        self._parked: dict[str, ResultJson] = {}

    @property
    def routes(self) -> list[Route]:
        found = [
            Route("/-/results/{prompt_id}", self.parked, methods=["GET"]),
            Route("/{workflow}", self.infer, methods=["POST"]),
        ]
        if len(self._deployments.workflows) == 1:
            found.append(Route("/", self.infer, methods=["POST"]))
        return found

    async def infer(self, request: Request) -> Response:
        """Run a call, and answer with its result or its events."""
        deployments = self._deployments
        deployments.authenticate(request)
        served = deployments.named(request.path_params.get("workflow"))
        fault = deployments.fault(request)
        async with contextlib.AsyncExitStack() as stack:
            form = await stack.enter_async_context(
                read_form(request, deployments.settings.most)
            )
            response = await faults.before(fault)
            if response is not None:
                return response
            call = await deployments.check(served, form)
            logs = form.fields.get("logs") == "true"
            watched = logs and request.headers.get(EVENTS) == "all"
            run = deployments.start(call, fault, watched=watched)
            show = self._form_of(request)
            if logs:
                await run.begun()
                # The form's files are needed until the stream ends.
                events = self._events(request, run, show, fault, stack.pop_all())
                response = faults.stream(events)
            else:
                response = await self._answered(request, run, show, fault)
        if fault in ("drip", "truncate", "drop-stream"):
            return faults.Spoiled(response, fault, lambda: faults.drop(request))
        return response

    async def parked(self, request: Request) -> Response:
        """The result that a redirect led to."""
        self._deployments.authenticate(request)
        answer = self._parked.get(request.path_params["prompt_id"])
        return AsciiJson(answer) if answer else AsciiJson({"detail": "Not Found"}, 404)

    def _form_of(self, request: Request) -> _Form:
        wanted = request.headers.get("x-viewcomfy-results")
        if wanted == "links" or (wanted is None and self._deployments.settings.links):
            base = self._deployments.base(request)
            return lambda artifact: as_link(
                artifact, self._deployments.store.keep(artifact, base)
            )
        return as_data

    async def _answered(
        self, request: Request, run: Run, show: _Form, fault: str | None
    ) -> Response:
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            waiting: set[asyncio.Future[Any]] = {gone, run.done}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                run.cancel()
            answer = faults.after(fault, await run.answer(show))
        finally:
            gone.cancel()
            run.cancel()
        request.state.note = summary(answer)
        if fault == "redirect":
            while len(self._parked) >= MOST_PARKED:
                del self._parked[next(iter(self._parked))]
            self._parked[run.prompt_id] = answer
            return RedirectResponse(f"/-/results/{run.prompt_id}", 303)
        return AsciiJson(answer, 201)

    async def _events(
        self,
        request: Request,
        run: Run,
        show: _Form,
        fault: str | None,
        stack: contextlib.AsyncExitStack,
    ) -> AsyncGenerator[bytes, None]:
        async with stack:
            try:
                async for event in run.events():
                    yield _event(event)
                answer = faults.after(fault, await run.answer(show))
                request.state.note = summary(answer)
                if "error_data" in answer:
                    yield faults.event("error", json.dumps(answer["error_data"]))
                yield faults.result_event(answer)
            except Rejected as rejected:
                yield faults.event("error", json.dumps(rejected.body))
            finally:
                run.cancel()


def _event(event: RunEvent | None) -> bytes:
    """An event in ViewComfy's format; steps and previews are this server's own additions."""
    match event:
        case None:
            return b": still there\n\n"
        case str():
            return faults.event("log_message", event)
        case Step(node, value, total):
            about: JsonObject = {"node": node, "value": value, "total": total}
            return faults.event("progress", json.dumps(about))
        case PreviewImage(node, content_type, content):
            data = base64.b64encode(content).decode()
            about = {"node": node, "content_type": content_type, "data": data}
            return faults.event("preview", json.dumps(about))
    assert_never(event)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
