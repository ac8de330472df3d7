"""Reporting runs for monitoring, and how runs end, continue and draw seeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from viewcomfy_runtime import (
    ComfyAPI,
    ComfyUI,
    ExecutionError,
    RejectedError,
    RunReport,
    RunTimeoutError,
    Timeout,
    ViewComfyApp,
    on_run_end,
)
from viewcomfy_runtime.cli.main import main

from ...helpers.comfy import IMAGES, comfy
from ...helpers.comfy_api import comfy_api
from ...helpers.servers import Answer, Server
from ...helpers.waiting import LONGEST, wait_until

PROMPT = "a very private lighthouse"


@pytest.fixture
def reports() -> Iterator[list[RunReport]]:
    found: list[RunReport] = []
    remove = on_run_end(found.append)
    yield found
    remove()


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    exporter.clear()
    return exporter


# Reports and spans


def test_a_run_is_one_span_without_values(
    module: ModuleType, spans: InMemorySpanExporter
) -> None:
    with comfy(outputs=IMAGES) as found:
        call = module.Parameters(positive_prompt=PROMPT)
        result = module.run(call, client=ComfyUI(found.url))
    [span] = spans.get_finished_spans()
    assert span.name == "viewcomfy.run"
    assert dict(span.attributes or {}) == {
        "viewcomfy.workflow": module.WORKFLOW.title,
        "viewcomfy.client": "ComfyUI",
        "viewcomfy.status": "success",
        "viewcomfy.prompt_id": result.prompt_id,
    }
    assert span.start_time and span.end_time and span.end_time > span.start_time
    assert PROMPT not in span.to_json()


def test_the_span_of_a_run_that_failed_says_so_without_its_words(
    module: ModuleType, spans: InMemorySpanExporter
) -> None:
    details = {"node_id": "3", "exception_message": PROMPT}
    with comfy(status="error", messages=[["execution_error", details]]) as found:
        with pytest.raises(ExecutionError):
            module.run(module.Parameters(), client=ComfyUI(found.url))
    [span] = spans.get_finished_spans()
    assert not span.status.is_ok
    assert (span.attributes or {})["error.type"] == "ExecutionError"
    assert PROMPT not in span.to_json()


def test_each_run_of_a_batch_is_a_span(
    module: ModuleType, spans: InMemorySpanExporter
) -> None:
    with comfy(outputs=IMAGES) as found:
        module.run_many([module.Parameters()] * 3, client=ComfyUI(found.url))
    assert len(spans.get_finished_spans()) == 3


def test_a_job_is_one_span_from_its_submission_to_its_result(
    module: ModuleType, spans: InMemorySpanExporter, reports: list[RunReport]
) -> None:
    with comfy(outputs=IMAGES) as found:
        client = ComfyUI(found.url)
        job = module.WORKFLOW.submit(module.Parameters(), client=client)
        time.sleep(0.3)
        assert not spans.get_finished_spans()
        job.result(20)
    [span], [report] = spans.get_finished_spans(), reports
    about = span.attributes or {}
    assert about["viewcomfy.prompt_id"] == report.prompt_id == job.prompt_id
    assert about["viewcomfy.workflow"] == module.WORKFLOW.title
    assert span.start_time and span.end_time
    assert span.end_time - span.start_time >= 3e8 and report.seconds >= 0.3


def test_a_job_that_could_not_be_submitted_is_reported(
    module: ModuleType, reports: list[RunReport]
) -> None:
    with comfy(rejects={"error": {"message": "no"}}) as found:
        with pytest.raises(RejectedError):
            module.WORKFLOW.submit(module.Parameters(), client=ComfyUI(found.url))
    assert [each.error for each in reports] == ["RejectedError"]


def test_a_hook_gets_how_runs_end(module: ModuleType, reports: list[RunReport]) -> None:
    with comfy(outputs=IMAGES) as found:
        module.run(module.Parameters(), client=ComfyUI(found.url))
    with comfy(held=True) as found, pytest.raises(RunTimeoutError):
        timeout = Timeout(LONGEST, queue=0.3)
        module.run(module.Parameters(), client=ComfyUI(found.url), timeout=timeout)
    first, second = reports
    assert (first.status, first.error, first.client) == ("success", None, "ComfyUI")
    assert (second.status, second.error) == ("timeout", "RunTimeoutError")
    assert second.prompt_id and second.seconds >= 0.3
    assert abs(first.started_at - time.time()) < 60


def test_a_hook_that_fails_costs_no_result(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: RunReport) -> None:
        raise LookupError(PROMPT)

    remove = on_run_end(fail)
    try:
        with comfy(outputs=IMAGES) as found:
            assert module.run(module.Parameters(), client=ComfyUI(found.url)).completed
    finally:
        remove()
    assert "LookupError" in caplog.text and PROMPT not in caplog.text


def test_a_hook_is_a_function() -> None:
    with pytest.raises(TypeError, match="hook must be a function, not None"):
        on_run_end(None)  # type: ignore[arg-type]


def test_a_hook_that_returns_a_coroutine_is_reported_in_the_log(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    async def send(_: RunReport) -> None: ...

    remove = on_run_end(lambda report: send(report))
    try:
        with comfy(outputs=IMAGES) as found:
            assert module.run(module.Parameters(), client=ComfyUI(found.url)).completed
    finally:
        remove()
    assert "a run-end hook failed: TypeError" in caplog.text


def test_without_opentelemetry_nothing_of_it_is_loaded(
    module: ModuleType, tmp_path: Path
) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import made\n"
        "from viewcomfy_runtime import ComfyUI\n"
        "made.run(made.Parameters(), client=ComfyUI(sys.argv[1]))\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    with comfy(outputs=IMAGES) as found:
        subprocess.run([sys.executable, "-c", program, found.url], check=True)


# Runs that go on


def test_a_run_may_go_on_after_its_time(module: ModuleType) -> None:
    with comfy(outputs=IMAGES, held=True) as found:
        client = ComfyUI(found.url)
        with pytest.raises(RunTimeoutError) as caught:
            module.run(
                module.Parameters(),
                client=client,
                timeout=Timeout(LONGEST, queue=0.3),
                cancel_on_timeout=False,
            )
        assert caught.value.prompt_id is not None
        found.finish(found.pending.pop())
        job = module.WORKFLOW.job(caught.value.prompt_id, client=client)
        assert job.result(LONGEST).outputs[0].filename == "a.png"


def test_on_comfy_api_too(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        with pytest.raises(RunTimeoutError) as caught:
            module.run(
                module.Parameters(),
                client=ComfyAPI(found.url),
                timeout=Timeout(LONGEST, queue=0.4),
                cancel_on_timeout=False,
            )
        assert found.cancelled == []
    assert caught.value.prompt_id == "job-1"


def test_the_log_says_that_a_server_is_away(module: ModuleType) -> None:
    lines: list[str] = []
    with comfy_api(lasting=0.3, unreachable=2) as found:
        client = ComfyAPI(found.url, retries=0)
        module.run(module.Parameters(), client=client, on_log=lines.append)
    away = [line for line in lines if "again" in line]
    assert "asking again" in away[0]
    assert away[1] == "the server answers again"
    assert len(away) == 2


def test_the_apps_timeout_says_what_a_cached_run_does(module: ModuleType) -> None:
    with Server(Answer(silent=True)) as server:
        with pytest.raises(RunTimeoutError) as caught:
            module.run(
                module.Parameters(), client=ViewComfyApp(server.url), timeout=0.3
            )
    assert "waits forever" in (caught.value.hint or "")


# The command line


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_sigterm_cancels_the_run_at_the_server(
    module: ModuleType, tmp_path: Path
) -> None:
    with comfy_api(held=True) as found:
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "made.py"), "--comfy-api", found.url],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        wait_until(lambda: "GET /api/v2/jobs/job-1" in found.asked)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LONGEST)
    assert process.returncode == 130
    assert b"interrupted" in said and b"Traceback" not in said
    assert found.cancelled == ["job-1"]


def test_seeds_are_drawn_for_all_that_nobody_gave(
    module: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = module.Parameters().seed
    with comfy(outputs=IMAGES) as found:
        arguments = ["--comfyui", found.url, "-o", str(tmp_path / "out")]
        assert main(module.WORKFLOW, [*arguments, "--random-seeds"]) == 0
        told = capsys.readouterr().err
        assert main(module.WORKFLOW, [*arguments, "--random-seeds", "--seed", "7"]) == 0
        assert main(module.WORKFLOW, arguments) == 0
    seeds = [item.prompt["3"]["inputs"]["seed"] for item in found.prompts]
    assert f"seed: {seeds[0]}" in told
    assert seeds[0] != deployed and seeds[1:] == [7, deployed]


def test_the_drawn_seeds_stand_in_every_line_of_a_batch(
    module: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text('{"steps": 3}\n{"seed": null}\n{"seed": 7}\n', encoding="utf-8")
    arguments = ["--batch", str(calls), "--json", "-q", "-o", str(tmp_path / "out")]
    details = {"node_id": "3", "exception_message": "no memory"}
    for behavior in (
        {"outputs": IMAGES},
        {"status": "error", "messages": [["execution_error", details]]},
    ):
        with comfy(**behavior) as found:
            folder = ["-o", str(tmp_path / str(len(behavior)))]
            own = [*arguments, *folder, "--random-seeds", "--comfyui", found.url]
            main(module.WORKFLOW, own)
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        told = sorted(each["seeds"]["seed"] for each in lines)
        assert told == sorted(
            item.prompt["3"]["inputs"]["seed"] for item in found.prompts
        )
        assert 7 in told and len(lines) == 3
