"""The local ViewComfy in front of a ComfyUI."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
import requests

from viewcomfy_codegen.serving.executors.comfyui import ComfyUIExecutor
from viewcomfy_runtime import (
    Call,
    ComfyAPI,
    ExecutionError,
    Progress,
    RejectedError,
    ServerError,
    ViewComfy,
)
from viewcomfy_runtime.calls.call import QUIET, Watch

from ...helpers.comfy import comfy
from ...helpers.local import ID, SECRET, served, serving
from ...helpers.servers import refusing
from ...helpers.support import text_to_image

IMAGES = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


def client(url: str) -> ViewComfy:
    return ViewComfy(f"{url}/made", ID, SECRET, retries=0)


def test_calls_run_on_the_comfyui_with_its_progress_as_log(module: ModuleType) -> None:
    events: list[Any] = [
        {"type": "executing", "data": {"node": "3"}},
        {"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}},
    ]
    steps: list[Progress] = []
    lines: list[str] = []
    with (
        comfy(outputs=IMAGES, events=events) as found,
        serving(served(text_to_image()), executor=ComfyUIExecutor(found.url)) as base,
    ):
        result = module.run(
            module.Parameters(steps=7),
            client=client(base),
            on_log=lines.append,
            on_progress=steps.append,
        )
    assert result.outputs[0].read() == b"content of a.png"
    assert lines[0] == "node 3 (KSampler)"
    assert Progress(1, 2) in steps
    assert found.prompts[0].prompt["3"]["inputs"]["steps"] == 7


@pytest.mark.parametrize("given", [None, "callers-0123456789"])
def test_partner_nodes_are_paid_for_by_the_caller_else_by_the_environment(
    module: ModuleType, given: str | None
) -> None:
    environ = {"COMFY_API_KEY": "servers-0123456789", "COMFYUI_TOKEN": "gate-0123"}
    with comfy(outputs=IMAGES) as found:
        remote = ComfyUIExecutor(found.url, environ)
        with serving(served(text_to_image()), executor=remote) as base:
            caller = ComfyAPI(base, SECRET, api_key_comfy_org=given)
            module.run(module.Parameters(), client=caller)
            module.run(module.Parameters(), client=client(base))
    first, second = (each["extra_data"]["api_key_comfy_org"] for each in found.bodies)
    assert first == (given or environ["COMFY_API_KEY"])
    assert second == environ["COMFY_API_KEY"]
    assert {each["authorization"] for _, each in found.headers} == {"Bearer gate-0123"}


def test_its_failures_are_viewcomfys() -> None:
    details = {
        "node_id": "3",
        "node_type": "KSampler",
        "exception_message": "no memory",
    }
    with (
        comfy(status="error", messages=[["execution_error", details]]) as found,
        serving(served(text_to_image()), executor=ComfyUIExecutor(found.url)) as base,
    ):
        with pytest.raises(ExecutionError, match="no memory"):
            client(base).run(Call({"3-inputs-seed": 1}))


@pytest.mark.parametrize("watch", [QUIET, Watch(print)], ids=["alone", "logs"])
def test_what_it_rejects_is_handed_on_once(watch: Watch) -> None:
    error = {"type": "value_smaller_than_min", "message": "Value -1 smaller than min"}
    about = {"details": "steps", "extra_info": {"input_name": "steps"}}
    rejects = {
        "error": {"message": "Prompt outputs failed validation"},
        "node_errors": {
            "3": {"class_type": "KSampler", "errors": [{**error, **about}]}
        },
    }
    with (
        comfy(rejects=rejects) as found,
        serving(served(text_to_image()), executor=ComfyUIExecutor(found.url)) as base,
    ):
        with pytest.raises(RejectedError) as caught:
            client(base).run(Call({"3-inputs-seed": 1}), watch=watch)
    [fault] = caught.value.faults
    assert (fault.node, fault.class_type, fault.input) == ("3", "KSampler", "steps")
    assert str(caught.value).count("rejected the call") == 1
    assert str(caught.value).count("failed validation") == 1


@pytest.mark.parametrize("watch", [QUIET, Watch(print)], ids=["alone", "logs"])
def test_a_comfyui_that_is_down_is_said_to_be(watch: Watch) -> None:
    with (
        refusing() as gone,
        serving(served(text_to_image()), executor=ComfyUIExecutor(gone.url)) as base,
    ):
        with pytest.raises(ServerError, match="ComfyUI did not run the call") as caught:
            client(base).run(Call({"3-inputs-seed": 1}), watch=watch)
    assert caught.value.status == 502


def test_its_own_judgement_counts_rather_than_ours() -> None:
    with (
        comfy(outputs=IMAGES) as found,
        serving(served(text_to_image()), executor=ComfyUIExecutor(found.url)) as base,
    ):
        client(base).run(Call({"3-inputs-steps": 10**6}))
    assert found.prompts[0].prompt["3"]["inputs"]["steps"] == 10**6


GATE = "g4te-k3y/0123456789"
ESCAPED = "".join(f"\\u{ord(char):04x}" for char in GATE)


@pytest.mark.parametrize("logs", ["false", "true"])
@pytest.mark.parametrize("said", [GATE, ESCAPED, GATE.replace("/", "%2F")])
@pytest.mark.parametrize("failing", ["rejects", "fails"])
def test_none_of_its_responses_shows_the_token_of_the_gate_before_it(
    logs: str, said: str, failing: str
) -> None:
    error = {"type": said, "message": said, "details": said}
    node = {"class_type": said, "errors": [error]}
    refusal = {"error": error, "node_errors": {"3": node}}
    failed = {"node_id": "3", "node_type": said, "exception_message": said}
    behavior: dict[str, Any] = (
        {"rejects": refusal}
        if failing == "rejects"
        else {"status": "error", "messages": [["execution_error", failed]]}
    )
    with (
        comfy(**behavior) as found,
        serving(
            served(text_to_image()),
            executor=ComfyUIExecutor(found.url, {"COMFYUI_TOKEN": GATE}),
        ) as base,
    ):
        answer = requests.post(
            f"{base}/made",
            files={"params": (None, '{"3-inputs-seed": 1}'), "logs": (None, logs)},
            headers={"client_id": ID, "client_secret": SECRET},
            timeout=30,
        )
    assert answer.text
    assert said not in answer.text and GATE not in answer.text
    assert json.dumps(said)[1:-1] not in answer.text
