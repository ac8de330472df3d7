"""Which web pages may call: the server's own, and those of the configured origins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from .addresses import base_url
from .responses import AsciiJson

HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "client_id",
    "client_secret",
    "x-viewcomfy-events",
    "x-viewcomfy-fault",
    "x-viewcomfy-results",
)
"""Headers that pages may send in addition to those that browsers always allow."""


class KnownOriginsOnly:
    """The application, closed to pages of other origins; the configured ones get CORS headers."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(each.rstrip("/") for each in origins)
        self._shared = CORSMiddleware(
            app,
            allow_origins=sorted(self._origins),
            allow_methods=["GET", "POST"],
            allow_headers=list(HEADERS),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _origin(scope)
        if origin is None or origin == base_url(scope):
            await self._app(scope, receive, send)
        elif origin in self._origins:
            await self._shared(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = {
                "errorMsg": f"web pages of {origin[:200]} may not call this server",
                "errorDetails": "name the origin with serve --allow-origin",
                "errorType": "ForbiddenOrigin",
            }
            await AsciiJson(body, 403)(scope, receive, send)


def _origin(scope: Scope) -> str | None:
    found = [value for name, value in scope.get("headers", ()) if name == b"origin"]
    return ", ".join(each.decode("latin-1") for each in found) if found else None
