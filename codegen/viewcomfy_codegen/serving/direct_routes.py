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

from . import faults
from .desk import Desk
from .executing import Artifact, Glimpse, Step
from .forms import read_form
from .refusing import Rejected
from .responses import AsciiJson
from .runs import Run, Told, as_data, as_link, summary
from .shapes import Answer

EVENTS: Final = "x-viewcomfy-events"
"""With the value `all`, this header requests steps and previews in addition to the log."""

MOST_PARKED: Final = 100
"""Results that redirects lead to."""

_Form: TypeAlias = Callable[[Artifact], JsonObject]
"""Describes a file, with its content or with a link to it."""


class DirectRoutes:
    """The routes: each workflow at its name, a single one at the root too."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parked: dict[str, Answer] = {}

    @property
    def routes(self) -> list[Route]:
        found = [
            Route("/-/results/{prompt_id}", self.parked, methods=["GET"]),
            Route("/{workflow}", self.infer, methods=["POST"]),
        ]
        if len(self._desk.workflows) == 1:
            found.append(Route("/", self.infer, methods=["POST"]))
        return found

    async def infer(self, request: Request) -> Response:
        """Run a call, and answer with its result or its events."""
        desk = self._desk
        desk.authenticate(request)
        served = desk.named(request.path_params.get("workflow"))
        fault = desk.fault(request)
        async with contextlib.AsyncExitStack() as stack:
            form = await stack.enter_async_context(
                read_form(request, desk.settings.most)
            )
            response = await faults.before(fault)
            if response is not None:
                return response
            ready = await desk.check(served, form)
            logs = form.fields.get("logs") == "true"
            watched = logs and request.headers.get(EVENTS) == "all"
            run = desk.start(ready, fault, watched=watched)
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
        self._desk.authenticate(request)
        answer = self._parked.get(request.path_params["prompt_id"])
        return AsciiJson(answer) if answer else AsciiJson({"detail": "Not Found"}, 404)

    def _form_of(self, request: Request) -> _Form:
        wanted = request.headers.get("x-viewcomfy-results")
        if wanted == "links" or (wanted is None and self._desk.settings.links):
            base = self._desk.base(request)
            return lambda artifact: as_link(
                artifact, self._desk.store.keep(artifact, base)
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
                async for told in run.events():
                    yield _event(told)
                answer = faults.after(fault, await run.answer(show))
                request.state.note = summary(answer)
                if "error_data" in answer:
                    yield faults.event("error", json.dumps(answer["error_data"]))
                yield faults.result_event(answer)
            except Rejected as rejected:
                yield faults.event("error", json.dumps(rejected.body))
            finally:
                run.cancel()


def _event(told: Told | None) -> bytes:
    """An event in ViewComfy's format; steps and previews are this server's own additions."""
    match told:
        case None:
            return b": still there\n\n"
        case str():
            return faults.event("log_message", told)
        case Step(node, value, total):
            about: JsonObject = {"node": node, "value": value, "total": total}
            return faults.event("progress", json.dumps(about))
        case Glimpse(node, content_type, content):
            data = base64.b64encode(content).decode()
            about = {"node": node, "content_type": content_type, "data": data}
            return faults.event("preview", json.dumps(about))
    assert_never(told)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
