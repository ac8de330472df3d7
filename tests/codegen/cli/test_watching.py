"""`--watch` in a process of its own: what it writes, what it says, and what it never reads."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ...helpers.commands import run
from ...helpers.support import text_to_image
from ...helpers.waiting import LONGEST

QUIETLY = """
import sys; from viewcomfy_codegen.cli import main, watching
watching._QUIET = 1.0; sys.argv[0] = "viewcomfy-codegen"; sys.exit(main.main())
"""
"""The command, with more patience for a file that is being written."""

TABLE = """
[tool.viewcomfy-codegen.workflows.painter]
source = "painter.json"
{more}
"""


def workflow(steps: int) -> dict[str, Any]:
    found = text_to_image()
    found["3"]["inputs"]["steps"] = steps
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "painter.json"
    path.write_text(json.dumps(workflow(20)), "utf-8")
    return path


@contextlib.contextmanager
def watching(
    folder: Path,
    *arguments: str,
    program: Sequence[str] = ("-m", "viewcomfy_codegen"),
) -> Iterator[Callable[[], str]]:
    """What gives the next line that the command says after the one that it is watching."""
    command = [sys.executable, *program, *arguments, "--watch"]
    lines: queue.Queue[str] = queue.Queue()
    with subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        heard = process.stderr

        announced: list[str] = []

        def hear() -> None:
            for line in heard:
                if line.startswith("watching"):
                    announced.append(line)
                else:
                    lines.put(line.rstrip("\n"))

        listener = threading.Thread(target=hear)
        listener.start()
        try:
            yield lambda: lines.get(timeout=LONGEST)
            with pytest.raises(queue.Empty):
                lines.get_nowait()
            assert announced == ["watching for changes; press Ctrl-C to stop\n"]
        finally:
            process.terminate()
            listener.join()


def test_a_change_of_the_workflow_is_one_line(source: Path) -> None:
    folder = source.parent
    with watching(folder, "painter.json") as line:
        assert line() == "wrote painter.py, painter.schema.json"
        source.write_text(json.dumps(workflow(31)), "utf-8")
        said = line()
        assert said.startswith("wrote painter.py, painter.schema.json: ")
        assert "steps" in said and "31" in said
        assert "= 31" in (folder / "painter.py").read_text("utf-8")


def test_a_workflow_that_arrives_piece_by_piece_is_read_once_it_is_whole(
    source: Path,
) -> None:
    text = json.dumps(workflow(31))
    with watching(source.parent, "painter.json", program=("-c", QUIETLY)) as line:
        line()
        with source.open("w", encoding="utf-8") as file:
            for start in range(0, len(text), len(text) // 8):
                file.write(text[start : start + len(text) // 8])
                file.flush()
                time.sleep(0.03)
        assert line().startswith("wrote painter.py")


def test_what_is_wrong_is_reported_and_the_files_stay_until_it_is_mended(
    source: Path,
) -> None:
    module = source.parent / "painter.py"
    with watching(source.parent, "painter.json") as line:
        line()
        before = module.read_bytes()
        source.write_text("{", "utf-8")
        assert line().startswith("painter.json")
        assert line().startswith("hint: ")
        assert module.read_bytes() == before
        source.write_text(json.dumps(workflow(31)), "utf-8")
        assert line().startswith("wrote painter.py")


def test_a_change_of_the_table_is_followed_to_new_sources(source: Path) -> None:
    folder = source.parent
    table = folder / "pyproject.toml"
    table.write_text(TABLE.format(more=""), "utf-8")
    with watching(folder) as line:
        assert "painter.py" in line()
        table.write_text(TABLE.format(more='rename = { steps = "rounds" }'), "utf-8")
        assert "rounds" in line()
        (folder / "more").mkdir()
        other = folder / "more" / "other.json"
        other.write_text(json.dumps(workflow(5)), "utf-8")
        more = '[tool.viewcomfy-codegen.workflows.other]\nsource = "more/other.json"'
        table.write_text(TABLE.format(more=more), "utf-8")
        assert "other.py" in line()
        other.write_text(json.dumps(workflow(6)), "utf-8")
        assert "other.py" in line()


@pytest.mark.parametrize("arguments", [["w.json", "--check"], ["-"]])
def test_what_cannot_be_watched_is_refused(arguments: list[str]) -> None:
    done = run(*arguments, "--watch")
    assert done.exit_code == 2 and "--watch cannot be combined" in done.stderr


def test_a_new_file_that_a_pattern_matches_gets_a_client(source: Path) -> None:
    folder = source.parent
    entry = '[tool.viewcomfy-codegen.workflows.all]\nsource = "p*.json"'
    (folder / "pyproject.toml").write_text(entry, "utf-8")
    with watching(folder) as line:
        assert "painter.py" in line()
        (folder / "poet.json").write_text(json.dumps(workflow(5)), "utf-8")
        assert line() == "wrote poet.py, poet.schema.json"
