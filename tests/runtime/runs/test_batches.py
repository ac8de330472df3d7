"""Running many calls concurrently."""

from __future__ import annotations

import asyncio
import concurrent.futures as futures
import io
import threading
from collections.abc import Callable, Generator
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
    Timeout,
    ViewComfyError,
)
from viewcomfy_runtime.parameters.uploads import as_upload
from viewcomfy_runtime.runs.attempts import with_file_contents
from viewcomfy_runtime.runs.batches import with_callback
from viewcomfy_runtime.testing import FakeClient, result_with

from ...helpers.batches import calls, client, echo
from ...helpers.growth import MOST, growth
from ...helpers.servers import Answer, Request, Server, result
from ...helpers.support import module_of, node
from ...helpers.waiting import LONGEST


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


def test_each_is_reported_as_it_ends(module: ModuleType) -> None:
    heard: dict[int, Outcome] = {}
    with Server(echo) as server:
        found = module.run_many(
            calls(module, 4), client=client(server.url), on_result=heard.__setitem__
        )
    assert [heard[index] for index in range(4)] == found


def test_no_more_run_at_a_time_than_allowed(module: ModuleType) -> None:
    lock, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(3, timeout=LONGEST)

    def count(request: Request) -> Answer:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait()
        threading.Event().wait(0.02)
        with lock:
            now -= 1
        return result()

    with Server(count) as server:
        module.run_many(calls(module, 12), client=client(server.url), max_concurrency=3)
    assert most == 3


def test_each_run_may_have_a_timeout_for_one_phase(module: ModuleType) -> None:
    limits = Timeout(total=60, run=0.3)
    with Server(Answer(silent=True)) as server:
        (found,) = module.run_many(
            calls(module, 1), client=client(server.url), timeout=limits
        )
    assert found.message == "the run itself took longer than 0.3 s"


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

        assert len(list(with_callback(ended(), lambda *_: over.wait(), 2))) == count

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
    sent = with_file_contents(Call({"k": 1}, files))
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


def test_what_an_executor_cancels_is_an_error_of_its_calls(module: ModuleType) -> None:
    class Stopping(futures.Executor):
        def submit(
            self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
        ) -> futures.Future[Any]:
            future: futures.Future[Any] = futures.Future()
            future.cancel()  # as `shutdown(cancel_futures=True)` does
            return future

    found = module.run_many(
        calls(module, 2), client=client("http://127.0.0.1:9"), executor=Stopping()
    )
    assert ids(found) == ["RunCancelledError", "RunCancelledError"]


def test_an_executor_that_takes_no_more_loses_no_result(module: ModuleType) -> None:
    pool = futures.ThreadPoolExecutor(1)

    def more() -> Any:
        first, second = calls(module, 2)
        yield first
        pool.shutdown()
        yield second

    with Server(echo) as server:
        found = module.run_many(more(), client=client(server.url), executor=pool)
    assert ids(found) == ["0", "ViewComfyError"]
    assert "cannot schedule new futures after shutdown" in str(found[1])


def test_a_result_says_what_was_run_whatever_becomes_of_the_call(
    module: ModuleType,
) -> None:
    call = module.Parameters()

    def more() -> Any:
        for call.positive_prompt in ("0", "1"):
            yield call

    with Server(echo) as server:
        found = module.run_many(more(), client=client(server.url))
    assert [each.parameters.positive_prompt for each in found] == ["0", "1"]


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
