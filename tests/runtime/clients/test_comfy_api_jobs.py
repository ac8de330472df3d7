"""Jobs of Comfy API v2: reopened, cancelled, found by their labels, started once."""

from __future__ import annotations

import pickle
from datetime import timedelta
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    ComfyAPI,
    ConfigurationError,
    ConnectionFailedError,
    Progress,
    RejectedError,
    RunCancelledError,
)

from ...helpers.comfy_api import PROGRESS, client, comfy_api, output
from ...helpers.waiting import LONGEST


def test_a_job_is_reopened_by_its_id_and_followed_from_then_on(
    module: ModuleType,
) -> None:
    told = [("progress", PROGRESS)]
    made = [output("asset-1")]
    with comfy_api(events=told, outputs=made, unheard=True) as found:
        own = client(found)
        started = module.WORKFLOW.submit(module.Parameters(), client=own)
        assert started.status() in ("waiting", "running")
        job = module.WORKFLOW.job(
            pickle.loads(pickle.dumps(started)).prompt_id, client=own
        )
        heard = list(job.events(LONGEST))
        assert Progress(1, 2, "3") in heard
        assert heard[-1].outputs[0].node == "9"
        assert job.status() == "success"
        assert module.WORKFLOW.job("other", client=own).status() == "unknown"


def test_a_job_is_cancelled(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        job.cancel()
        assert job.status() == "cancelled"
        with pytest.raises(RunCancelledError) as caught:
            job.result(LONGEST)
    assert caught.value.at_server and caught.value.prompt_id == job.prompt_id


def test_labels_find_runs_again(module: ModuleType) -> None:
    with comfy_api() as found:
        own = client(found, labels={"app": "shop"})
        for customer in ("a", "b", "a"):
            module.WORKFLOW.submit(
                module.Parameters(), client=own.with_labels(customer=customer)
            )
        listed = list(own.jobs({"customer": "a"}))
        assert [each.prompt_id for each in listed] == ["job-3", "job-1"]
        assert listed[0].labels["app"] == "shop"
        assert listed[0].created_at is not None
        assert len(list(own.jobs())) == 3
        assert len(list(own.jobs(limit=2))) == 2


def test_a_server_that_lists_nothing_says_so(module: ModuleType) -> None:
    with comfy_api(lists=False) as found:
        with pytest.raises(RejectedError, match="not_implemented"):
            list(client(found).jobs())


@pytest.mark.parametrize(
    "labels",
    [{"": "x"}, {"a b": "x"}, {"x" * 41: "x"}, {"x": "y" * 257}]
    + [{f"l{number}": "" for number in range(16)}],
)
def test_labels_that_no_server_takes_are_refused(labels: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        ComfyAPI("http://h", labels=labels)


@pytest.mark.parametrize("labels", [None, {"app": "shop"}])
def test_a_run_whose_response_was_lost_is_found(
    module: ModuleType, labels: dict[str, str] | None
) -> None:
    with comfy_api(lost=1) as found:
        result = module.run(module.Parameters(), client=client(found, labels=labels))
    assert result.prompt_id == "job-1"
    assert len(found.bodies) == 1
    assert found.asked.count("POST /api/v2/jobs") == 1


@pytest.mark.parametrize("hours_ahead", [5, -5])
def test_another_run_of_the_same_workflow_is_not_taken_for_it(
    module: ModuleType, hours_ahead: float
) -> None:
    call = module.Parameters(seed=1)
    with comfy_api(hours_ahead=hours_ahead) as found:
        own = client(found)
        module.run(call, client=own)  # its own, earlier one
        module.run(module.Parameters(seed=2), client=client(found))
        found.lost = 1
        assert module.run(call, client=own).prompt_id == "job-3"
        older = found.jobs["job-1"]
        older["created_at"] = (found.now() - timedelta(hours=1)).isoformat()
        del found.jobs["job-3"]
        found.lost, found.forgets = 1, True
        assert module.run(call, client=client(found)).prompt_id == "job-3"


def test_a_call_that_did_not_arrive_is_sent_again_under_the_same_key(
    module: ModuleType,
) -> None:
    with comfy_api(lost=1, forgets=True) as found:
        result = module.run(module.Parameters(), client=client(found))
    assert result.prompt_id == "job-1"
    first, second = found.keys_sent
    assert first == second


def test_where_nothing_is_listed_an_unknown_outcome_is_reported(
    module: ModuleType,
) -> None:
    with comfy_api(lost=1, lists=False) as found:
        with pytest.raises(ConnectionFailedError, match="isn't known") as caught:
            module.run(module.Parameters(), client=client(found))
    assert caught.value.may_have_run
    assert found.asked.count("POST /api/v2/jobs") == 1


def test_a_key_that_was_used_leads_to_its_run(module: ModuleType) -> None:
    with comfy_api(lost=1, late_lists=2) as found:
        result = module.run(module.Parameters(), client=client(found))
    assert result.prompt_id == "job-1"
    assert found.asked.count("POST /api/v2/jobs") == 2
    assert len(found.bodies) == 1


def test_a_503_is_no_word_that_nothing_runs(module: ModuleType) -> None:
    refusal = (503, "upstream_unreachable", None, None)
    with comfy_api(refusals=[refusal], lists=False) as found:
        with pytest.raises(ConnectionFailedError) as caught:
            module.run(module.Parameters(), client=client(found, retries=3))
    assert caught.value.may_have_run
    assert found.asked.count("POST /api/v2/jobs") == 1
