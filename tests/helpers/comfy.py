"""A ComfyUI as its clients see it: uploads, a queue, a
history, files, and messages over a WebSocket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from viewcomfy_runtime import (
    ComfyUI,
)

from .local import on_loopback

IMAGES = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}
"""The outputs of a run whose node 9 saved an image."""


@dataclass
class Item:
    """A prompt in the queue."""

    prompt_id: str
    prompt: dict[str, Any]
    client_id: str


@dataclass
class Comfy:
    """The server's state, and how it is to behave.

    `held` keeps runs in the queue for good, `delay` for so many seconds, `unheard` until the client
    listens; `lasting` is how long they run. `events` are the messages of a run before its end,
    which with `hasty` come after it is in the history. `deaf` takes no WebSocket; `lost` breaks
    connections after the prompt arrived. `own_ids` is an older server's way, `cancels_jobs` a
    newer one's.
    """

    outputs: dict[str, Any] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    status: str = "success"
    held: bool = False
    unheard: bool = False
    deaf: bool = False
    lost: int = 0
    own_ids: bool = False
    cancels_jobs: bool = False
    delay: float = 0.05
    lasting: float = 0.02
    hasty: bool = False
    rejects: dict[str, Any] | None = None
    node_errors: dict[str, Any] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    drops_socket: bool = False
    forgets: bool = False
    url: str = ""
    pending: list[Item] = field(default_factory=list)
    running: list[Item] = field(default_factory=list)
    history: dict[str, Any] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    masks: list[dict[str, str]] = field(default_factory=list)
    prompts: list[Item] = field(default_factory=list)
    interrupted: list[Any] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    sockets: dict[str, WebSocket] = field(default_factory=dict)
    asked: int = 0
    headers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def upload(self, request: Request) -> Response:
        async with request.form() as form:
            file: Any = form["image"]
            folder = str(form.get("subfolder") or "")
            name = f"{folder}/{file.filename}" if folder else file.filename
            self.uploads[name] = await file.read()
            if request.url.path.endswith("mask"):
                self.masks.append(json.loads(str(form["original_ref"])))
            return JSONResponse(
                {"name": file.filename, "subfolder": folder, "type": "input"}
            )

    async def prompt(self, request: Request) -> Response:
        body = await request.json()
        self.bodies.append(body)
        self.headers.append((request.url.path, dict(request.headers)))
        if self.rejects is not None:
            return JSONResponse(self.rejects, 400)
        prompt_id = "made-by-server" if self.own_ids else body["prompt_id"]
        item = Item(prompt_id, body["prompt"], body["client_id"])
        if self.lost:
            self.lost -= 1
            if not self.forgets:
                self._queue(item)
            request.scope["state"]["transport"].abort()
            return Response(status_code=500)
        self._queue(item)
        answer = {"prompt_id": prompt_id, "number": 1, "node_errors": self.node_errors}
        return JSONResponse(answer)

    def _queue(self, item: Item) -> None:
        self.prompts.append(item)
        self.pending.append(item)
        if not self.held:
            asyncio.get_running_loop().create_task(self._work(item))

    async def _work(self, item: Item) -> None:
        await asyncio.sleep(self.delay)
        while self.unheard and item.client_id not in self.sockets:
            await asyncio.sleep(0.01)
        if item not in self.pending:
            return
        self.pending.remove(item)
        self.running.append(item)
        if self.hasty:
            self.finish(item)
        for message in self.events:
            await self._tell(item, message)
        await asyncio.sleep(self.lasting)
        if item not in self.running:
            return
        self.running.remove(item)
        self.finish(item)
        await self._tell(item, {"type": "executing", "data": {"node": None}})

    def finish(self, item: Item) -> None:
        self.history[item.prompt_id] = {
            "prompt": [1, item.prompt_id, item.prompt, {}, []],
            "outputs": self.outputs,
            "status": {
                "status_str": self.status,
                "completed": self.status == "success",
                "messages": self.messages,
            },
        }

    async def _tell(self, item: Item, message: Any) -> None:
        socket = self.sockets.get(item.client_id)
        if socket is None:
            return
        if message == "drop":
            del self.sockets[item.client_id]
            await socket.close()
            while item.client_id not in self.sockets:  # until it comes back
                await asyncio.sleep(0.01)
        elif isinstance(message, bytes):
            await socket.send_bytes(message)
        elif isinstance(message, str):
            await socket.send_text(message)
        else:
            data = {"prompt_id": item.prompt_id, **message["data"]}
            await socket.send_json({**message, "data": data})

    async def asked_history(self, request: Request) -> Response:
        self.asked += 1
        prompt_id = request.path_params["prompt_id"]
        found = self.history.get(prompt_id)
        return JSONResponse({prompt_id: found} if found else {})

    async def queue(self, request: Request) -> Response:
        if request.method == "POST":
            gone = (await request.json())["delete"]
            self.pending = [each for each in self.pending if each.prompt_id not in gone]
            return Response()
        return JSONResponse(
            {
                f"queue_{name}": [
                    [1, each.prompt_id, each.prompt, {"client_id": each.client_id}]
                    for each in items
                ]
                for name, items in (
                    ("running", self.running),
                    ("pending", self.pending),
                )
            }
        )

    async def interrupt(self, request: Request) -> Response:
        body = await request.json()
        self.interrupted.append(body)
        for item in list(self.running):
            self._interrupt(item)
        return Response()

    def _interrupt(self, item: Item) -> None:
        self.running.remove(item)
        self.status, self.messages = "error", [["execution_interrupted", {}]]
        self.finish(item)

    async def cancel(self, request: Request) -> Response:
        if not self.cancels_jobs:
            return Response(status_code=404)
        gone = request.path_params["prompt_id"]
        self.cancelled.append(gone)
        waiting = [each for each in self.pending if each.prompt_id == gone]
        running = [each for each in self.running if each.prompt_id == gone]
        for item in waiting:
            self.pending.remove(item)
        for item in running:
            self._interrupt(item)
        return JSONResponse({"cancelled": bool(waiting or running)})

    async def view(self, request: Request) -> Response:
        self.views.append(str(request.url.query))
        self.headers.append((request.url.path, dict(request.headers)))
        name = request.query_params["filename"]
        return Response(f"content of {name}".encode())

    async def socket(self, socket: WebSocket) -> None:
        self.headers.append((socket.url.path, dict(socket.headers)))
        if self.deaf:
            await socket.close()
            return
        await socket.accept()
        self.sockets[socket.query_params["clientId"]] = socket
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()


@contextlib.contextmanager
def comfy(**behavior: Any) -> Iterator[Comfy]:
    """A ComfyUI on a real socket, in a thread."""
    found = Comfy(**behavior)
    routes: list[Any] = [
        Route(path, handler, methods=methods)
        for path, handler, methods in _routes(found)
    ]
    app = Starlette(routes=[*routes, WebSocketRoute("/ws", found.socket)])
    with on_loopback(app) as found.url:
        yield found


def _routes(found: Comfy) -> list[tuple[str, Callable[..., Any], list[str]]]:
    return [
        ("/upload/image", found.upload, ["POST"]),
        ("/upload/mask", found.upload, ["POST"]),
        ("/prompt", found.prompt, ["POST"]),
        ("/history/{prompt_id}", found.asked_history, ["GET"]),
        ("/queue", found.queue, ["GET", "POST"]),
        ("/interrupt", found.interrupt, ["POST"]),
        ("/api/jobs/{prompt_id}/cancel", found.cancel, ["POST"]),
        ("/view", found.view, ["GET"]),
    ]


def client(found: Comfy) -> ComfyUI:
    """A client that tries everything once."""
    return ComfyUI(found.url, retries=0)
