"""The clients for a plain ComfyUI server and for ViewComfy's own app."""

from __future__ import annotations

import json
import pickle
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime import (
    AmbiguousOutputWarning,
    Call,
    ComfyUI,
    ConfigurationError,
    ExecutionError,
    InvalidParametersError,
    InvalidWorkflowError,
    NotFoundError,
    Progress,
    ProtocolError,
    RejectedError,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    Stored,
    ViewComfyApp,
    ViewComfyGateway,
)
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.clients.app import _outputs as blocks_in
from viewcomfy_runtime.clients.environment import client_from_environment
from viewcomfy_runtime.http import polling
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.comfy import Comfy, comfy
from ...helpers.servers import Answer, Server
from ...helpers.support import module_of, node, text_to_image

IMAGES = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST", 0.02)
    monkeypatch.setattr(polling, "LONGEST", 0.05)


def client(found: Comfy) -> ComfyUI:
    return ComfyUI(found.url, retries=0)


def masked(folder: Path) -> ModuleType:
    return module_of(
        {
            "1": node("LoadImage", image="deployed.png"),
            "2": node("InvertMask", mask=["1", 1]),
            "3": node("MaskToImage", mask=["2", 0]),
            "4": node("SaveImage", images=["3", 0], filename_prefix="x"),
            "5": node("PreviewImage", images=["1", 0]),
        },
        folder,
        optional_files=True,
    )


# A run


def test_the_modules_own_workflow_runs_with_the_calls_values(
    module: ModuleType,
) -> None:
    with comfy(outputs=IMAGES) as found:
        result = module.run(module.Parameters(steps=3), client=client(found))
        assert result.outputs[0].read() == b"content of a.png"
    [item] = found.prompts
    assert item.prompt["3"]["inputs"]["steps"] == 3
    assert item.prompt["3"]["inputs"]["model"] == ["4", 0]
    assert (result.status, result.prompt_id) == ("success", item.prompt_id)


def test_outputs_of_every_kind_know_their_node(
    module: ModuleType, tmp_path: Path
) -> None:
    outputs = {
        "9": {"images": [{"filename": "a.png", "subfolder": "s", "type": "output"}]},
        "10": {"gifs": [{"filename": "b.mp4", "type": "temp"}], "animated": [True]},
        "11": {"text": ["some text"], "result": "more"},
        "12": {"3d": [{"filename": "c.glb"}], "odd": {"x": 1}, "none": None},
        "13": {"images": [{"filename": "a.png", "subfolder": "s", "type": "output"}]},
    }
    with comfy(outputs=outputs) as found:
        result = module.run(module.Parameters(), client=client(found))
        saved = result.save(tmp_path)
    by_node = {
        id: [(each.filename, each.content_type) for each in files]
        for id, files in result.by_node.items()
    }
    assert by_node == {
        "9": [("a.png", "image/png")],
        "10": [("b.mp4", "video/mp4")],
        "11": [("text_11.txt", "text/plain"), ("result_11.txt", "text/plain")],
        "12": [("c.glb", "model/gltf-binary")],
    }
    assert result.by_node["11"][0].text() == "some text"
    assert found.views[0] == "filename=a.png&subfolder=s&type=output"
    assert len(saved) == 5


def test_a_file_is_uploaded_and_named_in_the_workflow(tmp_path: Path) -> None:
    module = masked(tmp_path)
    (tmp_path / "me.png").write_bytes(b"picture")
    with comfy() as found:
        module.run(module.Parameters(image=tmp_path / "me.png"), client=client(found))
    assert found.uploads == {"me.png": b"picture"}
    assert found.prompts[0].prompt["1"]["inputs"]["image"] == "me.png"


def test_a_mask_becomes_a_copy_of_its_picture(tmp_path: Path) -> None:
    module = masked(tmp_path)
    with comfy() as found:
        own = client(found)
        module.run(module.Parameters(image=b"picture", image_mask=b"mask"), client=own)
        module.run(module.Parameters(image_mask=b"mask"), client=own)
        stored = Stored("sub/in.png [output]")
        module.run(module.Parameters(image=stored, image_mask=b"mask"), client=own)
    assert found.masks == [
        {"filename": "image", "subfolder": "", "type": "input"},
        {"filename": "deployed.png", "subfolder": "", "type": "input"},
        {"filename": "in.png", "subfolder": "sub", "type": "output"},
    ]
    for item in found.prompts:
        name = item.prompt["1"]["inputs"]["image"]
        assert name.startswith("clipspace/masked-")
        assert found.uploads[name] == b"mask"
        assert "image-viewcomfymask" not in item.prompt["1"]["inputs"]


def test_progress_is_heard_over_the_socket(module: ModuleType) -> None:
    events = [
        {"type": "execution_start", "data": {}},
        {"type": "executing", "data": {"node": "3"}},
        b"\x00\x00\x00\x01preview",
        "no json",
        '{"type": "status"}',
        {"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}},
        {"type": "progress", "data": {"value": 1, "max": 2, "prompt_id": "other"}},
        {"type": "progress", "data": {"value": 2, "max": 2, "node": "3"}},
    ]
    lines: list[str] = []
    steps: list[Progress] = []
    with comfy(events=events) as found:
        module.run(
            module.Parameters(),
            client=client(found),
            on_log=lines.append,
            on_progress=steps.append,
        )
    assert lines == ["node 3 (KSampler)"]
    assert steps == [Progress(1, 2, "3"), Progress(2, 2, "3")]


@pytest.mark.parametrize("behaviour", [{"deaf": True}, {"events": ["drop"]}])
def test_a_socket_that_is_lost_costs_no_result(
    module: ModuleType, behaviour: dict[str, Any]
) -> None:
    with comfy(outputs=IMAGES, **behaviour) as found:
        result = module.run(
            module.Parameters(), client=client(found), on_progress=print
        )
    assert len(result.outputs) == 1


def test_a_socket_that_comes_back_is_heard_again(module: ModuleType) -> None:
    step = {"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}}
    steps: list[Progress] = []
    with comfy(events=[step, "drop", step]) as found:
        module.run(module.Parameters(), client=client(found), on_progress=steps.append)
    assert len(steps) == 2


def test_the_time_that_it_took_is_the_servers(module: ModuleType) -> None:
    messages = [
        ["execution_start", {"timestamp": 1000}],
        ["execution_success", {"timestamp": 3500}],
    ]
    with comfy(messages=messages) as found:
        result = module.run(module.Parameters(), client=client(found))
    assert result.execution_time_seconds == 2.5


def test_an_old_server_makes_an_id_of_its_own(module: ModuleType) -> None:
    with comfy(own_ids=True) as found:
        result = module.run(module.Parameters(), client=client(found))
    assert result.prompt_id == "made-by-server"


# What goes wrong


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
def test_a_prompt_whose_answer_is_lost_runs_once(
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
    module = masked(tmp_path)
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
    module = masked(tmp_path)
    for answer, kind in (
        (Answer(400), RejectedError),
        (Answer(200, b"{}"), ProtocolError),
    ):
        with Server(answer) as server, pytest.raises(kind):
            module.run(
                module.Parameters(image=b"x"), client=ComfyUI(server.url, retries=0)
            )


# Jobs


def test_a_waiting_run_is_taken_out_of_the_queue(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        assert job.status() == "waiting"
        job.cancel()
        assert job.status() == "cancelled"
        with pytest.raises(RunCancelledError, match="before it started"):
            job.result(timeout=10)
    assert (found.pending, found.interrupted) == ([], [])


def test_a_running_run_is_interrupted_and_no_other(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        other = module.submit(module.Parameters(), client=client(found))
        found.running.append(found.pending.pop(0))
        assert job.status() == "running"
        job.cancel()
        with pytest.raises(RunCancelledError):
            job.result(timeout=10)
        assert job.status() == "cancelled"
        assert other.status() == "waiting"
    assert found.interrupted == [{"prompt_id": job.prompt_id}]


def test_a_job_is_reopened_by_its_id(module: ModuleType) -> None:
    with comfy(outputs=IMAGES) as found:
        job = pickle.loads(
            pickle.dumps(module.submit(module.Parameters(), client=client(found)))
        )
        assert len(job.result(timeout=10).outputs) == 1
        again = module.WORKFLOW.job(job.prompt_id, client=client(found))
        assert again.status() == "success"


def test_a_run_whose_time_is_over_leaves_the_queue(module: ModuleType) -> None:
    with comfy(held=True) as found:
        with pytest.raises(RunTimeoutError) as caught:
            module.run(module.Parameters(), client=client(found), timeout=0.3)
        assert found.pending == []
    assert caught.value.prompt_id == found.prompts[0].prompt_id


def test_a_job_whose_time_to_wait_is_over_goes_on(module: ModuleType) -> None:
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        with pytest.raises(RunTimeoutError) as caught:
            job.result(timeout=0.3)
        assert len(found.pending) == 1
    assert caught.value.prompt_id == job.prompt_id


def test_what_a_listener_raises_ends_the_run_at_the_server(module: ModuleType) -> None:
    def fail(_: object) -> None:
        raise LookupError("mine")

    events = [{"type": "executing", "data": {"node": "3"}}]
    with comfy(events=events, lasting=30) as found:
        with pytest.raises(LookupError, match="mine"):
            module.run(module.Parameters(), client=client(found), on_log=fail)
        assert len(found.interrupted) == 1


def test_a_cancelled_run_is_reached_where_the_server_chose_its_id(
    module: ModuleType,
) -> None:
    with comfy(held=True, own_ids=True) as found:
        deadline = Deadline(30)
        threading.Timer(0.3, deadline.cancel).start()
        with pytest.raises(RunCancelledError) as caught:
            client(found).run(module.WORKFLOW.call(module.Parameters()), deadline)
        assert found.pending == []
    assert caught.value.prompt_id == "made-by-server"


def test_newer_servers_cancel_in_one_step(module: ModuleType) -> None:
    with comfy(held=True, cancels_jobs=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        job.cancel()
        assert found.pending == []
        assert job.status() == "cancelled"


def test_newer_servers_cancel_a_running_run_in_one_step(module: ModuleType) -> None:
    with comfy(held=True, cancels_jobs=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        other = module.submit(module.Parameters(), client=client(found))
        found.running += found.pending
        found.pending.clear()
        job.cancel()
        with pytest.raises(RunCancelledError) as caught:
            job.result(timeout=10)
        assert (job.status(), other.status()) == ("cancelled", "running")
        job.cancel()  # again: the server knows that there is nothing to cancel
    assert caught.value.at_server
    assert found.cancelled == [job.prompt_id] * 2
    assert found.interrupted == []


@pytest.mark.parametrize("newer", [True, False])
def test_a_running_run_whose_time_is_over_is_cancelled_at_once(
    module: ModuleType, newer: bool
) -> None:
    with comfy(lasting=30, cancels_jobs=newer) as found:
        start = time.monotonic()
        with pytest.raises(RunTimeoutError):
            module.run(module.Parameters(), client=client(found), timeout=1)
        took = time.monotonic() - start
        assert found.running == []
        assert bool(found.cancelled) is newer
    assert took < 1.5


def test_a_quick_run_is_heard_to_its_end(module: ModuleType) -> None:
    step = [
        {"type": "progress", "data": {"value": n, "max": 6, "node": "3"}}
        for n in range(1, 7)
    ]
    for _ in range(5):
        steps: list[Progress] = []
        with comfy(events=step, hasty=True) as found:
            module.run(
                module.Parameters(), client=client(found), on_progress=steps.append
            )
        assert [each.value for each in steps] == [1, 2, 3, 4, 5, 6]


def test_a_jobs_progress_is_heard(module: ModuleType) -> None:
    events = [{"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}}]
    steps: list[Progress] = []
    with comfy(events=events, delay=0.5) as found:
        job = module.submit(module.Parameters(), client=client(found))
        job.result(timeout=10, on_progress=steps.append)
    assert steps == [Progress(1, 2, "3")]


def test_a_cancelled_run_leaves_the_queue(module: ModuleType) -> None:
    with comfy(held=True) as found:
        deadline = Deadline(30)
        threading.Timer(0.3, deadline.cancel).start()
        with pytest.raises(RunCancelledError):
            client(found).run(
                module.WORKFLOW.call(module.Parameters()), deadline, Watch(print)
            )
        assert found.pending == []


def test_polling_grows_rarer(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONGEST", 0.2)
    with comfy(held=True) as found:
        job = module.submit(module.Parameters(), client=client(found))
        with pytest.raises(RunTimeoutError):
            job.result(timeout=1.5)
    assert found.asked < 30


# Where the environment says


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"COMFYUI_URL": "http://h:8188"}, ComfyUI),
        (
            {"VIEWCOMFY_APP_URL": "http://h:3000", "COMFYUI_URL": "http://h"},
            ViewComfyApp,
        ),
        (
            {
                "VIEWCOMFY_API_URL": "https://h",
                "VIEWCOMFY_GATEWAY_URL": "https://g",
                "VIEWCOMFY_CLIENT_ID": "i",
                "VIEWCOMFY_CLIENT_SECRET": "s",
            },
            ViewComfyGateway,
        ),
    ],
)
def test_the_environment_names_the_client(
    environ: dict[str, str], kind: type[object]
) -> None:
    assert type(client_from_environment(environ)) is kind


def test_a_gateway_without_the_rest_names_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="VIEWCOMFY_API_URL"):
        client_from_environment({"VIEWCOMFY_GATEWAY_URL": "https://g"})


def test_the_command_line_runs_on_a_comfyui(
    module: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with comfy(outputs=IMAGES) as found:
        arguments = ["--comfyui", found.url, "-o", str(tmp_path / "out"), "-q"]
        assert main(module.WORKFLOW, arguments) == 0
        assert main(module.WORKFLOW, [*arguments, "--app", found.url]) == 2
        assert main(module.WORKFLOW, [*arguments, "--dry-run"]) == 0
    assert (tmp_path / "out" / "a.png").read_bytes() == b"content of a.png"
    printed = capsys.readouterr()
    assert "more than one server" in printed.err
    assert '"/prompt"' not in printed.out
    assert json.loads(printed.out.partition("\n")[2])["url"] == f"{found.url}/prompt"


# ViewComfy's own app


def block(name: str, content: bytes, kind: str = "image/png") -> bytes:
    head = f'Content-Type: {kind}\r\n\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--BLOB_SEPARATOR--\r\n"


def test_the_apps_blocks_are_files(module: ModuleType, tmp_path: Path) -> None:
    body = block("a.png", b"\r\n\r\nx") + block("b.txt", b"", "text/plain")
    with Server(Answer(200, body)) as server:
        own = ViewComfyApp(server.url)
        with pytest.warns(AmbiguousOutputWarning, match=r"b\.txt"):
            result = module.run(module.Parameters(positive_prompt="a fox"), client=own)
        saved = result.save(tmp_path)
    assert [path.read_bytes() for path in saved] == [b"\r\n\r\nx", b""]
    [request] = server.requests
    assert request.path == "/api/comfy"
    sent = json.loads(str(request.parts["viewComfy"]))
    assert {"key": "6-inputs-text", "value": "a fox"} in sent["inputs"]
    assert "workflow" not in request.parts


def test_the_app_runs_an_override(module: ModuleType) -> None:
    with Server(Answer(200, block("a.png", b"x"))) as server:
        module.run(
            module.Parameters(),
            client=ViewComfyApp(server.url),
            override_workflow=True,
        )
    workflow = json.loads(str(server.requests[0].parts["workflow"]))
    assert workflow == text_to_image()


def test_an_input_with_a_hyphen_is_refused_where_it_is_changed(tmp_path: Path) -> None:
    module = module_of({"1": {"class_type": "Odd", "inputs": {"top-k": 3}}}, tmp_path)
    with Server(Answer(200, block("a.png", b"x"))) as server:
        own = ViewComfyApp(server.url)
        own.run(module.WORKFLOW.call(module.Parameters()))
        with pytest.raises(InvalidParametersError, match="top_k: can't be set through"):
            module.run(module.Parameters(top_k=4), client=own)
    assert len(server.requests) == 1


def test_the_apps_errors_are_passed_on(module: ModuleType) -> None:
    body = {"errorMsg": "Error running workflow", "errorDetails": ["no VRAM"]}
    with Server(Answer(500, json.dumps(body).encode())) as server:
        with pytest.raises(ServerError, match="no VRAM"):
            module.run(module.Parameters(), client=ViewComfyApp(server.url))


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        block("a.png", b"x")[:-5],
        b"Content-Type: a\r\n\r\nnothing\r\n\r\nx",
        block("a", b"x") + b"more",
        b"y" * 200_000,
    ],
)
def test_blocks_that_are_cut_are_no_files(module: ModuleType, body: bytes) -> None:
    with Server(Answer(200, body)) as server, pytest.raises(ProtocolError):
        module.run(module.Parameters(), client=ViewComfyApp(server.url))


@given(
    st.lists(st.binary(max_size=60), max_size=4),
    st.integers(1, 50),
)
def test_blocks_are_read_however_they_arrive(contents: list[bytes], size: int) -> None:
    separator = b"\r\n--BLOB_SEPARATOR--\r\n"
    contents = [each for each in contents if separator not in each + separator[:-1]]
    raw = b"".join(block(f"{n}.bin", each) for n, each in enumerate(contents))
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert [each.read() for each in blocks_in(pieces, "h")] == contents


def test_what_the_app_is_sent_can_be_looked_at() -> None:
    shown = ViewComfyApp("http://h/").request(Call({"1-inputs-a": 1}))
    assert shown["url"] == "http://h/api/comfy"
    assert shown["fields"]["viewComfy"]["inputs"] == [{"key": "1-inputs-a", "value": 1}]
