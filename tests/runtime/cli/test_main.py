"""The command line of a generated module: a run, and what is only looked at."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ...helpers.interrupted import interrupted_while_importing
from ...helpers.module_cli import PICTURE, SECRET, image_module, main
from ...helpers.servers import Server, event, result, stream
from ...helpers.support import text_to_image


def test_a_run_saves_its_files_and_prints_their_paths(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    with Server(
        stream(event("log_message", "got prompt"), outputs=[PICTURE])
    ) as server:
        environment(server.url)
        code = main(
            module, "--positive-prompt", "a fox", "--steps", "7", "-o", str(out)
        )
    assert code == 0
    assert capsys.readouterr().out == f"{out / 'fox.png'}\n"
    assert (out / "fox.png").read_bytes() == b"fox"
    sent = server.requests[0].params
    assert (sent["6-inputs-text"], sent["3-inputs-steps"]) == ("a fox", 7)


def test_the_log_goes_to_standard_error_and_quiet_asks_for_none(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Server(stream(event("log_message", "got \x1b[31mprompt"))) as server:
        environment(server.url)
        assert main(module, "-o", str(tmp_path)) == 0
        assert capsys.readouterr().err == "got [31mprompt\n"
        assert main(module, "-o", str(tmp_path), "--quiet") == 0
    assert capsys.readouterr().err == ""
    assert [each.parts["logs"] for each in server.requests] == ["true", "false"]


def test_json_prints_the_result_with_the_paths(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Server(result(outputs=[PICTURE], execution_time_seconds=1.5)) as server:
        environment(server.url)
        assert main(module, "--seed", "random", "-o", str(tmp_path), "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["prompt_id"] == "p1"
    assert printed["execution_time_seconds"] == 1.5
    assert printed["params"] == server.requests[0].params
    assert printed["outputs"] == [
        {
            "filename": "fox.png",
            "content_type": "image/png",
            "size": (tmp_path / "fox.png").stat().st_size,
            "node": "9",
            "path": str(tmp_path / "fox.png"),
        }
    ]


def test_a_file_is_given_by_its_path_or_as_a_data_uri(
    environment: Callable[[str], None], tmp_path: Path
) -> None:
    module = image_module(tmp_path)
    (tmp_path / "in.png").write_bytes(b"\x89PNG")
    with Server(result()) as server:
        environment(server.url)
        for given in (str(tmp_path / "in.png"), "data:image/png;base64,iVBORw=="):
            assert main(module, "--image", given, "-o", str(tmp_path)) == 0
    assert [each.file("10-inputs-image").data for each in server.requests] == [
        b"\x89PNG"
    ] * 2


def test_a_call_in_a_file_is_overridden_by_flags(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = tmp_path / "call.json"
    call.write_text('{"steps": 3, "cfg": 2.5}')
    with Server(result()) as server:
        environment(server.url)
        assert (
            main(module, "--params", str(call), "--steps", "9", "-o", str(tmp_path))
            == 0
        )
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.BytesIO(call.read_bytes()))
        )
        assert main(module, "--params", "-", "-o", str(tmp_path)) == 0
    sent = [request.params for request in server.requests]
    assert [(each["3-inputs-steps"], each["3-inputs-cfg"]) for each in sent] == [
        (9, 2.5),
        (3, 2.5),
    ]


def test_another_workflow_can_be_run_in_place(
    module: ModuleType, environment: Callable[[str], None], tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(text_to_image()))
    with Server(result()) as server:
        environment(server.url)
        code = main(module, "--override-workflow", str(other), "-o", str(tmp_path))
    assert code == 0
    sent = server.requests[0].parts["workflow_api"]
    assert isinstance(sent, str)
    assert json.loads(sent) == text_to_image()


def test_a_dry_run_prints_the_request_without_the_secret(
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = image_module(tmp_path)
    environment("https://h.example/run")
    assert main(module, "--image", "me.jpg", "--steps", "9", "--dry-run") == 0
    printed = capsys.readouterr().out
    request = json.loads(printed)
    assert SECRET not in printed
    assert (request["method"], request["url"]) == ("POST", "https://h.example/run")
    assert request["fields"]["params"]["3-inputs-steps"] == 9
    assert request["files"] == {
        "10-inputs-image": {
            "filename": "me.jpg",
            "content_type": "image/jpeg",
            "path": "me.jpg",
        }
    }


def test_a_dry_run_needs_no_settings(
    module: ModuleType,
    environment: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(module, "--dry-run") == 0
    assert json.loads(capsys.readouterr().out)["fields"]["params"]


def test_help_shows_every_parameter_with_its_default(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(module, "--help") == 0
    shown = capsys.readouterr().out
    for field in module.WORKFLOW.fields:
        assert f"--{field.name.replace('_', '-')}" in shown
    assert "(default: 'a lighthouse')" in shown
    assert "euler" in shown
    assert "rarely set:" in shown
    assert "130 interrupted" in " ".join(shown.split())


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_ctrl_c_within_an_import_says_nothing(
    module: ModuleType, tmp_path: Path
) -> None:
    assert module.__file__
    done = interrupted_while_importing("argparse", tmp_path, module.__file__)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
