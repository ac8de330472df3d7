"""The server over HTTP: one endpoint, protected by a token if one is set."""

from __future__ import annotations

import hmac
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import uvicorn
from mcp.server.lowlevel import Server

MOST_SENT: Final = 64 << 20
"""Bytes of a request, which may contain files as data: URIs."""

_Message = MutableMapping[str, Any]
_App = Callable[
    [
        _Message,
        Callable[[], Awaitable[_Message]],
        Callable[[_Message], Awaitable[None]],
    ],
    Awaitable[None],
]


def serve(
    server: Server[Any], listening: socket.socket, host: str, token: str | None
) -> None:
    """Serve at /mcp until Ctrl-C. Over loopback, only requests to this machine's own host names are
    answered.
    """
    app: Any = server.streamable_http_app(host=host, max_request_body_size=MOST_SENT)
    if token:
        app = _guarded(app, token)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _guarded(app: _App, token: str) -> _App:
    """The application behind the token check; requests without the token are refused before they
    are read.
    """
    wanted = f"Bearer {token}".encode()

    async def guarded(scope: _Message, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, wanted):
                headers = [(b"www-authenticate", b"Bearer"), (b"content-length", b"0")]
                start = {
                    "type": "http.response.start",
                    "status": 401,
                    "headers": headers,
                }
                await send(start)
                await send({"type": "http.response.body", "body": b""})
                return
        await app(scope, receive, send)

    return guarded
