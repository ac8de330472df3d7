"""Workflows other than the deployed one: run on purpose, or detected from the answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import (
    ComfyUI,
    DifferentWorkflowWarning,
    InvalidWorkflowError,
    PromptResult,
    Stored,
    ViewComfy,
)

from ...helpers.servers import Answer, Server, result
from ...helpers.support import module_of, node, text_to_image
from ...helpers.waiting import LONGEST, wait_until

SECRET = "s3cr3t-0123456789"


def client(server: Server) -> ViewComfy:
    return ViewComfy(server.url, "the-id", SECRET, retries=0)


def sent(server: Server) -> Any:
    text = server.requests[0].parts["workflow_api"]
    assert isinstance(text, str)
    return json.loads(text)


def test_the_modules_own_workflow_runs_where_it_is_asked_for(
    module: ModuleType,
) -> None:
    with Server(result()) as server:
        module.run(module.Parameters(), client=client(server), override_workflow=True)
    assert sent(server) == text_to_image()


@pytest.mark.parametrize("form", ["path", "text", "mapping"])
def test_another_workflow_runs_in_its_place(
    module: ModuleType, form: str, tmp_path: Path
) -> None:
    other = {"1": node("EmptyLatentImage", width=64)}
    path = tmp_path / "other.json"
    path.write_text(json.dumps(other))
    given: Any = {"path": path, "text": str(path), "mapping": other}[form]
    with Server(result()) as server:
        module.run(module.Parameters(), client=client(server), override_workflow=given)
    assert sent(server) == other


def test_another_workflows_own_values_count(module: ModuleType) -> None:
    other = text_to_image()
    other["3"]["inputs"].update(seed=7, steps=99)
    call = module.Parameters(steps=20, cfg=3.5)
    with Server(result()) as server:
        own = client(server)
        module.run(call, client=own, override_workflow=other)
        module.run(call, client=own, override_workflow=other, send="all")
        module.run(call, client=own, override_workflow=True)
    changed, everything, ours = (each.params for each in server.requests)
    assert changed == {"3-inputs-cfg": 3.5}
    assert everything["3-inputs-steps"] == ours["3-inputs-steps"] == 20


def test_a_drawn_seed_is_sent_to_another_workflow(module: ModuleType) -> None:
    with Server(result()) as server:
        module.run(
            module.Parameters(seed=None),
            client=client(server),
            override_workflow=text_to_image(),
        )
    assert list(server.requests[0].params) == ["3-inputs-seed"]


def test_a_call_that_changes_nothing_sends_a_value_of_the_other_workflow(
    module: ModuleType,
) -> None:
    other = {"1": node("Odd", width=64, noise_seed=5), "2": node("Even", x=1)}
    with Server(result()) as server:
        module.run(module.Parameters(), client=client(server), override_workflow=other)
    assert server.requests[0].params == {"1-inputs-noise_seed": 5}


def test_no_override_may_be_said_with_none(module: ModuleType) -> None:
    with Server(result()) as server:
        module.run(module.Parameters(), client=client(server), override_workflow=None)
    assert "workflow_api" not in server.requests[0].parts


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"override_workflow": 5}, "override_workflow must be"),
        ({"client": "http://127.0.0.1:8188"}, "client must be a client"),
        ({"client": ViewComfy}, "client must be a client"),
        ({"timeout": "5"}, "a timeout must be a number of seconds, not '5'"),
    ],
)
def test_arguments_of_another_kind_are_named_with_a_sentence(
    module: ModuleType, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(TypeError, match=says):
        module.run(module.Parameters(), **arguments)


@pytest.mark.parametrize("call", [{"steps": 3}, None, "x", "the class"])
def test_a_call_that_is_not_parameters_is_named_with_a_sentence(
    module: ModuleType, call: Any
) -> None:
    with pytest.raises(TypeError, match="a call must be Parameters"):
        module.run(module.Parameters if call == "the class" else call)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"1": {}}', "[" * 100_000])
def test_what_is_no_workflow_is_refused_before_anything_is_sent(
    module: ModuleType, content: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with Server(result()) as server:
        others: list[Any] = [path, tmp_path / "nowhere.json", {}]
        for given in others:
            with pytest.raises(InvalidWorkflowError):
                module.run(
                    module.Parameters(), client=client(server), override_workflow=given
                )
    assert server.requests == []


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"a": found}
    return found


def circular() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["a"] = found
    return found


@pytest.mark.parametrize(
    "inputs",
    [5, "ab", [1], {"x": float("nan")}, {"x": object()}, nested(9000), circular()],
    ids=lambda inputs: type(inputs).__name__,
)
def test_nodes_that_cannot_be_sent_are_refused_before_anything_is_sent(
    module: ModuleType, inputs: Any
) -> None:
    other = {"9": {"class_type": "SaveImage", "inputs": inputs}}
    with Server(result()) as server:
        for runs in (client(server), ComfyUI(server.url)):
            with pytest.raises(InvalidWorkflowError):
                module.run(module.Parameters(), client=runs, override_workflow=other)
    assert server.requests == []


def test_nodes_are_numbered_by_texts(module: ModuleType) -> None:
    other: Any = {9: {"class_type": "SaveImage", "inputs": {}}}
    with pytest.raises(InvalidWorkflowError):
        module.WORKFLOW.call(module.Parameters(), other)


def test_a_module_without_its_workflow_cannot_run_it(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path, embed=False)
    with Server(result()) as server:
        with pytest.raises(InvalidWorkflowError, match="--no-embed"):
            module.run(
                module.Parameters(), client=client(server), override_workflow=True
            )


def answered(module: ModuleType, **nodes: Any) -> str:
    """The warning where the answer shows these nodes in place of the module's."""
    ran = {id: each for id, each in {**text_to_image(), **nodes}.items() if each}
    with Server(result(prompt=ran)) as server:
        with pytest.warns(DifferentWorkflowWarning) as caught:
            module.run(module.Parameters(), client=client(server))
    return str(caught[0].message)


def test_a_deployment_of_another_workflow_is_reported(module: ModuleType) -> None:
    assert "node 9 (SaveImage) is missing" in answered(module, **{"9": None})
    assert "node 20 (Mine) is new" in answered(module, **{"20": node("Mine")})
    changed = answered(module, **{"9": node("PreviewImage", images=["8", 0])})
    assert "node 9 is PreviewImage, not SaveImage" in changed
    rewired = answered(
        module, **{"8": node("VAEDecode", samples=["5", 0], vae=["4", 2])}
    )
    assert "node 8 (VAEDecode) has a different samples" in rewired
    many = {str(n): node("Mine") for n in range(50, 60)}
    assert "and 5 more" in answered(module, **many)


@pytest.mark.parametrize("listed", [False, True])
def test_the_same_workflow_with_the_calls_values_is_no_other(
    module: ModuleType, listed: bool
) -> None:
    ran: Any = {**text_to_image(), "6": node("CLIPTextEncode", text="x", clip=["4", 1])}
    ran = [1, "id", ran, {}, []] if listed else ran
    with Server(result(prompt=ran)) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        module.run(module.Parameters(positive_prompt="x"), client=client(server))


def test_a_stored_file_is_named_and_nothing_is_uploaded(tmp_path: Path) -> None:
    module = module_of({"1": node("LoadImage", image="a.png")}, tmp_path)
    with Server(result()) as server:
        module.run(module.Parameters(image=Stored("b.png")), client=client(server))
    [request] = server.requests
    assert request.params == {"1-inputs-image": "b.png"}
    assert "1-inputs-image" not in request.parts


def test_two_hundred_runs_at_once_on_one_client(module: ModuleType) -> None:
    def answer(request: Any) -> Answer:
        return result(prompt_id=request.params["6-inputs-text"])

    with Server(answer) as server, ThreadPoolExecutor(200) as threads:
        own = client(server)

        def one(number: int) -> PromptResult:
            parameters = module.Parameters(positive_prompt=str(number))
            found: PromptResult = module.run(parameters, client=own)
            return found

        found = [each.prompt_id for each in threads.map(one, range(200))]
        own.close()
    assert found == [str(number) for number in range(200)]


@pytest.mark.skipif(sys.platform == "win32", reason="sends no SIGINT to one process")
@pytest.mark.parametrize(
    "answer",
    [
        Answer(silent=True),
        Answer(body=b"{", promised=99, stalls=True),
        Answer(
            headers={"Content-Type": "text/event-stream"},
            pieces=[b"event: log_message\ndata: x\n\n"],
            stalls=True,
        ),
    ],
)
def test_ctrl_c_ends_a_run_at_each_stage(module: ModuleType, answer: Answer) -> None:
    assert module.__file__
    with Server(answer) as server:
        environ = {
            **os.environ,
            "VIEWCOMFY_API_URL": server.url,
            "VIEWCOMFY_CLIENT_ID": "the-id",
            "VIEWCOMFY_CLIENT_SECRET": SECRET,
        }
        process = subprocess.Popen(
            [sys.executable, module.__file__], stderr=subprocess.PIPE, env=environ
        )
        wait_until(lambda: server.requests or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=LONGEST)
    assert (process.returncode, b"interrupted" in said) == (130, True), said.decode()
    assert b"Traceback" not in said


def test_a_node_without_inputs_runs_too(tmp_path: Path) -> None:
    workflow = {**text_to_image(), "20": {"class_type": "FreeMemory"}}
    bare = module_of(workflow, tmp_path)
    with Server(result()) as server:
        bare.run(bare.Parameters(), client=client(server), override_workflow=True)
    assert sent(server)["20"] == {"class_type": "FreeMemory", "inputs": {}}
