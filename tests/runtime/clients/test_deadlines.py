"""A run ends with its time, whatever a server does on any of its connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from viewcomfy_runtime import (
    Call,
    ComfyAPI,
    ComfyUI,
    ViewComfy,
    ViewComfyApp,
    ViewComfyError,
    ViewComfyGateway,
)
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.faults import Asked, Fault, Line, faulty, frame, handshake

TIMEOUT = 3.0
MOST = 3.5
CALL = Call(
    {"3-inputs-seed": 1},
    graph={"3": {"class_type": "KSampler", "inputs": {"seed": 1}}},
)
CHUNKED = b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAM = b"HTTP/1.1 201 Fine\r\nContent-Type: text/event-stream\r\n\r\n"


def silent(line: Line, asked: Asked) -> None:
    line.wait()


def dripped_head(line: Line, asked: Asked) -> None:
    line.drip(b"HTTP/1.1 201 Fine\r\nX-Slow: " + b"x" * 1000)


def dripped_body(line: Line, asked: Asked) -> None:
    line.send(CHUNKED)
    line.repeat(b"1\r\n \r\n")


def broad_body(line: Line, asked: Asked) -> None:
    line.send(CHUNKED)
    line.repeat(b"10000\r\n" + b" " * 65536 + b"\r\n", 0.01)


def continued(line: Line, asked: Asked) -> None:
    line.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")


def lines_without_end(line: Line, asked: Asked) -> None:
    line.send(STREAM)
    line.repeat(b"event: log_message\ndata: on and on\n\n", 0.01)


def comments(line: Line, asked: Asked) -> None:
    line.send(STREAM)
    line.repeat(b": still there\n\n")


def one_line(line: Line, asked: Asked) -> None:
    line.send(STREAM + b"data: ")
    line.repeat(b"x" * 65536, 0.01)


def redirected(line: Line, asked: Asked) -> None:
    line.send(
        b"HTTP/1.1 303 See\r\nLocation: /again\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )


def busy(line: Line, asked: Asked) -> None:
    line.answer({}, 503)


OVER_HTTP: Mapping[str, Fault] = {
    each.__name__: each
    for each in (silent, dripped_head, dripped_body, broad_body, continued, busy)
}
OVER_STREAMS: Mapping[str, Fault] = {
    each.__name__: each for each in (lines_without_end, comments, one_line, redirected)
}


def opened(fault: Callable[[Line], None], line: Line, asked: Asked) -> None:
    line.upgraded(asked)
    fault(line)


def fragments(line: Line) -> None:
    line.send(frame(1, b"x", last=False))
    line.repeat(frame(0, b"x" * 65536, last=False), 0.005)


OVER_WEBSOCKET: Mapping[str, Fault] = {
    "refused": lambda line, asked: line.answer({}, 500),
    "silent": silent,
    "dripped handshake": lambda line, asked: line.drip(handshake(asked)[:-1] * 20),
    "deaf": partial(opened, Line.wait),
    "pings": partial(opened, lambda line: line.repeat(frame(9, b"there?"), 0.001)),
    "dripped frame": partial(opened, lambda line: line.drip(frame(1, b"x" * 1000))),
    "huge frame": partial(
        opened, lambda line: line.drip(b"\x81\x7f" + b"\x7f" * 8 + b"x" * 1000)
    ),
    "fragments": partial(opened, fragments),
    "garbage": partial(opened, lambda line: line.repeat(b"\xff" * 100)),
    "texts": partial(opened, lambda line: line.repeat(frame(1, b"{" * 500), 0.001)),
    "never connected": partial(
        opened, lambda line: line.repeat(frame(1, b'0{"sid":"x"}'))
    ),
}


def comfyui(fault: Fault, at: str, line: Line, asked: Asked) -> None:
    """A ComfyUI whose run never ends, with the fault at one of its paths."""
    if asked.path.startswith(at):
        fault(line, asked)
    elif asked.path.startswith("/ws"):
        line.upgraded(asked)
        line.wait()
    else:
        line.answer({"prompt_id": "p", "queue_running": [[0, "p"]]})


def gateway(fault: Fault, at: str, line: Line, asked: Asked) -> None:
    """A gateway whose run never ends, with the fault at one of its paths."""
    if f"{asked.method} {asked.path}".startswith(at):
        fault(line, asked)
    elif asked.path.startswith("/socket.io"):
        line.answer({}, 404)
    elif asked.method == "POST":
        line.answer({}, 201)
    else:
        wanted = asked.path.partition("prompt_ids=")[2]
        line.answer([{"promptId": wanted, "status": "running"}])


def comfy_api(fault: Fault, at: str, line: Line, asked: Asked) -> None:
    """A server of Comfy API v2 whose run never ends, with the fault at one of its paths."""
    if f"{asked.method} {asked.path}".startswith(at):
        fault(line, asked)
    elif asked.path.endswith("/events"):
        line.answer({}, 501)
    else:
        job = {"id": "j1", "status": "running"}
        line.answer(job, 201 if asked.method == "POST" else 200)


def scenarios() -> dict[str, tuple[Fault, Callable[[str], Any]]]:
    def direct(url: str) -> Any:
        return ViewComfy(url, "the-id", "the-secret")

    def through(url: str) -> Any:
        return ViewComfyGateway("https://h", "the-id", "the-secret", base=url)

    found: dict[str, tuple[Fault, Callable[[str], Any]]] = {}
    for name, fault in {**OVER_HTTP, **OVER_STREAMS}.items():
        found[f"viewcomfy: {name}"] = (fault, direct)
    for name, fault in OVER_HTTP.items():
        found[f"app: {name}"] = (fault, ViewComfyApp)
        for at in ("/prompt", "/history", "/queue"):
            found[f"comfyui {at}: {name}"] = (partial(comfyui, fault, at), ComfyUI)
        for at in ("POST", "GET"):
            found[f"gateway {at}: {name}"] = (partial(gateway, fault, at), through)
        for at in ("POST /api/v2/jobs", "GET /api/v2/jobs/j1"):
            found[f"api {at}: {name}"] = (partial(comfy_api, fault, at), ComfyAPI)
    for name, fault in {**OVER_HTTP, **OVER_STREAMS}.items():
        at = "GET /api/v2/jobs/j1/events"
        found[f"api events: {name}"] = (partial(comfy_api, fault, at), ComfyAPI)
    for name, fault in OVER_WEBSOCKET.items():
        found[f"comfyui /ws: {name}"] = (partial(comfyui, fault, "/ws"), ComfyUI)
        found[f"gateway /socket.io: {name}"] = (
            partial(gateway, fault, "GET /socket.io"),
            through,
        )
    return found


SCENARIOS = scenarios()


def seconds_until_it_ends(name: str) -> float:
    behave, client = SCENARIOS[name]
    with faulty(behave) as url:
        own = client(url)
        start = time.perf_counter()
        with pytest.raises(ViewComfyError):
            own.run(CALL, Deadline(TIMEOUT), Watch(len, lambda _: None))
        took = time.perf_counter() - start
        own.close()
    return took


def late(names: Iterable[str], at_a_time: int) -> list[str]:
    """The scenarios that outlast their time."""
    with ThreadPoolExecutor(at_a_time) as threads:
        took = zip(names, threads.map(seconds_until_it_ends, names), strict=True)
        return [name for name, seconds in took if seconds > MOST]


def test_no_fault_of_a_server_outlasts_a_run() -> None:
    found = late(SCENARIOS, len(SCENARIOS))
    # A busy machine delays any of so many at once, but hardly the same one each time.
    for _ in range(8):
        found = late(found, 4)
    assert found == []
