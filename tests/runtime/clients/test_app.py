"""The client for ViewComfy's own app."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime import (
    AmbiguousOutputWarning,
    Call,
    InvalidParametersError,
    ProtocolError,
    ServerError,
    ViewComfyApp,
)
from viewcomfy_runtime.clients.app_blocks import outputs_in

from ...helpers.servers import Answer, Server
from ...helpers.support import module_of, text_to_image


def block(name: str, content: bytes, kind: str = "image/png") -> bytes:
    head = f'Content-Type: {kind}\r\n\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--BLOB_SEPARATOR--\r\n"


def test_the_apps_blocks_are_files(module: ModuleType, tmp_path: Path) -> None:
    body = block("a.png", b"\r\n\r\nx") + block("b.txt", b"", "text/plain")
    with Server(Answer(200, body)) as server:
        own = ViewComfyApp(server.url)
        with pytest.warns(AmbiguousOutputWarning, match=r"b\.txt"):
            result = module.run(module.Parameters(positive_prompt="a fox"), client=own)
        saved = result.save(tmp_path)
    assert [path.read_bytes() for path in saved] == [b"\r\n\r\nx", b""]
    [request] = server.requests
    assert request.path == "/api/comfy"
    sent = json.loads(str(request.parts["viewComfy"]))
    assert {"key": "6-inputs-text", "value": "a fox"} in sent["inputs"]
    assert "workflow" not in request.parts


def test_the_app_runs_an_override(module: ModuleType) -> None:
    with Server(Answer(200, block("a.png", b"x"))) as server:
        module.run(
            module.Parameters(),
            client=ViewComfyApp(server.url),
            override_workflow=True,
        )
    workflow = json.loads(str(server.requests[0].parts["workflow"]))
    assert workflow == text_to_image()


def test_an_input_with_a_hyphen_is_refused_where_it_is_changed(tmp_path: Path) -> None:
    module = module_of({"1": {"class_type": "Odd", "inputs": {"top-k": 3}}}, tmp_path)
    with Server(Answer(200, block("a.png", b"x"))) as server:
        own = ViewComfyApp(server.url)
        own.run(module.WORKFLOW.call(module.Parameters()))
        with pytest.raises(InvalidParametersError, match="top_k: can't be set through"):
            module.run(module.Parameters(top_k=4), client=own)
    assert len(server.requests) == 1


def test_the_apps_errors_are_passed_on(module: ModuleType) -> None:
    body = {"errorMsg": "Error running workflow", "errorDetails": ["no VRAM"]}
    with Server(Answer(500, json.dumps(body).encode())) as server:
        with pytest.raises(ServerError, match="no VRAM"):
            module.run(module.Parameters(), client=ViewComfyApp(server.url))


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        block("a.png", b"x")[:-5],
        b"Content-Type: a\r\n\r\nnothing\r\n\r\nx",
        block("a", b"x") + b"more",
        b"y" * 200_000,
    ],
)
def test_blocks_that_are_cut_are_no_files(module: ModuleType, body: bytes) -> None:
    with Server(Answer(200, body)) as server, pytest.raises(ProtocolError):
        module.run(module.Parameters(), client=ViewComfyApp(server.url))


@given(
    st.lists(st.binary(max_size=60), max_size=4),
    st.integers(1, 50),
)
def test_blocks_are_read_however_they_arrive(contents: list[bytes], size: int) -> None:
    separator = b"\r\n--BLOB_SEPARATOR--\r\n"
    contents = [each for each in contents if separator not in each + separator[:-1]]
    raw = b"".join(block(f"{n}.bin", each) for n, each in enumerate(contents))
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert [each.read() for each in outputs_in(pieces, "h")] == contents


def test_what_the_app_is_sent_can_be_looked_at() -> None:
    shown = ViewComfyApp("http://h/").request(Call({"1-inputs-a": 1}))
    assert shown["url"] == "http://h/api/comfy"
    assert shown["fields"]["viewComfy"]["inputs"] == [{"key": "1-inputs-a", "value": 1}]
