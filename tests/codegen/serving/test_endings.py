"""How runs end that do not end well, and how the command ends; what is left behind: nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest
import requests
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from viewcomfy_codegen.serving import Artifact, Execution

from ...helpers.inside import app_of, called
from ...helpers.local import HEADERS, Endless, on_loopback, served, serving
from ...helpers.served import form
from ...helpers.support import node, text_to_image


class Broken:
    """An executor that raises what nobody expects."""

    def stored(self, folder: Path | None) -> None:
        return None

    def execute(self, execution: Execution) -> list[Artifact]:
        raise KeyError("weights")


def send_and_hang_up(base: str, executor: Endless, logs: str) -> None:
    """A call whose caller goes away once it runs."""
    request = requests.Request(
        "POST", f"{base}/made", headers=HEADERS, files=form(logs)
    ).prepare()
    lines = ["POST /made HTTP/1.1\r\nHost: localhost"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    assert isinstance(request.body, bytes)
    host, _, port = base.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + request.body)
        assert executor.started.wait(30)


@pytest.mark.parametrize("logs", ["false", "true"])
def test_a_run_is_cancelled_when_its_caller_goes_away(logs: str) -> None:
    executor = Endless()
    with serving(served(text_to_image()), executor=executor) as base:
        send_and_hang_up(base, executor, logs)
        assert executor.cancelled.wait(30)


@pytest.mark.parametrize("logs", ["false", "true"])
def test_a_run_is_cancelled_when_the_server_ends(logs: str) -> None:
    executor = Endless()
    with serving(served(text_to_image()), executor=executor) as base:
        errors: list[Exception] = []

        def call() -> None:
            try:
                _ = requests.post(
                    f"{base}/made", headers=HEADERS, files=form(logs), timeout=30
                ).content
            except requests.RequestException as error:
                errors.append(error)

        caller = threading.Thread(target=call)
        caller.start()
        assert executor.started.wait(30)
    caller.join()
    assert executor.cancelled.wait(30)
    assert errors


def test_whatever_an_executor_raises_is_a_run_that_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(served(text_to_image()), executor=Broken()) as base:
        answer = requests.post(
            f"{base}/made", headers=HEADERS, files=form(), timeout=30
        )
    assert answer.status_code == 201
    assert answer.json()["status"] == "error"
    assert "weights" in answer.json()["error_data"]["exception_message"]
    assert "a run failed" in caplog.text


def test_a_picture_that_ends_too_early_fails_at_its_node() -> None:
    workflow = {
        "1": node("LoadImage", image="in.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    picture = _jpeg()
    files = {"1-inputs-image": ("a.jpg", picture[: len(picture) // 2], "image/jpeg")}
    answer = called(app_of(workflow), {"2-inputs-filename_prefix": "y"}, files).json()
    assert answer["status"] == "error"
    assert answer["error_data"]["node_type"] == "SaveImage"
    assert "cannot be read" in answer["error_data"]["exception_message"]


def _jpeg() -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_call_that_is_nearly_over_when_the_server_stops_ends_by_itself() -> None:
    ended = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await PlainTextResponse("done")(scope, receive, send)
            await asyncio.sleep(0.05)
            ended.append(True)

    with on_loopback(app) as url:
        requests.get(url, timeout=30)
    assert ended == [True]
