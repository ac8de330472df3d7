"""Checks the host names of requests, so that no web page reaches the server by DNS rebinding."""

from __future__ import annotations

import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from ...sockets import is_loopback
from .responses import AsciiJson

_HOST: Final = re.compile(
    r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?"
)


def base_url(scope: Scope) -> str:
    """The server's own URL, with the host name from the request if it is the server's own, or else
    the socket's address.
    """
    address, port = scope.get("server") or ("localhost", None)
    own = f"[{address}]" if ":" in address else address
    named = _named(scope)
    if named is not None and (is_loopback(named[1].strip("[]")) or named[1] == own):
        netloc = named[0]
    else:
        netloc = f"{own}:{port}" if port else own
    scheme = scope.get("scheme", "http").replace("ws", "http")
    return f"{scheme}://{netloc}{scope.get('root_path', '')}"


class OwnHostOnly:
    """The application, restricted over loopback to requests with this machine's own host names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not _is_own(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            body = {
                "errorMsg": "the request is for another host",
                "errorDetails": "use the URL that serve printed",
                "errorType": "MisdirectedRequest",
            }
            await AsciiJson(body, 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_own(scope: Scope) -> bool:
    address, _ = scope.get("server") or ("", None)
    if not is_loopback(address):
        return True
    named = _named(scope)
    return named is not None and is_loopback(named[1].strip("[]"))


def _named(scope: Scope) -> re.Match[str] | None:
    """The Host header and the name in it, if there is exactly one, well-formed header."""
    hosts = [value for name, value in scope.get("headers", ()) if name == b"host"]
    return _HOST.fullmatch(hosts[0].decode("latin-1")) if len(hosts) == 1 else None
