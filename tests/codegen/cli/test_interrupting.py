"""Ctrl-C while the command starts ends it at once, without a traceback."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ...helpers.interrupted import interrupted_while_importing

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("click", ["--version"]),
        ("jinja2", ["inspect", "portrait.json"]),
        ("socketio", ["serve", "portrait.json"]),
    ],
    ids=["the command line", "a command", "a server"],
)
def test_ctrl_c_within_an_import_says_nothing(
    module: str, arguments: list[str], tmp_path: Path
) -> None:
    command = ("-m", "viewcomfy_codegen", *arguments)
    done = interrupted_while_importing(module, tmp_path, *command)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
