"""Logs a line for each call, and adds security headers to every answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...errors import visible

LONGEST: Final = 300
"""Characters of a line."""


class AccessLog:
    """The application, with a line to `log` for each call."""

    def __init__(self, app: ASGIApp, log: Callable[[str], object]) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        start, status = time.monotonic(), "no answer"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
                MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if scope["method"] == "POST":
                note = scope["state"].get("note")
                line = f"{scope['path']} {status} in {time.monotonic() - start:.2f} s"
                self._log(visible(f"{line}: {note}" if note else line)[:LONGEST])
