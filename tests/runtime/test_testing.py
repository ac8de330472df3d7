"""The stand-ins with which an app is tested."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import (
    ExecutionError,
    NotFoundError,
    Progress,
    RateLimitedError,
    RunCancelledError,
    Upload,
)
from viewcomfy_runtime.testing import Answer, FakeClient, result_with

from ..helpers.cases import CASES
from ..helpers.support import module_of


def test_responses_come_in_the_order_of_the_calls(module: ModuleType) -> None:
    answers: list[Answer] = [result_with("a.png", b"one"), RateLimitedError("busy")]
    fake = FakeClient(module.WORKFLOW, answers)
    assert (
        module.run(module.Parameters(steps=30), client=fake).image[0].read() == b"one"
    )
    with pytest.raises(RateLimitedError):
        module.run(module.Parameters(), client=fake)
    assert [each.parameters.steps for each in fake.calls] == [30, 20]


def test_the_last_response_is_given_again(module: ModuleType) -> None:
    fake = FakeClient(module.WORKFLOW, [result_with("a.png", b"one")])
    found = module.run_many([module.Parameters()] * 3, client=fake)
    assert [each.image[0].read() for each in found] == [b"one"] * 3


def test_progress_is_reported(module: ModuleType) -> None:
    heard: list[Progress] = []
    fake = FakeClient(module.WORKFLOW, progress=[Progress(1, 2), Progress(2, 2)])
    module.run(module.Parameters(), client=fake, on_progress=heard.append)
    assert heard == [Progress(1, 2), Progress(2, 2)]


def test_files_are_seen_as_they_were_given(tmp_path: Path) -> None:
    module = module_of(CASES["image_to_image"](), tmp_path)
    fake = FakeClient(module.WORKFLOW)
    module.run(module.Parameters(image=b"\x89PNG\r\n\x1a\n"), client=fake)
    sent = fake.calls[0].parameters.image
    assert isinstance(sent, Upload)
    assert sent.data == b"\x89PNG\r\n\x1a\n"


def test_a_call_that_is_refused_never_becomes_a_job(module: ModuleType) -> None:
    fake = FakeClient(module.WORKFLOW, [RateLimitedError("busy"), ExecutionError("no")])
    with pytest.raises(RateLimitedError) as caught:
        module.submit(module.Parameters(steps=3), client=fake)
    assert caught.value.parameters.steps == 3
    job = module.submit(module.Parameters(), client=fake)
    with pytest.raises(ExecutionError):
        job.result()


def test_an_error_that_is_given_again_is_about_the_call_that_gets_it(
    module: ModuleType,
) -> None:
    fake = FakeClient(module.WORKFLOW, [ExecutionError("no")])
    calls = [module.Parameters(steps=steps) for steps in (1, 2, 3)]
    for parameters, outcome in module.WORKFLOW.iter_many(calls, client=fake):
        assert outcome.parameters is parameters


def test_an_answer_is_a_result_or_an_error(module: ModuleType) -> None:
    with pytest.raises(TypeError, match="must be a result or an error, not b'a'"):
        FakeClient(module.WORKFLOW, [b"a"])  # type: ignore[list-item]


@pytest.mark.parametrize(("prompt_id", "kind"), [(None, TypeError), ("", ValueError)])
def test_a_job_has_an_id(
    module: ModuleType, prompt_id: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match="prompt_id"):
        module.WORKFLOW.job(prompt_id, client=FakeClient(module.WORKFLOW))


def test_jobs_are_kept_and_cancelled(module: ModuleType) -> None:
    fake = FakeClient(module.WORKFLOW, [result_with("a.png", b"one")])
    job = module.submit(module.Parameters(), client=fake)
    assert job.status() == "success"
    assert asyncio.run(job.aresult()).image[0].read() == b"one"
    job.cancel()
    with pytest.raises(RunCancelledError):
        job.result()
    assert module.WORKFLOW.job("nothing", client=fake).status() == "unknown"


def test_it_closes_with_its_block_as_real_clients_do(module: ModuleType) -> None:
    with FakeClient(module.WORKFLOW) as fake:
        module.run(module.Parameters(), client=fake)

    async def awaited() -> None:
        async with FakeClient(module.WORKFLOW) as other:
            await module.arun(module.Parameters(), client=other)

    asyncio.run(awaited())


def test_it_shows_what_would_be_sent_and_knows_its_runs_alone(
    module: ModuleType,
) -> None:
    fake = FakeClient(module.WORKFLOW)
    request = fake.request(module.WORKFLOW.call(module.Parameters(steps=3)))
    assert isinstance(request["fields"], dict)
    assert isinstance(request["fields"]["params"], dict)
    assert request["fields"]["params"]["3-inputs-steps"] == 3
    job = module.WORKFLOW.job("another", client=fake)
    assert job.status() == "unknown"
    with pytest.raises(NotFoundError):
        job.result()
