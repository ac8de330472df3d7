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

from . import store
from .calls import faults
from .comfy_api.routes import ComfyApiRoutes
from .deployments import Deployments, Settings
from .executors.executor import Executor
from .executors.preview import PreviewExecutor
from .http import responses
from .http.access_log import AccessLog
from .http.addresses import OwnHostOnly
from .http.listeners import ListenersOnly
from .http.origins import KnownOriginsOnly
from .page_routes import PageRoutes
from .rejection import Rejected
from .served import Served
from .viewcomfy.direct_routes import DirectRoutes
from .viewcomfy.gateway_routes import GatewayRoutes


def create_app(
    workflows: Sequence[Served], settings: Settings, executor: Executor | None = None
) -> ASGIApp:
    """The application: each workflow at its name, a single one at the root too.

    `executor` runs the calls, by default without models. Raises CodegenError for a source without a
    workflow.
    """
    for served in workflows:
        _ = served.workflow
    deployments = Deployments(workflows, settings, executor or PreviewExecutor())
    gateway = GatewayRoutes(deployments)
    comfy_api = ComfyApiRoutes(deployments)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            gateway.close()
            comfy_api.close()
            deployments.close()

    app = Starlette(
        routes=[
            Route(store.PATH, deployments.store.serve, methods=["GET"]),
            *gateway.routes,
            *comfy_api.routes,
            Route("/{workflow}/schema", _schema(deployments), methods=["GET"]),
            *PageRoutes(deployments).routes,
            *DirectRoutes(deployments).routes,
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
    return OwnHostOnly(AccessLog(known, settings.log))


def _schema(deployments: Deployments) -> Callable[[Request], Awaitable[Response]]:
    async def schema(request: Request) -> Response:
        """The JSON Schema of calls to a workflow."""
        served = deployments.named(request.path_params["workflow"])
        return Response(served.schema, media_type="application/schema+json")

    return schema
