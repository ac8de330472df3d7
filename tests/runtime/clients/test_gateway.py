"""The gateway's client against the local gateway, and against ones that misbehave."""

from __future__ import annotations

import asyncio
import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_codegen.serving import Artifact, Execution, Failed
from viewcomfy_runtime import (
    AuthenticationError,
    Call,
    ConfigurationError,
    ConnectionFailedError,
    ExecutionError,
    Job,
    NotFoundError,
    Progress,
    PromptResult,
    ProtocolError,
    RunCancelledError,
    RunTimeoutError,
    ViewComfyGateway,
)
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.http import polling
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.local import ID, SECRET, Endless, served, serving
from ...helpers.servers import Answer, Request, Server, refusing
from ...helpers.support import text_to_image
from ...helpers.waiting import LONGEST

CALL = Call({"3-inputs-seed": 1, "3-inputs-steps": 2})
DEPLOYMENT = "https://deployment.example/made"


def client(base: str, secret: str = SECRET) -> ViewComfyGateway:
    return ViewComfyGateway(DEPLOYMENT, ID, secret, base=base, retries=0)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(served(text_to_image())) as base:
        yield base


# A run


def test_a_run_is_scheduled_and_asked_after(url: str, tmp_path: Path) -> None:
    result = client(url).run(CALL)
    assert (result.status, result.completed) == ("success", True)
    assert result.params == CALL.params
    assert result.prompt["3"]["inputs"]["seed"] == 1
    [path] = result.save(tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_its_log_arrives_over_socket_io(url: str) -> None:
    lines: list[str] = []
    steps: list[Progress] = []
    result = client(url).run(CALL, watch=Watch(lines.append, steps.append))
    assert lines[0] == "got prompt"
    assert steps[-1] == Progress(2, 2)
    assert result.logs == tuple(lines)


def test_a_module_runs_through_it(url: str, module: ModuleType) -> None:
    assert module.run(module.Parameters(), client=client(url)).completed


def test_wrong_credentials_are_an_error(url: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        client(url, "not-the-secret").run(CALL, watch=Watch(print))
    assert "not-the-secret" not in str(caught.value)


def test_a_failed_run_names_its_node() -> None:
    class Failing(Endless):
        def execute(self, execution: Execution) -> list[Artifact]:
            raise Failed("out of memory", node="3", class_type="KSampler")

    with serving(served(text_to_image()), executor=Failing()) as base:
        with pytest.raises(ExecutionError, match="KSampler") as caught:
            client(base).run(CALL)
    assert caught.value.prompt_id


# Jobs


def test_a_job_is_awaited_and_its_result_is_the_runs(
    url: str, module: ModuleType
) -> None:
    job = module.submit(module.Parameters(steps=3), client=client(url))
    result = job.result(timeout=30)
    assert result.prompt_id == job.prompt_id
    assert result.params["3-inputs-steps"] == 3
    assert job.status() == "success"


def test_following_a_submitted_run_through_the_gateway_is_a_clear_error(
    url: str, module: ModuleType
) -> None:
    job = module.submit(module.Parameters(), client=client(url))
    with pytest.raises(ConfigurationError, match="sends no events of a run") as caught:
        list(job.events(timeout=30))
    assert "result() without callbacks" in str(caught.value)
    assert job.result(timeout=30).completed


def test_a_job_survives_pickling_and_reopening(url: str, module: ModuleType) -> None:
    job = module.submit(module.Parameters(), client=client(url))
    again: Job[PromptResult] = pickle.loads(pickle.dumps(job))
    assert again.result(timeout=30).completed
    reopened = module.WORKFLOW.job(job.prompt_id, client=client(url))
    assert reopened.result(timeout=30).completed
    assert SECRET not in repr(job)


def test_a_job_is_cancelled(module: ModuleType) -> None:
    slow = Endless()
    with serving(served(text_to_image()), executor=slow) as base:
        job = module.submit(module.Parameters(), client=client(base))
        assert slow.started.wait(LONGEST)
        assert job.status() == "running"
        with pytest.raises(RunTimeoutError):
            job.result(timeout=0.3)
        job.cancel()
        with pytest.raises(RunCancelledError):
            job.result(timeout=30)
        assert job.status() == "cancelled"


def test_a_job_nobody_knows_is_unknown(url: str) -> None:
    assert client(url).status("nothing", Deadline(10)) == "unknown"
    with pytest.raises(NotFoundError):
        client(url).cancel("nothing", Deadline(10))


def test_a_client_without_jobs_names_those_with(module: ModuleType) -> None:
    from viewcomfy_runtime import ViewComfy

    with pytest.raises(ConfigurationError, match="ViewComfyGateway"):
        module.submit(
            module.Parameters(), client=ViewComfy("http://127.0.0.1:9", ID, SECRET)
        )


# The end from outside


def test_cancelling_an_awaited_run_cancels_it_at_the_server(module: ModuleType) -> None:
    slow = Endless()

    async def run(base: str) -> None:
        task = asyncio.create_task(
            module.arun(module.Parameters(), client=client(base))
        )
        while not slow.started.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with serving(served(text_to_image()), executor=slow) as base:
        asyncio.run(run(base))
        assert slow.cancelled.wait(LONGEST)


@pytest.mark.skipif(sys.platform == "win32", reason="sends no SIGINT to one process")
def test_ctrl_c_cancels_the_run_at_the_server(module: ModuleType) -> None:
    slow = Endless()
    script = (
        "import sys; from viewcomfy_runtime import Call, ViewComfyGateway\n"
        f"ViewComfyGateway({DEPLOYMENT!r}, {ID!r}, {SECRET!r}, base=sys.argv[1])"
        ".run(Call({'3-inputs-seed': 1}))"
    )
    with serving(served(text_to_image()), executor=slow) as base:
        process = subprocess.Popen(
            [sys.executable, "-c", script, base], stderr=subprocess.PIPE
        )
        assert slow.started.wait(LONGEST)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=LONGEST)
        assert slow.cancelled.is_set()
    assert b"KeyboardInterrupt" in said


# Servers that misbehave


def state(prompt_id: str, **fields: Any) -> dict[str, Any]:
    about = {"promptId": prompt_id, "status": "running", "completed": False}
    return {**about, "outputs": [], **fields}


class Script:
    """A gateway that answers each question as it is told, and keeps count of what was scheduled."""

    def __init__(self, *answers: Any, lost: int = 0) -> None:
        self.answers = list(answers)
        self.scheduled: list[str] = []
        self._lost = lost

    def __call__(self, request: Request) -> Answer:
        if request.method == "POST":
            prompt_id = str(request.parts["prompt_id"])
            if self._lost:
                self._lost -= 1
                if not self.answers:
                    self.scheduled.append(prompt_id)
                return Answer(drops=True)
            self.scheduled.append(prompt_id)
            return Answer(201, json.dumps({"data": {"prompt_id": prompt_id}}).encode())
        wanted = request.path.partition("prompt_ids=")[2]
        answer = (
            self.answers.pop(0)
            if self.answers
            else {"status": "success", "completed": True}
        )
        if isinstance(answer, Answer):
            return answer
        found = [] if answer is None else [state(wanted, **answer)]
        if wanted not in self.scheduled:
            found = []
        return Answer(200, json.dumps(found).encode())


def test_a_run_is_asked_after_until_it_is_over() -> None:
    script = Script(
        {}, {"status": "queued"}, {}, {"status": "success", "completed": True}
    )
    with Server(script) as server:
        assert client(server.url).run(CALL).completed
    assert len(server.requests) == 5


def test_a_server_that_is_away_for_a_moment_is_waited_for() -> None:
    script = Script(Answer(502), Answer(drops=True), {}, Answer(503))
    with Server(script) as server:
        assert client(server.url).run(CALL).completed


def test_a_run_that_vanishes_is_an_error() -> None:
    with Server(Script(*[None] * 40)) as server:
        with pytest.raises(NotFoundError, match="no longer knows"):
            client(server.url).run(CALL)


@pytest.mark.parametrize("answer", [b"{}", b"<html>", b"null", b"["])
def test_a_response_in_another_form_is_an_error_of_the_protocol(answer: bytes) -> None:
    with Server(Script(Answer(200, answer))) as server:
        with pytest.raises(ProtocolError):
            client(server.url).run(CALL)


def test_a_call_that_arrived_is_not_sent_again() -> None:
    script = Script(lost=1)
    with Server(script) as server:
        assert client(server.url).run(CALL).completed
    assert len(script.scheduled) == 1
    assert sum(each.method == "POST" for each in server.requests) == 1


def test_a_call_that_did_not_arrive_is_sent_again_under_its_own_id() -> None:
    script = Script(None, None, {"status": "success", "completed": True}, lost=1)
    with Server(script) as server:
        assert client(server.url).run(CALL).completed
    posts = [each for each in server.requests if each.method == "POST"]
    assert len({each.parts["prompt_id"] for each in posts}) == 1
    assert (len(posts), len(script.scheduled)) == (2, 1)


def test_a_refused_call_is_not_sent_for_ever() -> None:
    with refusing() as server, pytest.raises(ConnectionFailedError):
        client(server.url).run(CALL)


@pytest.mark.usefixtures("users_pauses")
def test_ten_minutes_cost_at_most_150_requests() -> None:
    asked, now, wait = 1, 0.0, polling.FIRST
    while now < 600:
        asked, now, wait = (
            asked + 1,
            now + wait,
            min(wait * polling.GROWTH, polling.LONGEST),
        )
    assert asked <= 150


def test_what_is_sent_can_be_looked_at_without_the_secret() -> None:
    shown = client("http://127.0.0.1:9").request(CALL)
    assert SECRET not in json.dumps(shown)
    assert shown["fields"]["view_comfy_api_url"] == DEPLOYMENT


def test_a_socket_that_is_not_to_be_had_costs_the_log_alone() -> None:
    lines: list[str] = []
    with Server(Script({})) as server:
        assert client(server.url).run(CALL, watch=Watch(lines.append)).completed
    assert lines == []
