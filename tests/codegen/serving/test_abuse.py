"""What callers do wrong on purpose or by accident: it ends
with an answer or in silence, never in a traceback.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import select
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from viewcomfy_codegen.serving.http import forms, server

from ...benchmarks.abusing import break_off, mutated, workflow
from ...helpers.inside import app_of, asked, called
from ...helpers.local import HEADERS, served, serving
from ...helpers.support import node, text_to_image
from ...helpers.waiting import LONGEST


@pytest.fixture
def quiet(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Nothing is logged or printed while the test runs, by anybody but the clients of other tests,
    which may say farewell after their test.
    """
    caplog.set_level(logging.INFO)
    yield
    others = ("asyncio", "viewcomfy")
    ours = [each for each in caplog.records if each.name not in others]
    assert [each.getMessage() for each in ours] == []
    assert capfd.readouterr().err == ""


def address(base: str) -> tuple[str, int]:
    parts = urlsplit(base)
    assert parts.hostname is not None and parts.port is not None
    return parts.hostname, parts.port


@contextlib.contextmanager
def connected(base: str) -> Iterator[socket.socket]:
    with socket.create_connection(address(base), LONGEST) as connection:
        yield connection


@pytest.mark.usefixtures("quiet")
def test_calls_that_break_off_leave_no_trace() -> None:
    with serving(served(workflow())) as base:
        for number in range(12):
            break_off(f"{base}/made", number)
        time.sleep(0.3)
        assert requests.get(f"{base}/", timeout=30).status_code == 200


@pytest.mark.usefixtures("quiet")
def test_forms_that_are_none_leave_no_trace() -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    with serving(served(workflow())) as base:
        for body in (b"{}", b"--x", b"--x\r\nA: b\r\n\r\n--x--", b"\0" * 99):
            sent = {**HEADERS, **kind}
            answer = requests.post(f"{base}/made", body, headers=sent, timeout=30)
            assert answer.status_code in (400, 422)
        answer = requests.get(f"{base}/socket.io/?EIO=4", timeout=30)
        assert answer.status_code == 400


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "name", ["x" * 300, "a%00b", "..", "%2e%2e", "app.js%00", "con"]
)
def test_a_file_that_the_page_lacks_is_not_looked_for(name: str) -> None:
    with serving(served(workflow())) as base:
        for folder in ("page", "page/vendor"):
            answer = requests.get(f"{base}/-/{folder}/{name}", timeout=30)
            assert answer.status_code == 404


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("path", ["/socket.io/?EIO=4&transport=websocket"])
def test_packets_that_are_not_socketio_leave_no_trace(path: str) -> None:
    chance = random.Random(3)
    packets: list[str | bytes] = [
        *("", "4", "40", "40{", "42", '42["', "451-", "4" + "9" * 5000),
        *("41", "43", "5", "6probe", "45-[", "40/x,", '42["infer",' + "[" * 3000),
        *(b"", b"\x04", b"\xff" * 100, chance.randbytes(64)),
    ]
    auth = json.dumps({key: value for key, value in HEADERS.items()})
    with serving(served(text_to_image())) as base:
        for packet in packets:
            for opening in ("", f"40{auth}"):
                with (
                    contextlib.suppress(WebSocketException, OSError, EOFError),
                    connect(f"ws{base[4:]}{path}", open_timeout=10) as peer,
                ):
                    peer.recv(timeout=10)
                    if opening:
                        peer.send(opening)
                    peer.send(packet)
                    peer.send("2")
        assert requests.get(f"{base}/", timeout=30).status_code == 200


def test_a_head_that_never_comes_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEAD_WITHIN", 0.3)
    with serving(served(text_to_image())) as base:
        for start in (b"", b"POST /made HTTP/1.1\r\nHost: localhost\r\n"):
            with connected(base) as connection:
                connection.sendall(start)
                assert connection.recv(1000) == b""


def test_a_head_that_drips_after_a_response_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(served(text_to_image())) as base:
        connection = HTTPConnection(*address(base), LONGEST)
        for _ in range(2):  # the wait for the second head began before it was so short
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.status == 200 and answer.read()
            monkeypatch.setattr(server, "HEAD_WITHIN", 0.3)
        end = time.monotonic() + LONGEST
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < end:
                connection.sock.sendall(b"G")
                time.sleep(0.1)
            pytest.fail("the connection is still open")
        connection.close()


def test_a_long_response_is_not_cut_by_the_wait_for_the_next_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEAD_WITHIN", 2.0)
    headers = {**HEADERS, "x-viewcomfy-fault": "slow=2.5"}
    with serving(served(text_to_image())) as base:
        files = {"params": (None, '{"3-inputs-steps": 1}')}
        answer = requests.post(f"{base}/made", headers=headers, files=files, timeout=30)
    assert answer.status_code == 201


@pytest.mark.usefixtures("quiet")
def test_a_body_that_stalls_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "LONGEST_SILENCE", 0.2)
    head = (
        "POST /made HTTP/1.1\r\nHost: localhost\r\nclient_id: the-id\r\n"
        f"client_secret: {HEADERS['client_secret']}\r\nContent-Length: 1000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    )
    with serving(served(text_to_image())) as base, connected(base) as connection:
        connection.sendall(head.encode())
        assert connection.recv(10_000).startswith(b"HTTP/1.1 408")


def test_a_cancellation_is_small() -> None:
    app = app_of(text_to_image())
    path = "/api/workflow/infer/cancel"
    large = asked(app, path=path, content=b'{"prompt_id": "' + b"x" * 100_000)
    assert large.status_code == 413
    for content in (b"", b"[]", b"{", b'{"prompt_id": 5}', b"[" * 60_000):
        assert asked(app, path=path, content=content).status_code == 422
    assert asked(app, path=path, content=b'{"prompt_id": "x"}').status_code == 404


def test_images_with_any_damage_are_a_failed_run_or_an_image() -> None:
    app = app_of(workflow())
    for data in mutated(60):
        files = {"1-inputs-image": ("a.png", data, "image/png")}
        answer = called(app, {"2-inputs-filename_prefix": "x"}, files)
        assert answer.status_code == 201
        assert answer.json()["status"] in ("success", "error")


def test_a_long_text_without_spaces_takes_no_time() -> None:
    app = app_of(text_to_image())
    start = time.process_time()
    answer = called(app, {"6-inputs-text": "x" * 1_600_000})
    assert answer.status_code == 201
    assert time.process_time() - start < 4


def test_small_responses_on_one_connection_do_not_wait_for_each_other() -> None:
    with serving(served(text_to_image())) as base, requests.Session() as session:
        took = []
        for _ in range(40):
            start = time.monotonic()
            assert session.get(f"{base}/-/page/page.css", timeout=30).ok
            took.append(time.monotonic() - start)
    # Where small packets wait for acknowledgements, each takes 40 milliseconds, but for the first
    # ones of a connection. A busy machine makes some of them as slow, but never all.
    assert min(took[20:]) < 0.03


def test_others_are_answered_while_a_large_workflow_is_checked() -> None:
    large = {
        **text_to_image(),
        **{
            str(number): node("CLIPTextEncode", text=f"text {number}", clip=["4", 1])
            for number in range(100, 12_000)
        },
    }
    form = {
        "params": (None, '{"3-inputs-seed": 1}'),
        "workflow_api": (None, json.dumps(large)),
    }
    with serving(served(text_to_image())) as base, connected(base) as waiting:
        request = requests.Request(
            "POST", f"{base}/made", headers=HEADERS, files=form
        ).prepare()
        lines = ["POST /made HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        assert isinstance(request.body, bytes)
        waiting.sendall("\r\n".join([*lines, "", ""]).encode() + request.body)
        meanwhile = 0
        while not select.select([waiting], [], [], 0.02)[0]:
            assert requests.get(f"{base}/", timeout=30).status_code == 200
            meanwhile += 1
        assert waiting.recv(12) == b"HTTP/1.1 201"
    assert meanwhile > 2
