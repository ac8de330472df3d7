"""What the command line makes of the terminal that it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from ...helpers.module_cli import PICTURE, main, run_module
from ...helpers.servers import Answer, Server, event, result, stream


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
def test_help_that_cannot_be_written_is_an_error(
    module: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(module, "--help") == 1
        monkeypatch.undo()
    assert "can't be written" in capsys.readouterr().err


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
