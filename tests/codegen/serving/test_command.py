"""The command `serve`: what it prints, what it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from ...helpers.inside import app_of
from ...helpers.served import form
from ...helpers.support import text_to_image


@contextmanager
def command(
    *arguments: str, cwd: Path, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The command while it serves, with a folder of its own for temporary files."""
    (cwd / "workflow_api.json").write_text(json.dumps(text_to_image()), "utf-8")
    temporary = cwd / "tmp"
    temporary.mkdir(exist_ok=True)
    names = ("TMPDIR", "TEMP", "TMP")
    process = subprocess.Popen(
        [sys.executable, "-m", "viewcomfy_codegen", "serve", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **dict.fromkeys(names, str(temporary)), **environment},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def variables(process: subprocess.Popen[str], count: int = 3) -> dict[str, str]:
    """What the command prints for the user's shell to take."""
    assert process.stdout is not None
    found = {}
    for _ in range(count):
        line = process.stdout.readline()
        name, value = re.findall(
            r"^(?:export |\$env:)(\w+)(?:=| = ')(.*?)'?$", line
        ).pop()
        found[name] = value
    return found


def credentials(found: dict[str, str]) -> dict[str, str]:
    return {
        "client_id": found["VIEWCOMFY_CLIENT_ID"],
        "client_secret": found["VIEWCOMFY_CLIENT_SECRET"],
    }


def test_calls_are_judged_by_what_the_users_own_catalog_says(tmp_path: Path) -> None:
    home = "HOME" if sys.platform == "darwin" else "XDG_CONFIG_HOME"
    environment = dict.fromkeys((home, "APPDATA"), str(tmp_path / "home"))
    info = {"KSampler": {"input": {"required": {"steps": ["INT", {"max": 7}]}}}}
    (tmp_path / "info.json").write_text(json.dumps(info), "utf-8")
    subprocess.run(
        [
            *(sys.executable, "-m", "viewcomfy_codegen"),
            *("catalog", "update", "info.json"),
        ],
        cwd=tmp_path,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    serve = ("workflow_api.json", "--port", "0")
    with command(*serve, cwd=tmp_path, **environment) as process:
        found = variables(process)
        answer = requests.post(
            found["VIEWCOMFY_API_URL"],
            headers=credentials(found),
            files={"params": (None, json.dumps({"3-inputs-steps": 50}))},
            timeout=20,
        )
    assert "7" in answer.text
    assert answer.status_code >= 400


POSIX = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")


@POSIX
@pytest.mark.parametrize(
    ("headers", "logs"),
    [
        ({}, "false"),
        ({"x-viewcomfy-results": "links"}, "false"),
        ({"x-viewcomfy-fault": "slow=60"}, "true"),
        ({"x-viewcomfy-fault": "drip"}, "false"),
    ],
    ids=["after a call", "with files kept", "within a call", "within an answer"],
)
def test_ctrl_c_ends_it_without_a_word_and_leaves_nothing(
    tmp_path: Path, headers: dict[str, str], logs: str
) -> None:
    with command("workflow_api.json", "--port", "0", cwd=tmp_path) as process:
        found = variables(process)
        try:
            requests.post(
                found["VIEWCOMFY_API_URL"],
                headers={**credentials(found), **headers},
                files=form(logs),
                timeout=1 if "x-viewcomfy-fault" in headers else 30,
                stream=True,
            )
        except requests.RequestException:
            assert "x-viewcomfy-fault" in headers
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    serving_line, try_line, page_line, *calls = told.splitlines()
    assert serving_line == f"serving workflow_api at {found['VIEWCOMFY_API_URL']}"
    assert try_line.startswith("try it: curl ")
    assert page_line.startswith("page: http://127.0.0.1:")
    call_line = re.compile(r"/workflow_api (\d+|no answer) in ")
    assert [each for each in calls if not call_line.match(each)] == []
    assert not list((tmp_path / "tmp").iterdir())


def test_credentials_are_made_up_and_printed(tmp_path: Path) -> None:
    with command("workflow_api.json", "--port", "0", cwd=tmp_path) as process:
        found = variables(process)
        answer = requests.post(
            found["VIEWCOMFY_API_URL"],
            headers=credentials(found),
            files=form(),
            timeout=30,
        )
    assert answer.status_code == 201
    assert len(found["VIEWCOMFY_CLIENT_SECRET"]) > 20


@POSIX
def test_a_secret_that_was_given_is_not_printed(tmp_path: Path) -> None:
    secret = "hush-1234567890"
    with command(
        *("workflow_api.json", "--port", "0", "--client-id", "it's me"),
        cwd=tmp_path,
        VIEWCOMFY_CLIENT_SECRET=secret,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=30)
    assert "export VIEWCOMFY_CLIENT_ID='it'\"'\"'s me'\n" == lines[1]
    assert rest == ""
    assert secret not in told


def test_a_port_that_is_taken_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command("workflow_api.json", "--port", port, cwd=tmp_path) as process:
            output, told = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}" in told
    assert "--port 0" in told


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "there is no such file"), ("{", "ends too early"), ("{}", "no node")],
)
def test_a_workflow_that_cannot_be_served_is_an_error(
    tmp_path: Path, content: str | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "other.json").write_text(content, "utf-8")
    with command("other.json", "--port", "0", cwd=tmp_path) as process:
        output, told = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert "other" in told
    assert says in told
    assert "Traceback" not in told


def test_other_machines_are_warned_of(tmp_path: Path) -> None:
    arguments = ("workflow_api.json", "--port", "0", "--host", "0.0.0.0")
    with command(*arguments, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("warning: 0.0.0.0 can be reached")


def test_an_application_that_never_serves_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app_of(text_to_image())
    assert list(tmp_path.iterdir()) == []


def test_generating_does_not_load_what_only_serving_needs() -> None:
    script = (
        "import sys, viewcomfy_codegen.cli.main\n"
        "print(sorted({'starlette', 'uvicorn', 'PIL', 'av', 'socketio'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def without_the_extra(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds none of the extra's packages."""
    text = "raise ModuleNotFoundError(__name__, name=__name__)"
    for name in ("starlette", "uvicorn", "PIL", "av", "socketio", "python_multipart"):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    return {"PYTHONPATH": str(tmp_path)}


def test_what_is_missing_is_named_with_its_remedy(
    tmp_path: Path, without_the_extra: dict[str, str]
) -> None:
    with command("workflow_api.json", cwd=tmp_path, **without_the_extra) as process:
        _, told = process.communicate(timeout=30)
    assert process.returncode == 1
    first, second = told.splitlines()
    assert re.fullmatch(r"serve needs \w+, which is not installed", first)
    assert second == 'hint: pip install "viewcomfy-codegen[serve]"'


def test_help_needs_no_extra(without_the_extra: dict[str, str]) -> None:
    for arguments in (["--help"], ["serve", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "viewcomfy_codegen", *arguments],
            env={**os.environ, **without_the_extra},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "serve" in done.stdout
