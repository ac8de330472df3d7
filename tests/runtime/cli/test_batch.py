"""A file of calls on a module's command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime.cli.main import main

from ...helpers.batches import echo
from ...helpers.local import ID, SECRET, served, serving
from ...helpers.servers import Server
from ...helpers.support import text_to_image


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(served(text_to_image())) as base:
        yield base


@pytest.fixture
def deployment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIEWCOMFY_API_URL", f"{url}/made")
    monkeypatch.setenv("VIEWCOMFY_CLIENT_ID", ID)
    monkeypatch.setenv("VIEWCOMFY_CLIENT_SECRET", SECRET)


def written(folder: Path, *lines: Any) -> str:
    path = folder / "calls.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    return str(path)


def results(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "results.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines() if line]


def test_a_file_of_calls_is_run_and_each_has_a_line(
    module: ModuleType,
    deployment: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    path = written(tmp_path, {"steps": 1}, {"steps": 2})
    code = main(module.WORKFLOW, ["--batch", path, "-o", str(out), "--width", "64"])
    assert code == 0
    lines = sorted(results(out), key=lambda each: int(each["line"]))
    assert [each["params"]["3-inputs-steps"] for each in lines] == [1, 2]
    assert all(each["params"]["5-inputs-width"] == 64 for each in lines)
    paths = [Path(each["outputs"][0]["path"]) for each in lines]
    assert all(each.is_file() for each in paths)
    assert sorted(capsys.readouterr().out.split()) == sorted(map(str, paths))


def test_a_batch_goes_on_where_it_stopped(
    module: ModuleType, deployment: None, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = written(tmp_path, {"steps": 1}, {"steps": 1})
    assert main(module.WORKFLOW, ["--batch", first, "-o", str(out), "-q"]) == 0
    with (out / "results.jsonl").open("a") as file:
        file.write('{"line": 3, "cut off')
    more = written(tmp_path, {"steps": 1}, {"steps": 1}, {"steps": 3})
    assert main(module.WORKFLOW, ["--batch", more, "-o", str(out), "-q"]) == 0
    text = (out / "results.jsonl").read_text().splitlines()
    whole = [json.loads(line) for line in text if "cut off" not in line]
    assert [each["line"] for each in whole][2:] == [3]


@pytest.mark.parametrize("option", [["--steps", "9"], ["--random-seeds"]])
def test_with_other_flags_a_call_is_another_one(
    module: ModuleType, deployment: None, tmp_path: Path, option: list[str]
) -> None:
    out = tmp_path / "out"
    path = written(tmp_path, {"steps": 1}, {"positive_prompt": "A cat"})
    arguments = ["--batch", path, "-o", str(out), "-q"]
    results = out / "results.jsonl"
    assert main(module.WORKFLOW, arguments) == 0
    assert len(results.read_text().splitlines()) == 2
    for _ in range(2):
        assert main(module.WORKFLOW, [*arguments, *option]) == 0
    # A flag changes only the calls that do not set it.
    added = 1 if option[0] == "--steps" else 2
    assert len(results.read_text().splitlines()) == 2 + added


def test_what_failed_is_run_again(
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    path = written(tmp_path, {"positive_prompt": "1"}, {"positive_prompt": "2"})
    arguments = ["--batch", path, "-o", str(out), "--json"]
    with Server(echo) as server:
        monkeypatch.setenv("VIEWCOMFY_API_URL", server.url)
        monkeypatch.setenv("VIEWCOMFY_CLIENT_ID", ID)
        monkeypatch.setenv("VIEWCOMFY_CLIENT_SECRET", SECRET)
        assert main(module.WORKFLOW, arguments) == 1
        assert main(module.WORKFLOW, arguments) == 1
    assert len(server.requests) == 3
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    errors = [each for each in printed if each["status"] == "error"]
    assert [each["error"] for each in errors] == ["ServerError", "ServerError"]


def test_wrong_calls_are_all_named_and_none_is_run(
    module: ModuleType,
    deployment: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"steps": 0}\n{\n{"steps": 2}\n[]\n')
    assert main(module.WORKFLOW, ["--batch", str(path), "-o", str(tmp_path / "o")]) == 2
    said = capsys.readouterr().err
    for number in (1, 2, 4):
        assert f"calls.jsonl, line {number}:" in said
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_of_calls_that_cannot_be_read_is_named(
    module: ModuleType,
    tmp_path: Path,
    content: bytes | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "calls.jsonl"
    if content is not None:
        path.write_bytes(content)
    assert main(module.WORKFLOW, ["--batch", str(path)]) == 2
    assert "calls.jsonl" in capsys.readouterr().err


def test_a_dry_batch_shows_each_request(
    module: ModuleType,
    deployment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = io.TextIOWrapper(io.BytesIO(b'{"steps": 1}\n{"steps": 2}\n'))
    monkeypatch.setattr(sys, "stdin", lines)
    assert main(module.WORKFLOW, ["--batch", "-", "--dry-run"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["fields"]["params"]["3-inputs-steps"] for each in shown] == [1, 2]


def test_only_line_feeds_end_a_call(
    module: ModuleType, deployment: None, tmp_path: Path
) -> None:
    path = tmp_path / "calls.jsonl"
    prompt = "one\u2028two\u0085three\x0bfour"
    text = json.dumps({"positive_prompt": prompt}, ensure_ascii=False)
    path.write_bytes(f"\ufeff{text}\r\n".replace("\\u000b", "\\u000b").encode())
    out = tmp_path / "out"
    assert main(module.WORKFLOW, ["--batch", str(path), "-o", str(out), "-q"]) == 0
    assert [each["params"]["6-inputs-text"] for each in results(out)] == [prompt]


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b'{"steps": ' + b"1" * 5000 + b"}", b"\xff", b"nul"]
)
def test_a_line_that_cannot_be_read_is_named(
    module: ModuleType,
    line: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b'{"steps": 2}\n' + line + b"\n")
    assert main(module.WORKFLOW, ["--batch", str(path)]) == 2
    assert "calls.jsonl, line 2:" in capsys.readouterr().err


def test_a_finished_batch_says_so(
    module: ModuleType,
    deployment: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = written(tmp_path, {"steps": 1})
    arguments = ["--batch", path, "-o", str(tmp_path / "out"), "-q"]
    assert main(module.WORKFLOW, arguments) == 0
    capsys.readouterr()
    assert main(module.WORKFLOW, arguments) == 0
    assert "nothing to do: all 1 calls have succeeded" in capsys.readouterr().err


def test_two_batches_never_share_a_folder(
    module: ModuleType,
    deployment: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A second process is told; the lock of one that was killed is gone with it."""
    out = tmp_path / "out"
    path = written(tmp_path, {"steps": 1})
    holding = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path\n"
            "from viewcomfy_runtime.cli.batch_files import Results\n"
            "folder = Path(sys.argv[1]); folder.mkdir()\n"
            "with Results(folder):\n"
            "    print('held', flush=True); time.sleep(60)",
            str(out),
        ],
        stdout=subprocess.PIPE,
    )
    assert holding.stdout is not None
    assert holding.stdout.readline().startswith(b"held")
    arguments = ["--batch", path, "-o", str(out), "-q"]
    assert main(module.WORKFLOW, arguments) == 2
    assert "another batch is running" in capsys.readouterr().err
    holding.kill()
    holding.wait()
    holding.stdout.close()
    assert main(module.WORKFLOW, arguments) == 0


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_results_that_cannot_be_kept_are_named_before_any_run(
    module: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    if kind == "folder":
        (tmp_path / "results.jsonl").mkdir()
    elif hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "results.jsonl")
    else:
        pytest.skip("has no pipes with names")
    (tmp_path / "calls.jsonl").write_text('{"steps": 2}\n')
    with Server(echo) as server:
        url = ["--app", server.url]
        arguments = ["--batch", str(tmp_path / "calls.jsonl"), "-o", str(tmp_path)]
        assert main(module.WORKFLOW, [*arguments, *url]) == 2
        assert server.requests == []
    assert "results.jsonl isn't a file" in capsys.readouterr().err
