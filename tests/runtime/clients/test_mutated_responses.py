"""Whatever stands anywhere in a server's answers, a run gives a result or an error of this package,
and none of its texts shows a secret.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from viewcomfy_runtime import (
    ComfyAPI,
    ComfyUI,
    ViewComfy,
    ViewComfyApp,
    ViewComfyError,
    ViewComfyGateway,
)
from viewcomfy_runtime.http import polling

from ...helpers.cases import image_to_image
from ...helpers.exposed import everything_said_by
from ...helpers.mutating import mutated
from ...helpers.servers import Answer, Request, Server, event
from ...helpers.support import module_of

SECRET = 's3cr3t"key\\of/9'
FORMS = (SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, ""), SECRET[4:])
PLANTED = [*FORMS[:3], f"x{SECRET}x", {SECRET: SECRET}, [SECRET], {"message": SECRET}]
FAULT = {"message": "m", "details": "d", "extra_info": {"input_name": "steps"}}
FAULTS = {"3": {"class_type": "KSampler", "errors": [FAULT]}}
BROKEN = {"node_id": "3", "node_type": "KSampler", "exception_message": "no"}
FILE = {"filename": "a.png", "content_type": "image/png", "data": "AAAA", "size": 3}
LINK = {"filename": "b.png", "contentType": "image/png", "filepath": "http://h/x"}
REFUSED = {"errorMsg": "e", "errorDetails": ["d"], "errorType": "t", "detail": "x"}


def ran(ending: str, **more: Any) -> Any:
    return {
        "prompt_id": "p",
        "status": ending,
        "completed": True,
        "prompt": image_to_image(),
        "outputs": [FILE, LINK],
        "error_data": BROKEN,
        **more,
    }


def direct(chance: Random, request: Request) -> tuple[int, Any]:
    status = chance.choice([201, 201, 401, 422, 500])
    return status, ran(chance.choice(["success", "error"]), **REFUSED)


def gateway(chance: Random, request: Request) -> tuple[int, Any]:
    if "socket.io" in request.path or request.method == "POST":
        return (404 if "socket.io" in request.path else 201), {}
    [run] = parse_qs(urlsplit(request.path).query)["prompt_ids"]
    return 200, [ran(chance.choice(["success", "error"]), promptId=run)]


def comfyui(chance: Random, request: Request) -> tuple[int, Any]:
    if request.path.startswith("/history"):
        messages = [["execution_start", {"timestamp": 1}], ["execution_error", BROKEN]]
        return 200, {
            request.path.rsplit("/", 1)[1]: {
                "prompt": [1, "p", image_to_image(), {}, ["9"]],
                "outputs": {"9": {"images": [{"filename": "a", "type": "output"}]}},
                "status": {
                    "status_str": chance.choice(["success", "error"]),
                    "completed": True,
                    "messages": messages,
                },
            }
        }
    if request.path.startswith("/upload"):
        return 200, {"name": "a.png", "subfolder": "", "type": "input"}
    if request.path == "/prompt" and chance.random() < 0.3:
        return 400, {"error": {"message": "m", "details": "d"}, "node_errors": FAULTS}
    queue = {"queue_running": [[0, "p", {}, {}]], "queue_pending": []}
    return (404 if "/ws" in request.path else 200), {"prompt_id": "p", **queue}


def comfy_api(chance: Random, request: Request) -> tuple[int, Any]:
    if "assets" in request.path:
        status = 404 if request.method == "HEAD" else 201
        return status, {"id": "a1", "hash": "blake3:aa", "url": "/x"}
    details = {"node_errors": FAULTS, "missing_ids": ["a1"]}
    code = chance.choice(["invalid_workflow", "missing_asset", "unauthorized"])
    refused = {"error": {"code": code, "message": "m", "details": details}}
    if request.path.endswith("/events") or chance.random() < 0.2:
        return chance.choice([401, 422, 501]), refused
    error = {"code": "node_execution_error", "message": "m", "node_id": "3"}
    job = {
        "id": "j1",
        "status": chance.choice([*("succeeded", "failed", "canceled") * 9, ["failed"]]),
        "progress": {"value": 1, "current_node": "3", "step": 1, "steps": 2},
        "outputs": [{"node_id": "9", "name": "a", "id": "o", "url": "/x"}],
        "error": error,
    }
    return (201 if request.method == "POST" else 200), job


def app(chance: Random, request: Request) -> tuple[int, Any]:
    return chance.choice([500, 400, 200]), REFUSED


CLIENTS: dict[str, tuple[Any, Callable[[str], Any]]] = {
    "ViewComfy": (direct, lambda url: ViewComfy(url, "id", SECRET, retries=0)),
    "ViewComfyGateway": (
        gateway,
        lambda url: ViewComfyGateway("https://h", "id", SECRET, base=url, retries=0),
    ),
    "ComfyUI": (
        comfyui,
        lambda url: ComfyUI(url, headers={"X-API-Key": SECRET}, retries=0),
    ),
    "ComfyAPI": (comfy_api, lambda url: ComfyAPI(url, SECRET, retries=0)),
    "ViewComfyApp": (
        app,
        lambda url: ViewComfyApp(
            url.replace("://", f"://me:{quote(SECRET, '')}@"), retries=0
        ),
    ),
}


def answering(number: int, answers: Any) -> Callable[[Request], Answer]:
    chance = Random(number)

    def answer(request: Request) -> Answer:
        status, said = answers(chance, request)
        if chance.random() < 0.7:
            said = mutated(chance, [said], 2, (*PLANTED, *PLANTED))[:1]
            said = said[0] if said else None
        body = json.dumps(said).encode()
        if answers is direct and status == 201 and number % 3 == 0:
            lines = event("log_message", SECRET) + event("prompt_result", body.decode())
            return Answer(201, lines, {"Content-Type": "text/event-stream"})
        return Answer(status, body, {"Content-Type": "application/json"})

    return answer


def everything_said(module: ModuleType, client: Any, folder: Path) -> Iterator[str]:
    """All texts that come of a run. Raises whatever is raised but the package's errors."""
    lines: list[str] = []
    call = module.Parameters(image=b"x")
    try:
        made = module.run(call, client=client, timeout=1, on_log=lines.append)
        yield repr(made)
        made.save(folder, timeout=1)
    except ViewComfyError as error:
        yield from everything_said_by(error)
    yield from lines
    yield from (each.name for each in folder.iterdir())


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return module_of(image_to_image(), tmp_path_factory.mktemp("made"))


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST", 0.001)
    monkeypatch.setattr(polling, "LONGEST", 0.002)


@pytest.mark.parametrize("name", CLIENTS)
def test_no_part_of_a_response_breaks_a_run_or_shows_a_secret(
    name: str, module: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "viewcomfy")
    answers, client = CLIENTS[name]
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with (
                Server(answering(number, answers)) as server,
                client(server.url) as own,
            ):
                said = [*everything_said(module, own, folder), repr(own)]
            said += [str(each.message) for each in caught]
        said += [each.getMessage() for each in caplog.records]
        caplog.clear()
        shown = [text for text in said if any(form in text for form in FORMS)]
        assert shown == [], number
