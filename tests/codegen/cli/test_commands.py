"""The commands together: what they print, what they suggest, and what their help shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from viewcomfy_codegen.errors import Diagnostic

from ...helpers.commands import run
from ...helpers.support import node, text_to_image
from ...helpers.terminal import HOSTILE, hostile_workflow, is_harmless


@pytest.mark.parametrize(
    ("word", "command"),
    [("inspct", "inspect"), ("generat", "generate"), ("vaildate", "validate")],
)
def test_a_misspelled_command_suggests_the_right_one(word: str, command: str) -> None:
    for arguments in ([word], [word, "x.json"]):
        done = run(*arguments)
        assert done.exit_code == 2
        assert (
            f"there is no command or file {word!r}. Did you mean {command!r}?"
            in done.output
        )


def test_a_workflow_may_be_called_nearly_like_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("inspct").write_text(json.dumps(text_to_image()))
    assert run("inspct", "-o", "made.py").exit_code == 0


@pytest.mark.parametrize("path", ["my workflow.json", "final (2).json", "a-b c d.json"])
def test_a_path_that_its_spaces_split_is_shown_in_quotes(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(path).write_text(json.dumps(text_to_image()))
    done = run(*path.split(), "-o", "made.py")
    assert done.exit_code == 2
    assert f'quote a path that has spaces: "{path}"' in done.output


def test_a_server_given_without_its_scheme_is_shown_with_it(tmp_path: Path) -> None:
    workflow = tmp_path / "workflow_api.json"
    workflow.write_text(json.dumps(text_to_image()))
    done = run(str(workflow), "--object-info", "127.0.0.1:8188")
    assert done.exit_code == 1
    assert "hint: a server's URL begins with http://: http://127.0.0.1:8188" in (
        done.output
    )


def test_a_hint_that_several_lines_share_is_shown_once(tmp_path: Path) -> None:
    workflow = tmp_path / "workflow_api.json"
    workflow.write_text(
        json.dumps({"1": {"inputs": {}}, "2": {"inputs": {}}, "3": node("Mine", a=1)})
    )
    told = run(str(workflow), "-o", "-").stderr
    assert told.count("has no class_type") == 2
    assert told.count("hint:") == 1


@pytest.mark.parametrize(
    ("group", "command"), [((), "inspect"), (("catalog",), "update")]
)
def test_no_summary_is_cut(
    group: tuple[str, ...], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    commands = run(*group, "--help").output.partition("Commands:")[2]
    assert command in commands
    assert "..." not in commands


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "-"),
        ("inspect", "-", "--json"),
        ("-", "-o", "made.py"),
        ("-", "-o", "made.py", "--include", HOSTILE),
        ("diff", "w.json", "-"),
        ("validate", "-", "call.json"),
        (HOSTILE,),
    ],
)
def test_nothing_that_a_terminal_would_obey_is_printed(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.json").write_text(json.dumps(text_to_image()))
    Path("call.json").write_text(json.dumps({HOSTILE: 1, "level": HOSTILE}))
    done = run(*arguments, text=hostile_workflow())
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert is_harmless(done.output)


def test_a_diagnostic_is_harmless_in_every_part() -> None:
    told = str(Diagnostic(HOSTILE, HOSTILE, HOSTILE, "warning"))
    assert is_harmless(told)
    assert len(told.splitlines()) == 2


def test_emoji_and_scripts_that_join_letters_stay_as_they_are() -> None:
    text = "👩\u200d🚀 می\u200cخواهم"
    assert text in str(Diagnostic("w.json", text))


def test_what_the_terminal_cannot_show_is_written_out(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"1": node("Mine", "画風", value="→ 画")}), "utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-m", "viewcomfy_codegen", "inspect", path],
        env={"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\u753b\u98a8" in done.stdout


def test_a_reader_that_has_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    many = {str(each): node("Mine", value=each) for each in range(3000)}
    path.write_text(json.dumps(many))
    with subprocess.Popen(
        [sys.executable, "-m", "viewcomfy_codegen", "inspect", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_schema_may_not_have_other_files_fetched(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"properties": {"x": {"$ref": "http://127.0.0.1:9/s.json"}}}')
    done = run("validate", str(path), "-", text='{"x": 1}')
    assert done.exit_code == 1
    assert "refers to http://127.0.0.1:9/s.json, which is not in it" in done.output


def test_a_call_is_checked_against_a_schema_that_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"properties": {"x": {"type": "integer", "minimum": 3}}}')
    valid = run("validate", str(path), "-", text='{"x": 3}')
    assert valid.exit_code == 0
    assert valid.stderr == "standard input is a valid call\n"
    done = run("validate", str(path), "-", text='{"x": 1}')
    assert "$.x: 1 is less than the minimum of 3" in done.output


def test_what_is_wrong_with_the_json_of_a_call_is_reported_for_a_call(
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps(text_to_image()))
    done = run("validate", str(path), "-", text='{"steps": ')
    assert done.exit_code == 1
    assert "standard input: line 1, column 11" in done.stderr
    assert "a call is a JSON object of values by parameter name" in done.stderr
    assert "export" not in done.stderr


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--comfyui", "nope"), "--comfyui: not a valid server URL"),
        (("--allow-origin", "app.example"), "not an origin such as https://"),
        (("--allow-origin", "https://app.example/path"), "not an origin such as"),
    ],
)
def test_serve_refuses_what_it_could_not_use(
    option: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    pytest.importorskip("socketio")
    path = tmp_path / "w.json"
    path.write_text(json.dumps(text_to_image()))
    done = run("serve", str(path), "--port", "0", *option)
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("w.json", "-o", "{long}.py"),
        ("w.json", "--schema", "{long}.json"),
        ("inspect", "{long}"),
        ("validate", "w.json", "{long}"),
        ("params", "w.json", "-o", "{long}"),
        ("service", "w.json", "-o", "{long}"),
        ("vendor", "{long}"),
        ("catalog", "update", "{long}"),
        ("serve", "{long}"),
    ],
    ids=lambda each: each[0],
)
def test_a_path_that_the_system_refuses_is_an_error(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.json").write_text(json.dumps(text_to_image()))
    long = "x" * 300
    done = run(*(each.format(long=long) for each in arguments))
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 1
    assert long in done.output
