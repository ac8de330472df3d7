"""`viewcomfy-codegen mcp` on the command line: what it refuses, and who may ask it over HTTP."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ...helpers.commands import run
from ...helpers.support import made, text_to_image
from ...helpers.tools import COMMAND

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@contextlib.contextmanager
def over_http(*arguments: str) -> Iterator[str]:
    """The server's URL while it serves."""
    command = [sys.executable, *COMMAND, *arguments, "--http", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().split()[-1]
        finally:
            process.terminate()


def test_other_machines_are_served_with_a_token_only(painter: str) -> None:
    done = run("mcp", painter, "--http", "--host", "0.0.0.0")
    assert done.exit_code == 2 and "--token" in done.stderr


def test_a_request_without_the_token_is_refused(painter: str) -> None:
    with over_http(painter, "--token", "t0k3n") as url:
        for headers in ({}, {"authorization": "Bearer other"}):
            assert requests.post(url, json=LIST, headers=headers).status_code == 401
        accepted = {"authorization": "Bearer t0k3n"}
        assert requests.post(url, json=LIST, headers=accepted).status_code != 401


def test_a_page_under_another_name_does_not_reach_the_server(painter: str) -> None:
    with over_http(painter) as url:
        for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}):
            assert requests.post(url, json=LIST, headers=headers).status_code >= 400


def test_the_protocol_has_standard_input_for_itself() -> None:
    done = run("mcp", "-", text="{}")
    assert done.exit_code == 2 and "standard input" in done.stderr


def test_a_missing_server_is_reported_at_the_start(
    painter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mcp_types")
    for name in ("VIEWCOMFY_API_URL", "VIEWCOMFY_APP_URL", "COMFYUI_URL"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, *COMMAND, painter]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
    assert "warning: no server configured: VIEWCOMFY_API_URL" in done.stderr
    assert done.stdout == ""


def test_a_schema_alone_cannot_be_called(tmp_path: Path) -> None:
    path = tmp_path / "made.schema.json"
    path.write_text(made(text_to_image()).files["made.schema.json"], "utf-8")
    done = run("mcp", path)
    assert done.exit_code == 1 and "hint: give the workflow itself" in done.stderr


def test_what_is_no_workflow_is_said_before_anything_is_served(tmp_path: Path) -> None:
    done = run("mcp", tmp_path / "none.json")
    assert done.exit_code == 1 and "there is no such file" in done.stderr
