"""Jobs of a ComfyUI: reopened, taken out of the queue, interrupted, heard."""

from __future__ import annotations

import pickle
import time
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    Progress,
    RunCancelledError,
    RunTimeoutError,
    Timeout,
)
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.http import polling

from ...helpers.comfy import IMAGES, client, comfy
from ...helpers.waiting import LONGEST, cancelled_once


def test_a_waiting_run_is_taken_out_of_the_queue(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        assert job.status() == "waiting"
        job.cancel()
        assert job.status() == "cancelled"
        with pytest.raises(RunCancelledError, match="before it started"):
            job.result(timeout=10)
    assert (found.pending, found.interrupted) == ([], [])


def test_a_running_run_is_interrupted_and_no_other(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        other = module.submit(module.Parameters(), client=client(found))
        found.running.append(found.pending.pop(0))
        assert job.status() == "running"
        job.cancel()
        with pytest.raises(RunCancelledError):
            job.result(timeout=10)
        assert job.status() == "cancelled"
        assert other.status() == "waiting"
    assert found.interrupted == [{"prompt_id": job.prompt_id}]


def test_a_job_is_reopened_by_its_id(module: ModuleType) -> None:
    with comfy(outputs=IMAGES) as found:
        job = pickle.loads(
            pickle.dumps(module.submit(module.Parameters(), client=client(found)))
        )
        assert len(job.result(timeout=10).outputs) == 1
        again = module.WORKFLOW.job(job.prompt_id, client=client(found))
        assert again.status() == "success"


@pytest.mark.usefixtures("patient_ends")
def test_a_run_whose_time_is_over_leaves_the_queue(module: ModuleType) -> None:
    with comfy(held=True) as found:
        with pytest.raises(RunTimeoutError) as caught:
            timeout = Timeout(LONGEST, queue=0.3)
            module.run(module.Parameters(), client=client(found), timeout=timeout)
        assert found.pending == []
    assert caught.value.prompt_id == found.prompts[0].prompt_id


def test_a_job_whose_time_to_wait_is_over_goes_on(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        with pytest.raises(RunTimeoutError) as caught:
            job.result(timeout=0.3)
        assert len(found.pending) == 1
    assert caught.value.prompt_id == job.prompt_id


def test_what_a_listener_raises_ends_the_run_at_the_server(module: ModuleType) -> None:
    def fail(_: object) -> None:
        raise LookupError("mine")

    events = [{"type": "executing", "data": {"node": "3"}}]
    with comfy(events=events, unheard=True, lasting=LONGEST) as found:
        with pytest.raises(LookupError, match="mine"):
            module.run(module.Parameters(), client=client(found), on_log=fail)
        assert len(found.interrupted) == 1


def test_a_cancelled_run_is_reached_where_the_server_chose_its_id(
    module: ModuleType,
) -> None:
    with comfy(held=True, own_ids=True) as found:
        deadline = cancelled_once(lambda: found.asked)
        with pytest.raises(RunCancelledError) as caught:
            client(found).run(module.WORKFLOW.call(module.Parameters()), deadline)
        assert found.pending == []
    assert caught.value.prompt_id == "made-by-server"


def test_newer_servers_cancel_in_one_step(module: ModuleType) -> None:
    with comfy(held=True, cancels_jobs=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        job.cancel()
        assert found.pending == []
        assert job.status() == "cancelled"


def test_newer_servers_cancel_a_running_run_in_one_step(module: ModuleType) -> None:
    with comfy(held=True, cancels_jobs=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        other = module.submit(module.Parameters(), client=client(found))
        found.running += found.pending
        found.pending.clear()
        job.cancel()
        with pytest.raises(RunCancelledError) as caught:
            job.result(timeout=10)
        assert (job.status(), other.status()) == ("cancelled", "running")
        job.cancel()  # again: the server knows that there is nothing to cancel
    assert caught.value.at_server
    assert found.cancelled == [job.prompt_id] * 2
    assert found.interrupted == []


@pytest.mark.usefixtures("patient_ends")
@pytest.mark.parametrize("newer", [True, False])
def test_a_running_run_whose_time_is_over_is_cancelled_at_once(
    module: ModuleType, newer: bool
) -> None:
    with comfy(lasting=2 * LONGEST, cancels_jobs=newer) as found:
        start = time.monotonic()
        with pytest.raises(RunTimeoutError):
            timeout = Timeout(LONGEST, run=0.3)
            module.run(module.Parameters(), client=client(found), timeout=timeout)
        assert time.monotonic() - start < LONGEST / 2
        assert found.running == []
        assert bool(found.cancelled) is newer


@pytest.mark.usefixtures("patient_ends")
def test_a_quick_run_is_followed_to_its_end(module: ModuleType) -> None:
    step = [
        {"type": "progress", "data": {"value": n, "max": 6, "node": "3"}}
        for n in range(1, 7)
    ]
    for _ in range(5):
        steps: list[Progress] = []
        with comfy(events=step, hasty=True) as found:
            module.run(
                module.Parameters(), client=client(found), on_progress=steps.append
            )
        assert [each.value for each in steps] == [1, 2, 3, 4, 5, 6]


@pytest.mark.usefixtures("patient_ends")
def test_a_jobs_progress_is_reported(module: ModuleType) -> None:
    events = [{"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}}]
    steps: list[Progress] = []
    with comfy(events=events, unheard=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        job.result(timeout=10, on_progress=steps.append)
    assert steps == [Progress(1, 2, "3")]


def test_a_cancelled_run_leaves_the_queue(module: ModuleType) -> None:
    with comfy(held=True) as found:
        deadline = cancelled_once(lambda: found.asked)
        with pytest.raises(RunCancelledError):
            client(found).run(
                module.WORKFLOW.call(module.Parameters()), deadline, Watch(print)
            )
        assert found.pending == []


def test_polling_grows_rarer(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONGEST", 0.2)
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        with pytest.raises(RunTimeoutError):
            job.result(timeout=1.5)
    assert found.asked < 30
