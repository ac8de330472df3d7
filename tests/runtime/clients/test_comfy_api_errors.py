"""What goes wrong with Comfy API v2: each is an error with its remedy, and nothing goes on."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime import (
    AuthenticationError,
    ComfyAPI,
    ExecutionError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    RunTimeoutError,
    ServerError,
    Timeout,
    ViewComfyError,
)
from viewcomfy_runtime.clients.api_errors import api_error
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.comfy_api import PROGRESS, client, comfy_api
from ...helpers.images import with_image
from ...helpers.json_values import JSON
from ...helpers.servers import Answer, Server
from ...helpers.waiting import LONGEST

CODES: list[tuple[int, str, type[ViewComfyError]]] = [
    (400, "invalid_request", RejectedError),
    (401, "unauthorized", AuthenticationError),
    (402, "insufficient_credits", AuthenticationError),
    (403, "forbidden", AuthenticationError),
    (403, "forbidden_origin", AuthenticationError),
    (404, "not_found", NotFoundError),
    (404, "job_not_found", NotFoundError),
    (404, "asset_not_found", NotFoundError),
    (404, "blob_not_found", NotFoundError),
    (404, "output_unavailable", NotFoundError),
    (409, "hash_mismatch", RejectedError),
    (409, "asset_in_use", RejectedError),
    (413, "payload_too_large", RejectedError),
    (422, "invalid_request", RejectedError),
    (422, "invalid_workflow", RejectedError),
    (422, "workflow_format_ui", RejectedError),
    (422, "missing_asset", RejectedError),
    (422, "deployment_stopped", NotFoundError),
    (422, "metadata_invalid", RejectedError),
    (422, "metadata_not_supported", RejectedError),
    (429, "queue_full", RateLimitedError),
    (429, "deployment_not_ready", RateLimitedError),
    (429, "rate_limited", RateLimitedError),
    (501, "not_implemented", RejectedError),
]


@pytest.mark.parametrize("retry_after", [None, 7])
@pytest.mark.parametrize(("status", "code", "kind"), CODES)
def test_every_code_is_an_error_with_a_remedy(
    module: ModuleType,
    status: int,
    code: str,
    kind: type[ViewComfyError],
    retry_after: int | None,
) -> None:
    with comfy_api(refusals=[(status, code, None, retry_after)]) as found:
        with pytest.raises(kind) as caught:
            module.run(module.Parameters(), client=client(found))
    error = caught.value
    assert type(error) is kind
    assert error.status == status and error.hint
    assert f"that is {code}" in error.message
    assert "VIEWCOMFY" not in str(error)
    assert not error.may_have_run
    if isinstance(error, RateLimitedError):
        assert error.retry_after == retry_after


@pytest.mark.parametrize("code", ["queue_full", "deployment_not_ready"])
def test_what_is_busy_is_asked_again_when_it_says(
    module: ModuleType, code: str
) -> None:
    with comfy_api(refusals=[(429, code, None, 0), (429, code, None, 0)]) as found:
        result = module.run(module.Parameters(), client=client(found, retries=3))
    assert result.prompt_id == "job-1"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_failed_at_a_question_is_asked_again(
    module: ModuleType, status: int
) -> None:
    with comfy_api(lasting=0.3, unreachable=2) as found:
        assert module.run(module.Parameters(), client=client(found)).completed
    content = json.dumps({"error": {"code": "upstream_error", "message": "m"}})
    assert isinstance(api_error(status, content.encode(), "http://h"), ServerError)


@pytest.mark.parametrize(
    "errors",
    [
        {
            "3": {
                "class_type": "KSampler",
                "errors": [
                    {
                        "message": "too small",
                        "details": "steps",
                        "extra_info": {"input_name": "steps"},
                    }
                ],
            }
        },
        {"3": [{"field": "steps", "reason": "too small"}]},
    ],
)
def test_faults_of_nodes_are_named_by_parameter(
    module: ModuleType, errors: dict[str, Any]
) -> None:
    refusal = (422, "invalid_workflow", {"node_errors": errors}, None)
    with comfy_api(refusals=[refusal]) as found:
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(), client=client(found))
    [fault] = caught.value.faults
    assert (fault.parameter, fault.node) == ("steps", "3")
    assert "too small" in str(caught.value)


def test_a_file_that_the_server_lost_is_named_by_parameter(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    refusal = (422, "missing_asset", {"missing_ids": ["asset-1"]}, None)
    with comfy_api(refusals=[refusal]) as found:
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(image=b"picture"), client=client(found))
    [fault] = caught.value.faults
    assert (fault.parameter, fault.class_type) == ("image", "LoadImage")


def test_a_failed_node_is_named(module: ModuleType) -> None:
    error = {
        "code": "node_execution_error",
        "message": "no memory",
        "node_id": "3",
        "class_type": "KSampler",
    }
    with comfy_api(status="failed", error=error) as found:
        with pytest.raises(ExecutionError, match=r"node 3 \(KSampler\): no memory"):
            module.run(module.Parameters(), client=client(found))


def test_a_run_that_expires_is_no_longer_known(module: ModuleType) -> None:
    with comfy_api(status="expired") as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        with pytest.raises(NotFoundError, match="expired") as caught:
            job.result(LONGEST)
        assert job.status() == "unknown"
    assert caught.value.prompt_id == job.prompt_id


def test_a_run_that_the_server_forgets_ends(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        found.jobs.clear()
        with pytest.raises(NotFoundError):
            job.result(LONGEST)


@pytest.mark.usefixtures("patient_ends")
def test_a_timeout_cancels_at_the_server(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        with pytest.raises(RunTimeoutError) as caught:
            timeout = Timeout(LONGEST, queue=0.4)
            module.run(module.Parameters(), client=client(found), timeout=timeout)
    assert found.cancelled == [caught.value.prompt_id]


def test_what_a_callback_raises_cancels_the_run(module: ModuleType) -> None:
    def fail(_: object) -> None:
        raise LookupError

    told = [("progress", PROGRESS)]
    with comfy_api(events=told, held=True) as found:
        with pytest.raises(LookupError):
            module.run(module.Parameters(), client=client(found), on_progress=fail)
    assert found.cancelled == ["job-1"]


def test_a_file_that_is_too_large_is_refused_before_the_run(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    with comfy_api(most=3) as found:
        with pytest.raises(RejectedError, match="payload_too_large"):
            module.run(module.Parameters(image=b"picture"), client=client(found))
    assert found.bodies == []


@given(st.integers(300, 599), JSON)
def test_refusals_of_any_shape_are_errors(status: int, body: Any) -> None:
    content = json.dumps({"error": body}).encode()
    assert isinstance(api_error(status, content, "http://h"), ViewComfyError)


def test_a_deadline_ends_a_question(module: ModuleType) -> None:
    with Server(Answer(silent=True)) as server:
        with pytest.raises(RunTimeoutError):
            ComfyAPI(server.url).status("job-1", Deadline(0.3))
