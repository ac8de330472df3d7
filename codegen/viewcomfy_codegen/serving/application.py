"""ViewComfy's API on this machine, as an ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import socketio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from . import faults, responses, store
from .addresses import OwnHostOnly
from .comfy_api_routes import ComfyApiRoutes
from .desk import Desk, Settings
from .direct_routes import DirectRoutes
from .executing import Executor
from .gateway_routes import GatewayRoutes
from .journal import Journal
from .listeners import ListenersOnly
from .origins import KnownOriginsOnly
from .page_routes import PageRoutes
from .preview import Preview
from .refusing import Rejected
from .served import Served


def create_app(
    workflows: Sequence[Served], settings: Settings, executor: Executor | None = None
) -> ASGIApp:
    """The application: each workflow at its name, a single one at the root too.

    `executor` runs the calls, by default without models. Raises CodegenError for a source without a
    workflow.
    """
    for served in workflows:
        _ = served.workflow
    desk = Desk(workflows, settings, executor or Preview())
    gateway = GatewayRoutes(desk)
    comfy_api = ComfyApiRoutes(desk)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            gateway.close()
            comfy_api.close()
            desk.close()

    app = Starlette(
        routes=[
            Route(store.PATH, desk.store.serve, methods=["GET"]),
            *gateway.routes,
            *comfy_api.routes,
            Route("/{workflow}/schema", _schema(desk), methods=["GET"]),
            *PageRoutes(desk).routes,
            *DirectRoutes(desk).routes,
        ],
        lifespan=lifespan,
        exception_handlers={
            Rejected: responses.rejected,
            HTTPException: responses.missing,
            ClientDisconnect: responses.gone,
            faults.Drop: faults.dropped,
            Exception: responses.broken,
        },
    )
    shared = ListenersOnly(socketio.ASGIApp(gateway.sockets, app))
    known = KnownOriginsOnly(shared, settings.origins)
    return OwnHostOnly(Journal(known, settings.log))


def _schema(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def schema(request: Request) -> Response:
        """The JSON Schema of calls to a workflow."""
        served = desk.named(request.path_params["workflow"])
        return Response(served.schema, media_type="application/schema+json")

    return schema
