"""The server that `--object-info` names: how it is asked and what its answers may be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.sources.object_info import object_info

from ...helpers.commands import run
from ...helpers.object_info import described
from ...helpers.servers import Answer, Server, redirect
from ...helpers.support import node


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("w.json").write_text(json.dumps({"1": node("Mine", mode="a")}))
    return "w.json"


@pytest.mark.parametrize("path", ["", "/", "/object_info", "/object_info/"])
def test_a_server_is_asked_by_its_address(workflow: str, path: str) -> None:
    answer = json.dumps(described(mode=[["a", "b"]])).encode()
    with Server(Answer(200, answer)) as server:
        done = run(workflow, "--object-info", server.url + path)
    assert done.exit_code == 0
    assert server.requests[0].path.rstrip("/") == "/object_info"
    assert '"b"' in Path("w.py").read_text()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404), "404"),
        (Answer(200, b"<html>"), "HTML"),
        (Answer(200, b"{"), "ends too early"),
        (Answer(200, b"[]"), "not the content of ComfyUI"),
        (Answer(200, b"{", promised=99), "connection"),
        (redirect("ftp://h/x", 302), "URL"),
    ],
)
def test_a_server_that_does_not_say_is_an_error(
    workflow: str, answer: Answer, says: str
) -> None:
    with Server(answer) as server:
        done = run(workflow, "--object-info", server.url)
    assert done.exit_code == 1
    assert says in done.output
    assert not Path("w.py").exists()


def test_a_server_that_is_down_or_hangs_is_an_error(workflow: str) -> None:
    with Server(Answer(silent=True)) as server:
        with pytest.raises(CodegenError, match="took longer"):
            object_info(server.url, timeout=0.3)
    done = run(workflow, "--object-info", server.url)
    assert done.exit_code == 1
    assert "hint: start ComfyUI" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("w.json", "-o", "made.py", "--object-info"),
        ("inspect", "w.json", "--object-info"),
        ("catalog", "update"),
        ("serve", "w.json", "--object-info"),
    ],
)
def test_the_password_in_a_servers_url_is_not_shown(
    workflow: str, arguments: tuple[str, ...]
) -> None:
    with Server(Answer(200, b"<html>")) as server:
        for host in (server.url, "http://127.0.0.1:1"):
            place = host.replace("://", "://user:the-secret@")
            done = run(*arguments, f"{place}/?token=the-secret")
            assert done.exit_code == 1
            assert host in done.output
            assert "the-secret" not in done.output


def test_inspect_names_a_server_without_its_password(workflow: str) -> None:
    with Server(Answer(200, b'{"KSampler": {"input": {}}}')) as server:
        place = server.url.replace("://", "://user:the-secret@")
        done = run("inspect", "w.json", "--object-info", place)
    assert f"Node facts from {server.url}," in done.output
    assert "the-secret" not in done.output


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://a b", "http://", "http://h:99999"]
)
def test_what_is_no_url_of_a_server_is_an_error(workflow: str, url: str) -> None:
    done = run(workflow, "--object-info", url)
    assert done.exit_code == 1
    assert done.output.startswith(f"{url}: ")
