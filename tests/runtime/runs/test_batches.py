"""Running many calls concurrently."""

from __future__ import annotations

import asyncio
import concurrent.futures as futures
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import (
    Call,
    InvalidParametersError,
    Outcome,
    PromptResult,
    SaveError,
    ServerError,
    ViewComfy,
    ViewComfyError,
)
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.parameters.uploads import as_upload
from viewcomfy_runtime.runs.attempts import carried
from viewcomfy_runtime.runs.batches import heard
from viewcomfy_runtime.testing import FakeClient, result_with

from ...helpers.growth import MOST, growth
from ...helpers.local import ID, SECRET, served, serving
from ...helpers.servers import Answer, Request, Server, result
from ...helpers.support import module_of, node, text_to_image


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(served(text_to_image())) as base:
        yield base


def client(url: str) -> ViewComfy:
    return ViewComfy(f"{url}/made", ID, SECRET, retries=0)


def echo(request: Request) -> Answer:
    """A result that tells which call it is for; the third call fails."""
    text = request.params["6-inputs-text"]
    return Answer(500) if text == "2" else result(prompt_id=text)


def calls(module: ModuleType, count: int) -> list[Any]:
    return [module.Parameters(positive_prompt=str(n)) for n in range(count)]


def ids(outcomes: list[Outcome]) -> list[str]:
    return [
        each.prompt_id if isinstance(each, PromptResult) else type(each).__name__
        for each in outcomes
    ]


def test_results_come_in_the_order_of_the_calls_and_none_is_lost(
    module: ModuleType,
) -> None:
    with Server(echo) as server:
        found = module.run_many(calls(module, 5), client=client(server.url))
    assert ids(found) == ["0", "1", "ServerError", "3", "4"]


def test_each_is_heard_of_as_it_ends(module: ModuleType) -> None:
    heard: dict[int, Outcome] = {}
    with Server(echo) as server:
        found = module.run_many(
            calls(module, 4), client=client(server.url), on_result=heard.__setitem__
        )
    assert [heard[index] for index in range(4)] == found


def test_no_more_run_at_a_time_than_allowed(module: ModuleType) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def count(request: Request) -> Answer:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.02)
        with lock:
            now -= 1
        return result()

    with Server(count) as server:
        module.run_many(calls(module, 12), client=client(server.url), max_concurrency=3)
    assert most == 3


def test_a_concurrency_of_none_is_refused(module: ModuleType) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        module.run_many([], max_concurrency=0, client=client("http://127.0.0.1:9"))


def test_a_call_with_wrong_values_is_an_error_of_its_own(module: ModuleType) -> None:
    wrong = module.Parameters(steps=0)
    with Server(result()) as server:
        found = module.run_many([*calls(module, 1), wrong], client=client(server.url))
    assert isinstance(found[1], InvalidParametersError)
    assert found[1].faults[0].parameter == "steps"
    assert isinstance(found[0], PromptResult)


def test_listeners_that_are_slow_cost_no_more_the_more_calls_there_are() -> None:
    def told(count: int) -> None:
        over = threading.Event()

        def ended() -> Generator[tuple[int, None, ViewComfyError], None, None]:
            for index in range(count):
                yield index, None, ViewComfyError("failed")
            over.set()

        assert len(list(heard(ended(), lambda *_: over.wait(), 2))) == count

    assert growth(told) <= MOST


def test_a_listener_that_raises_ends_the_batch(module: ModuleType) -> None:
    def stop(index: int, outcome: Outcome) -> None:
        raise LookupError("enough")

    with Server(result(), Answer(silent=True)) as server:
        with pytest.raises(LookupError):
            module.run_many(
                calls(module, 50),
                client=client(server.url),
                on_result=stop,
                max_concurrency=2,
            )
    assert len(server.requests) <= 3


@pytest.mark.parametrize("save", [lambda p, r: 1 / 0, lambda p, r: asyncio.sleep(0)])
def test_a_result_that_cannot_be_saved_is_an_error_of_its_call_that_says_why(
    module: ModuleType, save: Callable[[object, object], object]
) -> None:
    fake = FakeClient(module.WORKFLOW, [result_with("a.png", b"1", prompt_id="p-1")])
    calls = [module.Parameters(steps=steps) for steps in (1, 2)]
    outcomes = module.WORKFLOW.run_many(calls, client=fake, save=save)
    for outcome in outcomes:
        assert isinstance(outcome, SaveError)
        assert outcome.prompt_id == "p-1"
        assert isinstance(outcome.__cause__, ZeroDivisionError | TypeError)
        assert type(outcome.__cause__).__name__ in outcome.message


def test_a_coroutine_function_saves_nothing_so_it_is_refused(
    module: ModuleType,
) -> None:
    async def save(parameters: object, made: object) -> None:
        raise AssertionError("never called")

    with pytest.raises(TypeError, match="save is a coroutine function"):
        module.WORKFLOW.run_many(
            [module.Parameters()], client=FakeClient(module.WORKFLOW), save=save
        )


def test_an_executors_workers_need_no_files_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(b"picture")
    file = io.BytesIO(b"skip:rest")
    file.seek(5)
    files = {"a": as_upload(path, "a"), "b": as_upload(file, "b")}
    sent = carried(Call({"k": 1}, files))
    path.unlink()
    assert {key: each.data for key, each in sent.files.items()} == {
        "a": b"picture",
        "b": b"rest",
    }
    assert sent.files["a"].filename == "in.png"


def test_any_executor_takes_the_runs(module: ModuleType) -> None:
    with Server(echo) as server, futures.ProcessPoolExecutor(2) as pool:
        found = module.run_many(
            calls(module, 4), client=client(server.url), executor=pool
        )
    assert ids(found) == ["0", "1", "ServerError", "3"]
    assert isinstance(found[2], ServerError)


def test_a_worker_that_dies_is_an_error_of_its_calls(module: ModuleType) -> None:
    class Dying(futures.Executor):
        def submit(
            self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
        ) -> futures.Future[Any]:
            future: futures.Future[Any] = futures.Future()
            future.set_exception(OSError("worker gone"))
            return future

    found = module.run_many(
        calls(module, 2), client=client("http://127.0.0.1:9"), executor=Dying()
    )
    assert [type(each) for each in found] == [ViewComfyError, ViewComfyError]
    assert "worker gone" in str(found[0])


def test_a_dask_cluster_takes_the_runs(module: ModuleType, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    images = module_of(
        {
            "1": node("LoadImage", image="in.png"),
            "2": node("SaveImage", images=["1", 0], filename_prefix="x"),
        },
        tmp_path,
        optional_files=False,
    )
    (tmp_path / "in.png").write_bytes(b"picture")
    with (
        Server(
            lambda request: result(prompt_id=request.file("1-inputs-image").filename)
        ) as server,
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            dashboard_address="127.0.0.1:0",
            local_directory=str(tmp_path / "dask"),
        ) as cluster,
        distributed.Client(cluster) as dask,
    ):
        parameters = [images.Parameters(image=tmp_path / "in.png") for _ in range(8)]
        found = images.run_many(
            parameters, client=client(server.url), executor=dask.get_executor()
        )
    assert ids(found) == ["in.png"] * 8


# The command line


@pytest.fixture
def environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    environment: None,
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
    module: ModuleType, environment: None, tmp_path: Path
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
    environment: None,
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
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = io.TextIOWrapper(io.BytesIO(b'{"steps": 1}\n{"steps": 2}\n'))
    monkeypatch.setattr(sys, "stdin", lines)
    assert main(module.WORKFLOW, ["--batch", "-", "--dry-run"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["fields"]["params"]["3-inputs-steps"] for each in shown] == [1, 2]


def test_only_line_feeds_end_a_call(
    module: ModuleType, environment: None, tmp_path: Path
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
    environment: None,
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
    environment: None,
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
