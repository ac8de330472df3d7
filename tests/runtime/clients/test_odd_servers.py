"""Servers that answer with arbitrary JSON: a run ends with a result or one of the package's
errors.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewcomfy_runtime import (
    Call,
    ComfyUI,
    ExecutionError,
    ProtocolError,
    RejectedError,
    ServerError,
    ViewComfy,
    ViewComfyApp,
    ViewComfyError,
    ViewComfyGateway,
)
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.calls.dispatcher import EventDispatcher
from viewcomfy_runtime.http import polling
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.http.error_responses import error_of, execution_error

from ...helpers.comfy import comfy
from ...helpers.json_values import json_values
from ...helpers.servers import Answer, Request, Server
from ...helpers.support import text_to_image

CALL = Call({"3-inputs-seed": 1}, graph=text_to_image())
FEW = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

ODD = (
    st.none()
    | st.booleans()
    | st.sampled_from([5, -1, 10**400, 2**63, 1e308, "\ud800", "", "running", "9"])
    | st.floats()
    | st.text(max_size=5)
)
KEYS = (
    "prompt_id promptId node_errors errors error message details extra_info input_name class_type"
    " queue_running queue_pending status status_str completed messages outputs images filename"
    " subfolder prompt data error_data errorData exception_message node_id errorMsg errorType"
    " execution_time_seconds size content_type filepath timestamp p"
).split()
JSON = json_values(ODD, st.sampled_from(KEYS), longest=5)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "outputs": JSON | st.dictionaries(st.sampled_from("93"), JSON),
        "prompt": JSON | st.lists(JSON, min_size=3, max_size=4),
        "status": JSON
        | st.fixed_dictionaries(
            {
                "messages": st.lists(
                    st.tuples(
                        st.sampled_from(["execution_start", "execution_success", "x"]),
                        JSON | st.fixed_dictionaries({"timestamp": ODD}),
                    )
                )
            }
        ),
    },
)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST", 0.001)
    monkeypatch.setattr(polling, "LONGEST", 0.002)


def told(run: Callable[[], object]) -> None:
    """Runs it; what isn't an error of the package fails the test."""
    with warnings.catch_warnings(), contextlib.suppress(ViewComfyError):
        warnings.simplefilter("ignore")
        str(run())


def body(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode())


@FEW
@given(JSON | ENTRIES, st.sampled_from([200, 201, 400, 500]))
def test_any_response_to_a_deployments_call(value: Any, status: int) -> None:
    with Server(body(value, status)) as server:
        told(lambda: ViewComfy(server.url, "id", "the-secret", retries=0).run(CALL))


@FEW
@given(JSON, st.sampled_from([200, 500]))
def test_any_response_of_the_app(value: Any, status: int) -> None:
    with Server(body(value, status)) as server:
        told(lambda: ViewComfyApp(server.url, retries=0).run(CALL))


@FEW
@given(JSON, JSON, st.sampled_from([201, 400]))
def test_any_responses_of_a_gateway(scheduled: Any, state: Any, status: int) -> None:
    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return body(scheduled, status)
        wanted = request.path.partition("prompt_ids=")[2]
        about = state if isinstance(state, dict) else {}
        return body([state, {"completed": True, **about, "promptId": wanted}])

    with Server(answer) as server:
        client = ViewComfyGateway(
            "http://h", "i", "the-secret", base=server.url, retries=0
        )
        told(lambda: client.run(CALL, Deadline(5)))


@FEW
@given(JSON, JSON, ENTRIES, st.sampled_from([200, 400]))
def test_any_responses_of_a_comfyui(
    queued: Any, queue: Any, entry: Any, status: int
) -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/prompt":
            return body(queued, status)
        if request.path == "/queue":
            return body({"queue_running": queue, "queue_pending": queue})
        name = request.path.rpartition("/")[2]
        return body({name: entry, "p": entry})

    with Server(answer) as server:
        told(lambda: ComfyUI(server.url, retries=0).run(CALL, Deadline(5)))


@given(JSON, JSON)
def test_any_numbers_of_steps(value: Any, total: Any) -> None:
    heard: list[Any] = []
    EventDispatcher(Watch(on_progress=heard.append)).emit_steps(value, total, None)
    assert all(isinstance(each.value, int) for each in heard)


@pytest.mark.parametrize("value", ["NaN", "1e999", "-1e999", "1" + "0" * 400, "true"])
def test_steps_that_are_no_number_do_not_end_a_run(value: str, module: Any) -> None:
    text = (
        '{"type": "progress", "data": {"prompt_id": "made-by-server",'
        f' "max": 5, "value": {value}}}}}'
    )
    steps: list[object] = []
    with comfy(events=[text], own_ids=True) as found:
        client = ComfyUI(found.url, retries=0)
        made = module.run(
            module.Parameters(), client=client, on_progress=steps.append, timeout=20
        )
    assert (made.status, steps) == ("success", [])


@given(st.binary(max_size=200), st.integers(300, 599))
def test_any_refusal_is_an_error_with_a_hint(content: bytes, status: int) -> None:
    assert error_of(status, content, "http://h").hint


@given(JSON)
def test_any_details_are_the_reason_of_a_failed_run(details: Any) -> None:
    assert len(execution_error(details).message) < 1200


# The app's errors, which all are a 500


@pytest.mark.parametrize(
    ("title", "details", "kind"),
    [
        (
            "Prompt outputs failed validation",
            ["KSampler: steps: Value 0 smaller than min, "],
            RejectedError,
        ),
        (
            "ComfyUI workflow execution error",
            ["KSampler: out of memory"],
            ExecutionError,
        ),
        ("No output files found", ["Make sure …"], ExecutionError),
        ("Cannot connect to ComfyUI", ["refused"], ServerError),
        ("Error running workflow", ["Something went wrong"], ServerError),
    ],
)
def test_the_app_says_what_kind_of_error_it_was_in_words(
    title: str, details: list[str], kind: type[ViewComfyError]
) -> None:
    answer = {
        "errorMsg": title,
        "errorDetails": details,
        "errorType": "ComfyWorkflowError",
    }
    with Server(body(answer, 500)) as server, pytest.raises(kind) as caught:
        ViewComfyApp(server.url, retries=0).run(CALL)
    assert details[0].rstrip(", ").rpartition(": ")[2] in str(caught.value)
    if isinstance(caught.value, RejectedError):
        [fault] = caught.value.faults
        assert (fault.node, fault.class_type) == ("3", "KSampler")


def test_an_app_that_sends_no_files_did_not_work() -> None:
    with Server(Answer(200, b"")) as server, pytest.raises(ProtocolError):
        ViewComfyApp(server.url, retries=0).run(CALL)
