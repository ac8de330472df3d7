"""The commands of the README and the guides, typed one after the other, print what is shown."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..helpers.blocks import ROOT, blocks, matches, replaced
from ..helpers.comfy import comfy

PAGES = ("README.md", "docs/running.md")
SET_UP = ("python3 -m venv", "source ", "pip install", "cd ", "export ")
"""Commands that the tests' own environment stands for; `.ci/run` runs the first."""

MADE = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


class Shell:
    """A folder to type commands in, and the variables that were exported there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        tools = Path(sys.executable).parent
        path = f"{tools}{os.pathsep}{os.environ['PATH']}"
        self._variables = {**os.environ, "PATH": path, "PYTHONIOENCODING": "utf-8"}

    def type(self, command: str) -> str:
        """What a command prints; of the generator, its messages too."""
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [self._found(program), *arguments],
            cwd=self._folder,
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if program == "python" else subprocess.STDOUT,
            encoding="utf-8",
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def serve(self, command: str, lines: int) -> Iterator[str]:
        """What a server prints first; its `export` lines hold from then on."""
        program, *arguments = shlex.split(command)
        with subprocess.Popen(
            [self._found(program), *arguments, "--port", "0"],
            cwd=self._folder,
            env={**self._variables, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as process:
            overdue = threading.Timer(60, process.terminate)
            overdue.start()
            try:
                assert process.stdout is not None
                shown = [process.stdout.readline() for _ in range(lines)]
                overdue.cancel()
                for each in shown:
                    name, found, value = each.removeprefix("export ").partition("=")
                    if each.startswith("export ") and found:
                        self._variables[name] = value.strip()
                yield "".join(shown)
            finally:
                overdue.cancel()
                process.terminate()

    def _found(self, program: str) -> str:
        found = shutil.which(program, path=self._variables["PATH"])
        assert found is not None, program
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader is: with the workflow, a photo and a file of calls."""
    pillow = pytest.importorskip("PIL.Image")
    shutil.copy(ROOT / "generated_example" / "workflow_api.json", tmp_path)
    pillow.new("RGB", (64, 48), (200, 120, 40)).save(tmp_path / "me.jpg")
    calls = [json.dumps({"image": "me.jpg", "steps": steps}) for steps in (2, 3)]
    (tmp_path / "calls.jsonl").write_text("\n".join(calls), "utf-8")
    return tmp_path


def edit_the_workflow(folder: Path) -> None:
    """What the README's reader changed before generating again."""
    path = folder / "workflow_api.json"
    workflow = json.loads(path.read_text("utf-8"))
    workflow["11"]["inputs"]["width"] = 640
    del workflow["9"]["inputs"]["filename_prefix"]
    path.write_text(json.dumps(workflow), "utf-8")


def test_every_command_prints_what_is_shown(folder: Path) -> None:
    shell = Shell(folder)
    typed = [
        each
        for page in PAGES
        for block in blocks(page, "console")
        for each in block.commands()
        if not each[0].startswith(SET_UP)
    ]
    assert len(typed) >= 8
    with contextlib.ExitStack() as servers:
        comfyui = servers.enter_context(comfy(outputs=MADE))
        for command, shown in typed:
            command = replaced(command, {"http://127.0.0.1:8188": comfyui.url})
            if command.startswith("viewcomfy-codegen serve"):
                anything = {":8000": ":…", "5b939c1d": "…"}
                shown = replaced(shown, anything)
                lines = len(shown.splitlines())
                printed = servers.enter_context(shell.serve(command, lines))
            else:
                if "breaking:" in shown:
                    edit_the_workflow(folder)
                printed = shell.type(command)
            if shown.strip():
                assert matches(printed, shown), (command, printed)
