"""The command line of a generated module."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime.cli import main as cli

from ...helpers.servers import Answer, Server, event, result, stream
from ...helpers.support import module_of, node, text_to_image

SECRET = "s3cr3t-0123456789"
PICTURE = {"filename": "fox.png", "content_type": "image/png", "data": "Zm94"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def point_at(url: str) -> None:
        monkeypatch.setenv("VIEWCOMFY_API_URL", url)
        monkeypatch.setenv("VIEWCOMFY_CLIENT_ID", "the-id")
        monkeypatch.setenv("VIEWCOMFY_CLIENT_SECRET", SECRET)

    for name in ("API_URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"VIEWCOMFY_{name}", raising=False)
    return point_at


def main(module: ModuleType, *arguments: str) -> int:
    try:
        code: int = cli.main(module.WORKFLOW, list(arguments))
    except SystemExit as stopped:
        assert isinstance(stopped.code, int)
        return stopped.code
    return code


def image_module(folder: Path) -> ModuleType:
    workflow = {
        **text_to_image(),
        "10": node("LoadImage", image="in.png"),
        "11": node("SaveImage", images=["10", 0], filename_prefix="copy"),
    }
    return module_of(workflow, folder)


# A run


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
            "size": None,
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


@pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo terminals")
def test_on_a_terminal_steps_are_a_bar(
    module: ModuleType, environment: Callable[[str], None], tmp_path: Path
) -> None:
    import fcntl
    import pty
    import struct
    import termios

    bars = [f" {n}0%|###| {n}/10 [00:01<00:01]" for n in range(11)]
    lines = [event("log_message", line) for line in ("got prompt", *bars)]
    assert module.__file__
    with Server(stream(*lines)) as server:
        environment(server.url)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen(
            [sys.executable, module.__file__, "-o", str(tmp_path)],
            stderr=theirs,
            stdout=subprocess.PIPE,
        )
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        assert process.wait(30) == 0
        os.close(ours)
        assert process.stdout is not None
        process.stdout.close()
    text = shown.decode()
    assert "got prompt" in text
    assert "/10 [" in text
    assert "|###|" not in text, "the server's own bars are not shown beside ours"


# What is only looked at


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


# What is wrong


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--steps", "0"], "steps: must be at least 1"),
        (["--steps", "many"], "--steps"),
        (["--nothing"], "--nothing"),
        (["--params", "nowhere.json"], "nowhere.json cannot be read"),
        (["--override-workflow", "nowhere.json"], "nowhere.json cannot be read"),
    ],
)
def test_wrong_values_exit_with_2_and_are_named(
    module: ModuleType,
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(module, *arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[]", "{", "3", "[" * 100_000])
def test_a_call_in_a_file_that_is_none_exits_with_2(
    module: ModuleType, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = tmp_path / "call.json"
    call.write_text(text)
    assert main(module, "--params", str(call)) == 2
    assert "call.json" in capsys.readouterr().err


def test_missing_settings_exit_with_2_and_are_named(
    module: ModuleType,
    environment: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(module) == 2
    assert "VIEWCOMFY_API_URL" in capsys.readouterr().err


def test_a_file_that_is_missing_exits_with_2(
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = image_module(tmp_path)
    environment("http://127.0.0.1:9/")
    assert main(module, "--image", str(tmp_path / "nowhere.png")) == 2
    assert "image: the file nowhere.png cannot be sent" in capsys.readouterr().err


def test_a_run_that_fails_exits_with_1(
    module: ModuleType,
    environment: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Server(Answer(401)) as server:
        environment(server.url)
        assert main(module) == 1
    assert "doesn't accept the credentials" in capsys.readouterr().err


def test_what_could_be_saved_is_printed_where_some_could_not(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = {**PICTURE, "filename": "broken.png", "data": "!"}
    with Server(result(outputs=[PICTURE, broken])) as server:
        environment(server.url)
        assert main(module, "-o", str(tmp_path)) == 1
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'fox.png'}\n"
    assert "broken.png arrived as broken base64" in printed.err


def test_parameters_named_like_options_have_flags_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow = {
        "1": node("SomeUnknownNode", quiet="here"),
        "3": node("SomeThirdNode", json="{}"),
        "2": node("SomeOtherNode", flip=True, no_flip=False),
    }
    module = module_of(workflow, tmp_path)
    flags = [
        "--parameter-quiet",
        "a",
        "--parameter-json",
        "b",
        "--flip",
        "false",
        "--no-flip",
        "true",
    ]
    assert main(module, *flags, "--dry-run") == 0
    params = json.loads(capsys.readouterr().out)["fields"]["params"]
    assert params == {
        "1-inputs-quiet": "a",
        "3-inputs-json": "b",
        "2-inputs-flip": False,
        "2-inputs-no_flip": True,
    }
