"""Simulated failures, which a call requests with a header."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from viewcomfy_runtime.json_types import JsonObject

from ..executors.executor import Pace
from ..http.responses import AsciiJson
from ..rejection import Rejected
from ..shapes import ResultJson

HEADER: Final = "x-viewcomfy-fault"

FAULTS: Final = {
    "drop": "close the connection without an answer",
    "drop-stream": "close it in the middle of the answer, or of an event",
    "slow=SECONDS": "wait this long before the answer",
    "drip": "send the answer byte by byte",
    "truncate": "announce a longer answer than is sent",
    "html": "answer with a page, as a proxy does",
    "invalid": "answer with broken JSON",
    "redirect": "answer with a redirect to the result",
    "error": "answer that the workflow failed",
    "slow-steps=SECONDS": "take this long for each step of the run, 0.5 by default",
    "fail-at=STEP": "fail at this step of the run",
    "broken-base64": "answer with a file that cannot be decoded",
    "429": "answer that there are too many requests, with Retry-After",
    "STATUS": "answer with this status, from 400 to 599",
}


class Drop(Exception):
    """The connection is to be closed without an answer."""


async def drop(request: Request) -> None:
    """Close the connection if the server provides its transport; elsewhere, raising has the same
    effect.
    """
    transport = request.scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionAbortedError("dropped, as requested")
    transport.abort()


async def dropped(request: Request, _: Exception) -> Response:
    """The answer to a call that requests `drop`: none."""
    await drop(request)
    return Response(status_code=500)


async def before(fault: str | None) -> Response | None:
    """The answer that replaces a run; None if the run goes ahead. Raises Drop and Rejected."""
    name, _, value = (fault or "").partition("=")
    if name == "drop":
        raise Drop
    if name == "slow":
        await asyncio.sleep(_seconds(value))
    elif name == "html":
        page = "<!doctype html><title>502 Bad Gateway</title><h1>Bad gateway</h1>"
        return Response(page, 502, media_type="text/html")
    elif name == "invalid":
        return Response('{"prompt_id": ', 201, media_type="application/json")
    elif re.fullmatch("[45][0-9][0-9]", name):
        headers = {"Retry-After": "1"} if name in ("429", "503") else {}
        body = {
            "errorMsg": "a simulated failure",
            "errorDetails": "",
            "errorType": "Fault",
        }
        return AsciiJson(body, int(name), headers)
    elif name and fault not in _AFTER and name not in ("slow-steps", "fail-at"):
        raise Rejected(400, f"{fault!r} is not a failure that can be simulated", FAULTS)
    return None


def pace_of(fault: str | None) -> Pace | None:
    """The pace of the run, for faults that occur during it. Raises Rejected."""
    name, given, value = (fault or "").partition("=")
    if name == "slow-steps":
        return Pace(_seconds(value) if given else 0.5)
    if name == "fail-at":
        if not re.fullmatch("[0-9]{1,9}", value):
            raise Rejected(400, "fail-at takes a step, as in fail-at=3", FAULTS)
        return Pace(fail_at=int(value))
    return None


_AFTER: Final = (
    "drop-stream",
    "drip",
    "truncate",
    "redirect",
    "broken-base64",
    "error",
)


def _seconds(value: str) -> float:
    try:
        return min(600.0, max(0.0, float(value)))
    except ValueError:
        raise Rejected(
            400, "this failure takes seconds, as in slow=2.5", FAULTS
        ) from None


def after(fault: str | None, answer: ResultJson) -> ResultJson:
    """A result with a fault in it."""
    if fault == "broken-base64":
        files: list[JsonObject] = [
            {**each, "data": "%%%"} for each in answer["outputs"]
        ]
        return {**answer, "outputs": files}
    if fault == "error":
        data: JsonObject = {
            "node_id": "1",
            "node_type": "Fault",
            "exception_message": "as requested",
        }
        return {**answer, "status": "error", "outputs": [], "error_data": data}
    return answer


class Spoiled(Response):
    """Another response, sent incorrectly."""

    def __init__(
        self, response: Response, fault: str, drop: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(status_code=response.status_code)
        self._response = response
        self._fault = fault
        self._drop = drop

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def spoiled(message: Any) -> None:
            if message["type"] == "http.response.start":
                if self._fault in ("truncate", "drop-stream"):
                    message = {**message, "headers": _longer(message["headers"])}
                await send(message)
                return
            body = message.get("body", b"")
            if self._fault == "drip":
                for byte in body:
                    await send({**message, "body": bytes([byte]), "more_body": True})
                    await asyncio.sleep(0.001)
                await send({**message, "body": b""})
            elif body:
                await send(
                    {**message, "body": body[: len(body) // 2], "more_body": True}
                )
                await self._drop()

        await self._response(scope, receive, spoiled)


def _longer(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [
        (name, b"%d" % (int(value) + 100) if name == b"content-length" else value)
        for name, value in headers
    ]


_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
"""The line ends of a stream. `str.splitlines` also splits at characters that are text here."""


def event(kind: str, data: str) -> bytes:
    """A server-sent event."""
    lines = "".join(f"data: {line}\n" for line in _NEWLINE.split(data))
    return f"event: {kind}\n{lines}\n".encode("utf-8", "replace")


class _Events(StreamingResponse):
    """A response of events, which ends them if the client disconnects early."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(events, 201, headers, media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._events.aclose()


def stream(events: AsyncGenerator[bytes, None]) -> Response:
    """A response of events."""
    return _Events(events)


def result_event(answer: ResultJson) -> bytes:
    return event("prompt_result", json.dumps(answer))
