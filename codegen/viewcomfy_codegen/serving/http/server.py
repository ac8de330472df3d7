"""Serves the application on a socket, with uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN: Final = 30.0
"""Seconds for a request's head to arrive, from the connection or the previous answer."""

MOST_CONNECTIONS: Final = 1000
"""Simultaneous connections and calls; more are answered with 503."""

_GRACE: Final = 0.25
"""Seconds in which calls may end by themselves once their connections are closed."""

_PAUSE: Final = 0.005
"""Seconds between looks at whether dropped calls have ended."""

_TALKATIVE: Final = ("python_multipart", "engineio.server")
"""Libraries that log what clients do wrong. The clients are told that already."""


class Connection(H11Protocol):
    """A connection that the application can drop, and that is closed if a request's head does not
    arrive in time.
    """

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _expect_head(self) -> None:
        """Wait for the head of a request, unless one is being answered or the connection is a
        WebSocket.
        """
        if self.transport.get_protocol() is not self or (
            self.cycle is not None and not self.cycle.response_complete
        ):
            self._stop_waiting()
        elif self._overdue is None:
            self._overdue = self.loop.call_later(HEAD_WITHIN, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


class PromptServer(uvicorn.Server):
    """A server that stops at once: calls that still run are dropped."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Stop the server from another thread, without waiting for its next look at signals."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # It stopped by itself.
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._ready()

    async def main_loop(self) -> None:
        looking = asyncio.create_task(super().main_loop())
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({looking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        looking.cancel()
        stopped.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Like uvicorn's, but nothing is waited for that is dropped."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        if tasks := list(self.server_state.tasks):
            # A call that is nearly over closes its files, which it couldn't do if it was canceled.
            _, running = await asyncio.wait(tasks, timeout=_GRACE)
            for task in running:
                task.cancel()
        while self.server_state.tasks and not self.force_exit:
            await asyncio.sleep(_PAUSE)
        for listening in self.servers:
            await listening.wait_closed()
        await self.lifespan.shutdown()


def server(app: ASGIApp, ready: Callable[[], object] = lambda: None) -> PromptServer:
    """A server for the application; `run(sockets=[bound(…)])` serves until Ctrl-C. `ready` is
    called once it serves.
    """
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        _quiet(app),
        http=Connection,
        log_level="warning",
        access_log=False,
        # There is no proxy in front, so headers such as X-Forwarded-For are not trusted.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
    )
    return PromptServer(config, ready)


def _quiet(app: ASGIApp) -> ASGIApp:
    """The application, without error output for calls that the server ends."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return run
