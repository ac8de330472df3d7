"""The command line of a generated module."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
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
        (["--params", "nowhere.json"], "nowhere.json can't be read"),
        (["--override-workflow", "nowhere.json"], "nowhere.json can't be read"),
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
    assert "image: the file nowhere.png can't be sent" in capsys.readouterr().err


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


# Flags


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--steps", "many"], '--steps: must be a whole number, not "many"'),
        (["--steps", "0"], "--steps: must be at least 1, not 0"),
        (["--cfg", "high"], '--cfg: must be a number, not "high"'),
        (["--seed", "any"], '--seed: must be a whole number, or random, not "any"'),
        (["--timeout", "soon"], "--timeout: must be a number of seconds above 0, not"),
        (["--max-concurrency", "x"], "--max-concurrency: must be a whole number from"),
        (["--step", "3"], "there is no --step; did you mean --steps?"),
        (
            ["--positive_prompt=x"],
            "there is no --positive_prompt; did you mean --positive-prompt?",
        ),
        (["cats"], 'unexpected argument "cats"; parameters are flags: see --help'),
    ],
)
def test_what_is_wrong_with_a_flag_is_one_line(
    module: ModuleType,
    arguments: list[str],
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(module, *arguments) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_every_flag_with_a_wrong_value_is_named(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(module, "--steps", "0", "--cfg", "high", "--seed", "any") == 2
    said = capsys.readouterr().err
    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "--steps",
        "--cfg",
        "--seed",
    ]


def test_a_name_that_is_not_a_parameter_is_not_called_a_flag(
    module: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = tmp_path / "call.json"
    call.write_text('{"step": 3}')
    assert main(module, "--params", str(call)) == 2
    said = capsys.readouterr().err
    assert ": step: is not a parameter; did you mean steps?" in said


@pytest.mark.parametrize("text", ["None", "null", "random"])
def test_a_seed_is_drawn_and_told(
    module: ModuleType,
    environment: Callable[[str], None],
    text: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Server(result()) as server:
        environment(server.url)
        assert main(module, "--seed", text, "-o", str(tmp_path)) == 0
    sent = server.requests[0].params["3-inputs-seed"]
    assert f"seed: {sent}\n" in capsys.readouterr().err


def test_help_marks_what_is_required(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    module = image_module(tmp_path)
    assert main(module, "--help") == 0
    shown = capsys.readouterr().out
    [line] = [
        each for each in shown.splitlines() if each.lstrip().startswith("--image")
    ]
    assert line.endswith("(required)")
    assert main(module) == 2
    assert "--image: is required" in capsys.readouterr().err


def test_hints_speak_of_flags_and_variables(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(module, "--gateway") == 2
    said = capsys.readouterr().err
    assert "VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_ID" in said
    assert "client=" not in said
    with Server(Answer(silent=True)) as server:
        environment(server.url)
        assert main(module, "--timeout", "0.2", "-o", str(tmp_path)) == 1
    assert "hint: use a larger --timeout" in capsys.readouterr().err


# Where results go


@pytest.mark.parametrize("name", ["file", "n" * 300, "a\0b"])
def test_a_folder_that_cannot_be_written_is_found_before_the_run(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    (tmp_path / "file").touch()
    with Server(result()) as server:
        environment(server.url)
        code = main(module, "-o", str(tmp_path / name))
    assert (code, server.requests) == (2, [])
    assert "--output: the folder" in capsys.readouterr().err


def test_a_run_that_fails_leaves_no_empty_folder(
    module: ModuleType, environment: Callable[[str], None], tmp_path: Path
) -> None:
    with Server(Answer(401)) as server:
        environment(server.url)
        assert main(module, "-o", str(tmp_path / "new")) == 1
    assert not (tmp_path / "new").exists()


def test_a_file_of_one_call_may_name_files(
    environment: Callable[[str], None], tmp_path: Path
) -> None:
    module = image_module(tmp_path)
    (tmp_path / "in.png").write_bytes(b"\x89PNG")
    (tmp_path / "call.json").write_text(json.dumps({"image": str(tmp_path / "in.png")}))
    with Server(result()) as server:
        environment(server.url)
        arguments = ["--params", str(tmp_path / "call.json"), "-o", str(tmp_path)]
        assert main(module, *arguments) == 0
    assert server.requests[0].file("10-inputs-image").data == b"\x89PNG"


# The terminal


def run_module(
    module: ModuleType, *arguments: str, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    assert module.__file__
    return subprocess.run(
        [sys.executable, module.__file__, *arguments],
        capture_output=True,
        check=False,
        **options,
    )


def test_what_the_encoding_cannot_hold_is_escaped(
    module: ModuleType, environment: Callable[[str], None], tmp_path: Path
) -> None:
    output = {**PICTURE, "filename": "狐.png"}
    lines = [event("log_message", "got prompt 狐")]
    with Server(stream(*lines, outputs=[output])) as server:
        environment(server.url)
        env = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
        done = run_module(module, "-o", str(tmp_path / "o"), env=env)
    assert done.returncode == 0, done.stderr
    assert b"\\u72d0.png" in done.stdout
    assert b"got prompt \\u72d0" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="closes pipes in another way")
def test_a_closed_standard_output_ends_quietly(
    module: ModuleType, environment: Callable[[str], None], tmp_path: Path
) -> None:
    outputs = [{**PICTURE, "filename": f"{n}.png"} for n in range(50)]
    with Server(result(outputs=outputs)) as server:
        environment(server.url)
        assert module.__file__
        command = [sys.executable, module.__file__, "-q", "-o", str(tmp_path / "o")]
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            command, stdout=write, stderr=subprocess.PIPE, check=False
        )
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(list((tmp_path / "o").iterdir())) == 50


def test_without_tqdm_progress_is_lines(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewcomfy_runtime import Progress
    from viewcomfy_runtime.cli import terminal

    said: list[str] = []
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(terminal, "err", said.append)
    monkeypatch.setattr(terminal, "is_terminal", lambda stream: True)
    shown = terminal.Terminal()
    for step in range(1, 11):
        shown.progress(Progress(step, 10))
    shown.close()
    assert said == ["step 1 of 10", "step 10 of 10"]


def test_no_text_of_a_server_reaches_the_terminal_as_an_escape(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "\x1b]0;x\x07\x9b31m\u202etxt"
    answers = [
        stream(event("log_message", evil), outputs=[{**PICTURE, "filename": evil}]),
        Answer(500, json.dumps({"detail": evil}).encode()),
        result(prompt={"3": {"class_type": evil, "inputs": {}}}),
    ]
    for number, answer in enumerate(answers):
        with Server(answer) as server:
            environment(server.url)
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                main(module, "-o", str(tmp_path / str(number)))
    printed = capsys.readouterr()
    said = printed.out + printed.err
    assert "a different workflow ran" in said
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(said)
    [name] = [path.name for path in (tmp_path / "0").iterdir()]
    assert name.isprintable()


def test_a_closed_standard_input_is_named(
    module: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(module, "--params", "-") == main(module, "--batch", "-") == 2
    assert capsys.readouterr().err.count("standard input is closed") == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full device")
def test_a_log_that_cannot_be_kept_costs_no_run(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = stream(
        event("log_message", "a line"),
        event("prompt_result", result(outputs=[PICTURE]).body.decode()),
        result=None,
    )
    with Server(answer) as server, Path("/dev/full").open("w") as full:
        environment(server.url)
        monkeypatch.setattr(sys, "stderr", full)
        assert main(module, "-o", str(tmp_path)) == 0
    assert (tmp_path / "fox.png").is_file()
