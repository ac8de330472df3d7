"""ViewComfy's API on this machine, as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import socketio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from . import faults
from .answers import Answer
from .executing import Executor, Output
from .gateway import Gateway
from .links import Store
from .preview import Preview
from .runs import Run, as_data, as_link
from .served import Rejected, Served, checked, overridden, read_params
from .uploads import Form, read_form

THREADS: Final = 8
"""Calls that run at a time. Drawing gains nothing from more, and each thread keeps memory of its own."""

LINK_LIFETIME: Final = 3600.0
MOST_PARKED: Final = 100


@dataclass(frozen=True)
class Settings:
    """How calls are served.

    `links` gives results as links rather than with their content, `most` is the size of a call in bytes, `inputs` a folder
    with the files that the workflows load.
    """

    client_id: str
    client_secret: str = field(repr=False)
    links: bool = False
    most: int = 512 << 20
    inputs: Path | None = None


def create_app(
    workflows: Sequence[Served], settings: Settings, executor: Executor | None = None
) -> ASGIApp:
    """The application: each workflow at its name, a single one at the root too.

    `executor` runs the calls, by default without models. Raises CodegenError for what is no workflow.
    """
    for served in workflows:
        _ = served.workflow
    server = Server(workflows, settings, executor or Preview())
    routes = [
        Route("/", server.listing, methods=["GET"]),
        Route("/files/{token}/{name}", server.store.serve, methods=["GET"]),
        Route("/results/{prompt_id}", server.parked, methods=["GET"]),
        *server.gateway.routes,
        Route("/{workflow}/schema", server.schema, methods=["GET"]),
        Route("/{workflow}", server.infer, methods=["POST"]),
    ]
    if len(workflows) == 1:
        routes.append(Route("/", server.infer, methods=["POST"]))
    app = Starlette(
        routes=routes,
        lifespan=server.lifespan,
        exception_handlers={
            Rejected: _rejected,
            HTTPException: _missing,
            faults.Drop: _dropped,
            Exception: _broken,
        },
    )
    mounted: ASGIApp = socketio.ASGIApp(server.gateway.sockets, app)
    return mounted


class Server:
    """What the routes share."""

    def __init__(
        self, workflows: Sequence[Served], settings: Settings, executor: Executor
    ) -> None:
        self._workflows = {each.name: each for each in workflows}
        self.settings = settings
        self._executor = executor
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="run")
        self._parked: dict[str, dict[str, Any]] = {}
        self.store = Store(LINK_LIFETIME)
        self.gateway = Gateway(self)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self.gateway.close()
            self._threads.shutdown(wait=False, cancel_futures=True)
            self.store.close()

    async def listing(self, request: Request) -> Response:
        """What is served, and where."""
        base = self.base(request)
        return Answer(
            {
                name: {"url": f"{base}/{name}", "schema": f"{base}/{name}/schema"}
                for name in self._workflows
            }
        )

    async def schema(self, request: Request) -> Response:
        """The JSON Schema of calls to a workflow."""
        served = self._served(request)
        return Response(served.schema, media_type="application/schema+json")

    async def infer(self, request: Request) -> Response:
        """A call: its result, or its log and then its result."""
        self.authenticate(request.headers)
        served = self._served(request)
        fault = request.headers.get(faults.HEADER)
        async with contextlib.AsyncExitStack() as stack:
            form = await stack.enter_async_context(
                read_form(request, self.settings.most)
            )
            response = await faults.before(fault)
            if response is not None:
                return response
            run = self.started(served, form)
            show = self._form_of(request)
            if form.fields.get("logs") == "true":
                # The form's files are needed for as long as the stream goes on.
                events = self._events(run, show, fault, stack.pop_all())
                response = faults.stream(events)
            else:
                response = await self._answered(request, run, show, fault)
        if fault in ("drip", "truncate", "drop-stream"):
            return faults.Spoiled(response, fault, lambda: _drop(request))
        return response

    async def parked(self, request: Request) -> Response:
        """A result that a redirect led to."""
        self.authenticate(request.headers)
        answer = self._parked.get(request.path_params["prompt_id"])
        return Answer(answer) if answer else Answer({"detail": "Not Found"}, 404)

    def started(self, served: Served, form: Form, prompt_id: str | None = None) -> Run:
        """The run of a call. Raises Rejected for one that cannot be run."""
        params = read_params(form.fields.get("params"))
        workflow, types = overridden(served, form.fields.get("workflow_api") or None)
        stored = self._executor.stored(self.settings.inputs)
        ready = checked(workflow, types, params, form.files, stored)
        values = {
            **params,
            **{key: f"<{path.name}>" for key, path in form.files.items()},
        }
        return Run(self._executor, self._threads, ready, values, form.files, prompt_id)

    def _form_of(self, request: Request) -> Callable[[Output], dict[str, Any]]:
        wanted = request.headers.get("x-viewcomfy-results")
        if wanted == "links" or (wanted is None and self.settings.links):
            base = self.base(request)
            return lambda output: as_link(output, self.store.keep(output, base))
        return as_data

    async def _answered(
        self,
        request: Request,
        run: Run,
        show: Callable[[Output], dict[str, Any]],
        fault: str | None,
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
        if fault == "redirect":
            while len(self._parked) >= MOST_PARKED:
                del self._parked[next(iter(self._parked))]
            self._parked[run.prompt_id] = answer
            return RedirectResponse(f"/results/{run.prompt_id}", 303)
        return Answer(answer, 201)

    async def _events(
        self,
        run: Run,
        show: Callable[[Output], dict[str, Any]],
        fault: str | None,
        stack: contextlib.AsyncExitStack,
    ) -> AsyncIterator[bytes]:
        async with stack:
            try:
                async for line in run.lines():
                    if line is None:
                        yield b": still there\n\n"
                    else:
                        yield faults.event("log_message", line)
                answer = faults.after(fault, await run.answer(show))
                if "error_data" in answer:
                    yield faults.event("error", json.dumps(answer["error_data"]))
                yield faults.result_event(answer)
            finally:
                run.cancel()

    def authenticate(self, headers: Mapping[str, str]) -> None:
        """Raises Rejected unless the credentials are those of the settings."""
        settings = self.settings
        bearer = str(headers.get("authorization", "")).removeprefix("Bearer ")
        secret = str(headers.get("client_secret") or bearer)
        known = bearer or headers.get("client_id") == settings.client_id
        right = hmac.compare_digest(secret.encode(), settings.client_secret.encode())
        if not (secret and right and known):
            raise Rejected(
                401, "the client id or the secret is wrong", kind="Unauthorized"
            )

    def base(self, request: Request) -> str:
        """The server's own URL, as the client knows it."""
        return str(request.base_url).rstrip("/")

    def deployed(self, url: str) -> Served:
        """The workflow that a deployment's URL means, a single one whatever the URL. Raises Rejected."""
        try:
            name = urlsplit(url).path.strip("/")
        except ValueError:
            raise Rejected(404, f"{url} is no deployment's URL") from None
        if name in self._workflows:
            return self._workflows[name]
        if len(self._workflows) == 1:
            return next(iter(self._workflows.values()))
        raise Rejected(404, f"there is no deployment {url}", list(self._workflows))

    def _served(self, request: Request) -> Served:
        name = request.path_params.get("workflow")
        if name is None:
            return next(iter(self._workflows.values()))
        if name not in self._workflows:
            raise HTTPException(404)
        return self._workflows[name]


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _drop(request: Request) -> None:
    """Closes the connection where the server gives us its transport; raising does it everywhere else."""
    transport = request.scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionAbortedError("dropped as asked")
    transport.abort()


async def _rejected(_: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return Answer(error.body, error.status)


async def _missing(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Answer({"detail": error.detail}, error.status_code)


async def _broken(_: Request, error: Exception) -> Response:
    body = {"errorMsg": "the server failed", "errorDetails": repr(error)}
    return Answer({**body, "errorType": type(error).__name__}, 500)


async def _dropped(request: Request, _: Exception) -> Response:
    await _drop(request)
    return Response(status_code=500)
