"""Following a run's log, ending a run from outside, and repeating calls."""

from __future__ import annotations

import json
import threading

import pytest

from viewcomfy_runtime import (
    ConnectionFailedError,
    ExecutionError,
    Progress,
    ProtocolError,
    RejectedError,
    RunCancelledError,
    RunTimeoutError,
)
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.servers import Answer, Server, event, result, stream
from ...helpers.streaming import CALL, SECRET, client, heard, log
from ...helpers.waiting import cancelled_once


def test_logs_are_asked_for_where_somebody_listens() -> None:
    with Server(stream()) as server:
        heard(server)
        client(server).run(CALL)
    assert [each.parts["logs"] for each in server.requests] == ["true", "false"]


def test_lines_arrive_in_order_and_are_kept_with_the_result() -> None:
    with Server(stream(*log("got prompt", "two\nlines", "done"))) as server:
        found, lines = heard(server)
    assert lines == ["got prompt", "two\nlines", "done"]
    assert found.logs == tuple(lines)
    assert found.prompt_id == "p1"


def test_the_samplers_bars_are_progress() -> None:
    steps: list[Progress] = []
    bars = log(" 50%|█████     | 1/2 [00:01<00:01]", "100%|██████████| 2/2 [00:02]")
    with Server(stream(*bars)) as server:
        client(server).run(CALL, watch=Watch(on_progress=steps.append))
    assert steps == [Progress(1, 2), Progress(2, 2)]


def test_nothing_is_waited_for_after_the_result() -> None:
    after = Answer(
        headers={"Content-Type": "text/event-stream"},
        pieces=(event("prompt_result", result().body.decode()),),
        stalls=True,
    )
    with Server(after) as server:
        assert heard(server)[0].completed


def test_a_server_without_a_stream_may_answer_as_without_logs() -> None:
    with Server(result()) as server:
        found, lines = heard(server)
    assert (found.prompt_id, lines) == ("p1", [])


@pytest.mark.parametrize("thousands", [50, pytest.param(1000, marks=pytest.mark.heavy)])
def test_very_many_lines_arrive_and_the_last_are_kept(thousands: int) -> None:
    lines = 0

    def count(_: str) -> None:
        nonlocal lines
        lines += 1

    many = (event("log_message", f"line {n}") * 1000 for n in range(thousands))
    with Server(stream(*many)) as server:
        found = client(server).run(CALL, watch=Watch(on_log=count))
    assert lines == thousands * 1000
    assert len(found.logs) == 10_000
    assert found.logs[-1] == f"line {thousands - 1}"


@pytest.mark.parametrize(
    "cut",
    [
        stream(*log("one"), result=None),
        stream(*log("one"), b"event: prompt_result\ndata: {", result=None),
        stream(b"event: log", result=None),
        Answer(headers={"Content-Type": "text/event-stream"}, promised=99),
    ],
)
def test_a_stream_that_is_cut_is_a_failed_connection(cut: Answer) -> None:
    with Server(cut) as server, pytest.raises(ConnectionFailedError):
        heard(server)
    assert len(server.requests) == 1


def test_an_error_in_the_stream_is_logged_and_ends_the_run() -> None:
    events = [*log("one"), event("error", "CUDA out of memory")]
    with Server(stream(*events, result=None)) as server:
        lines: list[str] = []
        with pytest.raises(ExecutionError, match="CUDA out of memory"):
            client(server).run(CALL, watch=Watch(on_log=lines.append))
    assert lines == ["one", "CUDA out of memory"]


def test_an_error_that_the_run_survives_is_a_line_of_its_log() -> None:
    with Server(stream(event("error", "a warning, rather"))) as server:
        found, _ = heard(server)
    assert found.logs == ("a warning, rather",)


def test_a_failure_names_its_node() -> None:
    details = {
        "node_id": "3",
        "node_type": "KSampler",
        "exception_message": "out of memory\n",
    }
    with Server(stream(status="error", error_data=details)) as server:
        with pytest.raises(ExecutionError) as caught:
            heard(server)
    assert caught.value.message == (
        "the workflow failed: node 3 (KSampler): out of memory"
    )
    assert caught.value.fault is not None
    assert (caught.value.fault.node, caught.value.prompt_id) == ("3", "p1")


def test_a_result_that_is_no_json_is_an_error_of_the_protocol() -> None:
    with Server(stream(event("prompt_result", "{"), result=None)) as server:
        with pytest.raises(ProtocolError):
            heard(server)


def test_a_run_that_was_cancelled_at_the_server_says_so() -> None:
    with Server(result(status="cancelled", completed=False)) as server:
        with pytest.raises(RunCancelledError):
            client(server).run(CALL)


def test_a_run_that_is_not_over_is_no_result() -> None:
    with Server(result(status="running", completed=False)) as server:
        with pytest.raises(ExecutionError, match="before the run was over"):
            client(server).run(CALL)


def test_lines_that_repeat_the_secret_lose_it() -> None:
    with Server(stream(*log(f"secret is {SECRET}"))) as server:
        found, lines = heard(server)
    assert lines == ["secret is ***"]
    assert SECRET not in str(found.logs)


def test_errors_that_repeat_the_secret_lose_it() -> None:
    with Server(Answer(400, f"bad secret {SECRET}".encode())) as server:
        with pytest.raises(RejectedError) as caught:
            client(server).run(CALL)
    assert caught.value.message.endswith("bad secret ***")


def test_a_listener_that_fails_ends_the_run() -> None:
    def fail(_: str) -> None:
        raise LookupError("mine")

    with Server(stream(*log("one"))) as server:
        with pytest.raises(LookupError, match="mine"):
            client(server).run(CALL, watch=Watch(on_log=fail))


def test_a_rejected_workflow_says_which_input_of_which_node() -> None:
    errors = {
        "3": {
            "class_type": "KSampler",
            "errors": [
                {
                    "message": "Value 0 smaller than min of 1",
                    "details": "steps",
                    "extra_info": {"input_name": "steps"},
                }
            ],
        }
    }
    body = {"errorMsg": "invalid prompt", "errorDetails": {"node_errors": errors}}
    texts = {**body, "errorDetails": json.dumps({"node_errors": errors})}
    for answer in (body, texts):
        with Server(Answer(400, json.dumps(answer).encode())) as server:
            with pytest.raises(RejectedError) as caught:
                client(server).run(CALL)
        [fault] = caught.value.faults
        assert (fault.node, fault.class_type, fault.input) == ("3", "KSampler", "steps")
        assert "node 3 (KSampler), inputs.steps: Value 0 smaller" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(silent=True),
        Answer(drips=0.02, body=result().body),
        Answer(body=b"{", promised=99, stalls=True),
        Answer(
            headers={"Content-Type": "text/event-stream"},
            pieces=log("one"),
            stalls=True,
        ),
    ],
)
def test_a_run_ends_with_its_time_whatever_the_server_sends(answer: Answer) -> None:
    with Server(answer) as server, pytest.raises(RunTimeoutError):
        heard(server, timeout=0.3)


@pytest.mark.parametrize(
    "answer",
    [Answer(silent=True), Answer(drips=0.02), stream(*log("one"), result=None)],
)
def test_a_run_that_is_cancelled_ends_at_once(answer: Answer) -> None:
    deadline = Deadline(60)
    with Server(answer, Answer(silent=True)) as server:
        threading.Timer(0.2, deadline.cancel).start()
        with pytest.raises((RunCancelledError, ConnectionFailedError)):
            client(server).run(CALL, deadline, Watch(on_log=print))


def test_a_cancelled_call_is_not_sent() -> None:
    deadline = Deadline(60)
    deadline.cancel()
    with Server(result()) as server, pytest.raises(RunCancelledError):
        client(server).run(CALL, deadline)
    assert server.requests == []


def test_a_client_goes_on_after_a_run_that_was_cut() -> None:
    with Server(Answer(silent=True), result()) as server:
        own = client(server)
        with pytest.raises(RunCancelledError):
            own.run(CALL, cancelled_once(lambda: server.requests))
        assert own.run(CALL).completed
        own.close()
