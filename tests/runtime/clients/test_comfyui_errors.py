"""What goes wrong with a ComfyUI: each is an error with its place, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    ComfyUI,
    ExecutionError,
    InvalidParametersError,
    InvalidWorkflowError,
    NotFoundError,
    ProtocolError,
    RejectedError,
    RunCancelledError,
    ViewComfyError,
)

from ...helpers.comfy import IMAGES, client, comfy
from ...helpers.images import with_masked_image
from ...helpers.servers import Answer, Server
from ...helpers.support import module_of, node, text_to_image


def test_a_rejected_value_names_its_node_and_input(module: ModuleType) -> None:
    errors = [
        {
            "message": "Value not in list",
            "details": "ckpt_name: 'x'",
            "extra_info": {"input_name": "ckpt_name"},
        }
    ]
    rejects = {
        "error": {
            "type": "prompt_outputs_failed_validation",
            "message": "Prompt failed",
        },
        "node_errors": {
            "4": {"class_type": "CheckpointLoaderSimple", "errors": errors}
        },
    }
    with comfy(rejects=rejects) as found:
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(), client=client(found))
    [fault] = caught.value.faults
    assert (fault.node, fault.input) == ("4", "ckpt_name")
    assert fault.parameter == "ckpt_name"
    assert "ckpt_name: node 4 (CheckpointLoaderSimple)" in str(caught.value)
    assert "Value not in list" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "install it there"),
        (401, "COMFYUI_TOKEN"),
        (403, "COMFYUI_TOKEN"),
        (404, "ComfyUI's own"),
        (405, "ComfyUI's own"),
        (500, "ComfyUI's log"),
        (204, "ComfyUI's own"),
    ],
)
def test_the_remedy_speaks_of_a_comfyui_rather_than_of_a_deployment(
    module: ModuleType, status: int, remedy: str
) -> None:
    with Server(*[Answer(status)] * 9) as server:
        with pytest.raises(ViewComfyError) as caught:
            module.run(module.Parameters(), client=ComfyUI(server.url))
    assert remedy in str(caught.value.hint)


def test_a_failed_node_is_named(module: ModuleType) -> None:
    details = {
        "node_id": "3",
        "node_type": "KSampler",
        "exception_message": "no memory",
    }
    with comfy(status="error", messages=[["execution_error", details]]) as found:
        with pytest.raises(ExecutionError, match=r"node 3 \(KSampler\): no memory"):
            module.run(module.Parameters(), client=client(found))


def test_a_run_that_somebody_else_interrupts_is_cancelled(module: ModuleType) -> None:
    messages = [["execution_interrupted", {"node_id": "3"}]]
    with comfy(status="error", messages=messages) as found:
        with pytest.raises(RunCancelledError) as caught:
            module.run(module.Parameters(), client=client(found))
    assert caught.value.at_server


def test_a_run_that_vanishes_is_an_error(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        found.pending.clear()
        with pytest.raises(NotFoundError, match="no longer knows"):
            job.result(timeout=20)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_prompt_whose_response_is_lost_runs_once(
    module: ModuleType, forgets: bool
) -> None:
    with comfy(lost=1, forgets=forgets, outputs=IMAGES) as found:
        result = module.run(module.Parameters(), client=client(found))
    assert len(found.prompts) == 1
    assert len(result.outputs) == 1


def test_outputs_that_the_server_leaves_out_are_logged(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with comfy(node_errors={"7": {"errors": []}}) as found:
        module.run(module.Parameters(), client=client(found))
    assert "leaves out some outputs" in caplog.text


def test_a_workflow_is_needed(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path, embed=False)
    with pytest.raises(InvalidWorkflowError, match="override_workflow"):
        module.run(module.Parameters(), client=ComfyUI("http://127.0.0.1:9"))


def test_an_override_without_the_calls_nodes_is_refused(module: ModuleType) -> None:
    other = {"1": node("EmptyLatentImage", width=64)}
    with pytest.raises(InvalidParametersError) as caught:
        module.run(
            module.Parameters(positive_prompt="a fox"),
            client=ComfyUI("http://127.0.0.1:9"),
            override_workflow=other,
        )
    assert "positive_prompt: the workflow doesn't have this node" in str(caught.value)


def test_a_missing_file_leaves_nothing_on_the_server(tmp_path: Path) -> None:
    module = with_masked_image(tmp_path)
    with comfy() as found:
        with pytest.raises(InvalidParametersError) as caught:
            module.run(
                module.Parameters(image=b"x", image_mask=tmp_path / "nowhere.png"),
                client=client(found),
            )
    assert caught.value.faults[0].parameter == "image_mask"
    assert found.uploads == {}


@pytest.mark.parametrize("body", [b"[]", b"<html>", b"{", b"null"])
def test_a_server_that_is_no_comfyui_is_an_error(
    module: ModuleType, body: bytes
) -> None:
    with Server(Answer(200, body)) as server:
        with pytest.raises(ProtocolError):
            module.run(module.Parameters(), client=ComfyUI(server.url, retries=0))


def test_an_upload_that_is_refused_is_an_error(tmp_path: Path) -> None:
    module = with_masked_image(tmp_path)
    for answer, kind in (
        (Answer(400), RejectedError),
        (Answer(200, b"{}"), ProtocolError),
    ):
        with Server(answer) as server, pytest.raises(kind):
            module.run(
                module.Parameters(image=b"x"), client=ComfyUI(server.url, retries=0)
            )
