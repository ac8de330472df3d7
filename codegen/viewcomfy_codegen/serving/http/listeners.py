"""Restricts Socket.IO clients to listening: other messages would crash the library's handler."""

from __future__ import annotations

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ListenersOnly:
    """The application, which closes a WebSocket at the first message that isn't a listener's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listener() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and not _is_listeners(message):
                return {"type": "websocket.disconnect", "code": 1003}
            return message

        is_socket = scope["type"] == "websocket"
        await self._app(scope, listener if is_socket else receive, send)


def _is_listeners(message: Message) -> bool:
    """Whether a message closes the connection, answers a ping, or starts or ends listening."""
    text = message.get("text")
    if not isinstance(text, str):
        return False
    if text in ("1", "3", "40", "41"):
        return True
    try:
        return text.startswith("40{") and isinstance(json.loads(text[2:]), dict)
    except (ValueError, RecursionError):
        return False
