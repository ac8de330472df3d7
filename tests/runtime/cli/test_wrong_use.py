"""What is wrong with a command line: one line each, in the words of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from ...helpers.module_cli import PICTURE, image_module, main
from ...helpers.servers import Answer, Server, result
from ...helpers.support import module_of, node


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--steps", "0"], "steps: must be at least 1"),
        (["--steps", "many"], "--steps"),
        (["--nothing"], "--nothing"),
        (["--params", "nowhere.json"], "nowhere.json can't be read"),
        (["--override-workflow", "nowhere.json"], "nowhere.json can't be read"),
        (["--comfyui", "nowhere"], "--comfyui: not a valid server URL"),
        (["--url", "nowhere"], "--url: not a valid server URL"),
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


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--steps", "many"], '--steps: must be a whole number, not "many"'),
        (["--steps", "0"], "--steps: must be at least 1, not 0"),
        (["--cfg", "high"], '--cfg: must be a number, not "high"'),
        (["--seed", "any"], '--seed: must be a whole number, or random, not "any"'),
        (["--timeout", "soon"], "--timeout: must be a positive number of seconds, not"),
        (["--max-concurrency", "x"], "--max-concurrency: must be a whole number of"),
        (["--step", "3"], "unknown option --step; did you mean --steps?"),
        (
            ["--positive_prompt=x"],
            "unknown option --positive_prompt; did you mean --positive-prompt?",
        ),
        (["--prompt", "x"], "unknown option --prompt; did you mean --positive-prompt?"),
        (["--image", "x"], "unknown option --image; see --help"),
        (
            ["--positive-prompt", "many", "cats"],
            'unexpected argument "cats"; every parameter has a flag (see --help), and a value'
            " with spaces needs quotes",
        ),
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
def test_a_seed_is_drawn_and_shown(
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
