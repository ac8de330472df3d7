"""The client for a deployment at ViewComfy: what is sent."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from viewcomfy_runtime import (
    Call,
    ConnectionFailedError,
    InvalidParametersError,
    Upload,
    ViewComfy,
)

from ...helpers.deployment import PARAMS, SECRET, client, failure, run
from ...helpers.servers import Server, result


def test_a_call_is_one_form_as_the_protocol_says() -> None:
    with Server(result()) as server:
        files = {"52-inputs-image": Upload(b"\x89PNG", "me.png", "image/png")}
        client(server).run(Call(PARAMS, files))
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/run")
    assert request.headers["client_id"] == "the-id"
    assert request.headers["client_secret"] == SECRET
    assert request.params == PARAMS
    assert request.parts["logs"] == "false"
    assert "workflow_api" not in request.parts
    sent = request.file("52-inputs-image")
    assert (sent.filename, sent.content_type) == ("me.png", "image/png")
    assert sent.data == b"\x89PNG"


@pytest.mark.parametrize(
    ("name", "arrives"),
    [
        ("Привет 世界 é.png", "Привет 世界 é.png"),
        ('a"b.png', "a%22b.png"),
        ("a\r\nX-Evil: 1.png", "a%0D%0AX-Evil: 1.png"),
        ("bad\udcff.png", "bad?.png"),
    ],
)
def test_any_file_name_arrives_within_its_quotes(name: str, arrives: str) -> None:
    with Server(result()) as server:
        run(server, image=Upload(b"x", name))
    assert server.requests[0].file("image").filename == arrives


def test_a_path_is_sent_with_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "in.webp"
    path.write_bytes(b"picture")
    with Server(result()) as server:
        run(server, image=path)
    sent = server.requests[0].file("image")
    assert (sent.filename, sent.content_type, sent.data) == (
        "in.webp",
        "image/webp",
        b"picture",
    )


def test_a_file_object_is_read_from_where_it_stands_and_left_open() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    with Server(result()) as server:
        run(server, image=file)
    assert server.requests[0].file("image").data == b"456789"
    assert not file.closed


def test_a_file_object_that_cannot_seek_is_sent_too() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with Server(result()) as server:
        run(server, image=Pipe(b"from a pipe"))
    assert server.requests[0].file("image").data == b"from a pipe"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_path_may_be_that_of_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"from a pipe"))
    writer.start()
    with Server(result()) as server:
        run(server, image=pipe)
    writer.join()
    assert server.requests[0].file("image").data == b"from a pipe"


def test_a_file_larger_than_any_buffer_arrives_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    content = bytes(range(256)) * 8192
    path.write_bytes(content)
    with Server(result()) as server:
        run(server, image=path)
    assert server.requests[0].file("image").data == content


def test_all_files_that_cannot_be_sent_are_named_at_once_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    (tmp_path / "empty.png").touch()
    files: dict[str, Any] = {
        "missing": tmp_path / "nowhere.png",
        "folder": tmp_path,
        "empty": tmp_path / "empty.png",
        "nothing": Upload(b"", "nothing.png"),
        "text": Upload(io.StringIO("x"), "text.png"),  # type: ignore[arg-type]
    }
    with Server(result()) as server:
        error = failure(server, **files)
    assert isinstance(error, InvalidParametersError)
    assert [fault.parameter for fault in error.faults] == list(files)
    assert 'mode "rb"' in str(error)
    assert server.requests == []


def test_a_file_object_that_gives_text_is_refused() -> None:
    class Text:
        def read(self) -> str:
            return "text"

    with Server(result()) as server:
        error = failure(server, image=Text())
    assert isinstance(error, InvalidParametersError)
    assert "doesn't read as bytes" in str(error)


def test_a_file_that_shrinks_while_it_is_sent_fails_the_call() -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b""

    with Server(result()) as server:
        error = failure(server, image=Shrinking(b"soon gone"))
    assert isinstance(error, ConnectionFailedError)
    assert "became shorter" in error.message


def test_a_session_of_the_users_is_used() -> None:
    with Server(result()) as server, requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        own = ViewComfy(server.url, "the-id", SECRET, session=session)
        own.run(Call(PARAMS, {}))
    assert server.requests[0].headers["x-mine"] == "yes"


def test_one_client_serves_many_threads() -> None:
    with (
        Server(lambda request: result(prompt_id=str(request.params["n"]))) as server,
        ThreadPoolExecutor(20) as threads,
    ):
        shared = client(server)
        found = threads.map(lambda n: shared.run(Call({"n": n}, {})), range(100))
        assert [each.prompt_id for each in found] == [str(n) for n in range(100)]


def test_what_happens_is_logged_without_the_secret(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(result()) as server, caplog.at_level(logging.DEBUG):
        run(server)
    assert "answered 201" in caplog.text
    assert SECRET not in caplog.text
    assert capsys.readouterr() == ("", "")


def test_a_file_open_as_text_says_so_whatever_wraps_it() -> None:
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
        file.write("text")
        with Server(result()) as server:
            error = failure(server, image=file)
    assert 'it is open as text; open it with mode "rb"' in str(error)
    assert not server.requests


def test_a_file_object_that_was_read_to_its_end_says_so() -> None:
    file = io.BytesIO(b"content")
    file.read()
    with Server(result()) as server:
        error = failure(server, image=file)
    assert "read to its end; seek(0) goes back" in str(error)
