"""Comfy API v2 as this server speaks it: the official SDK,
unchanged, and this package's own client.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

from viewcomfy_codegen.serving import Served
from viewcomfy_codegen.serving.comfy_api import job_routes
from viewcomfy_codegen.serving.executors.comfyui import ComfyUIExecutor
from viewcomfy_codegen.serving.executors.preview import PreviewExecutor
from viewcomfy_runtime import (
    AuthenticationError,
    ComfyAPI,
    Event,
    ExecutionError,
    Job,
    Log,
    OutputReady,
    Progress,
    RejectedError,
    RunCancelledError,
    ViewComfy,
)

from ...helpers.comfy import comfy
from ...helpers.local import ID, SECRET, Endless, served, serving
from ...helpers.support import module_of, node, text_to_image
from ...helpers.waiting import LONGEST, wait_until

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def inverted() -> dict[str, Any]:
    return {
        "1": node("LoadImage", image="deployed.png"),
        "2": node("ImageInvert", image=["1", 0]),
        "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
    }


def client(url: str, **options: Any) -> ComfyAPI:
    return ComfyAPI(url, SECRET, **{"retries": 0, **options})


# This package's own client


def test_a_module_runs_there(module: ModuleType) -> None:
    with serving(served(text_to_image())) as url:
        heard = list(
            module.WORKFLOW.events(module.Parameters(steps=3), client=client(url))
        )
        result = heard.pop()
        assert result.outputs[0].read().startswith(b"\x89PNG")
    kinds: list[type[Event]] = [Progress, Log, OutputReady]
    assert all(any(isinstance(each, kind) for each in heard) for kind in kinds)
    assert result.outputs[0].node == "9"


def test_quick_runs_are_logged_whole(module: ModuleType) -> None:
    with serving(served(text_to_image())) as url:
        direct: list[str] = []
        first = module.Parameters(steps=3)
        there = ViewComfy(f"{url}/made", ID, SECRET)
        module.run(first, client=there, on_log=direct.append)
        told = [line for line in direct if "%|" not in line and "Prompt" not in line]
        assert told
        for _ in range(25):
            heard: list[str] = []
            module.run(first, client=client(url), on_log=heard.append)
            assert set(told) <= set(heard)


def test_a_file_is_sent_once_and_a_result_is_an_input(tmp_path: Path) -> None:
    module = module_of(inverted(), tmp_path, optional_files=True)
    with serving(served(inverted())) as url:
        own = client(url)
        first = module.run(module.Parameters(image=PNG), client=own)
        again = module.run(module.Parameters(image=first.outputs[0]), client=own)
        assert again.outputs[0].read() != first.outputs[0].read()


def test_faults_are_named_by_parameter(module: ModuleType) -> None:
    with serving(served(text_to_image())) as url:
        call = module.Parameters(ckpt_name="model.safetensors")
        graph = module.WORKFLOW.call(call).graph
        graph = json.loads(json.dumps(graph))
        graph["3"]["inputs"]["steps"] = 0
        with pytest.raises(RejectedError) as caught:
            module.run(call, client=client(url), override_workflow=graph)
    [fault] = caught.value.faults
    assert (fault.node, fault.parameter) == ("3", "steps")


def test_a_job_is_cancelled(module: ModuleType) -> None:
    with serving(served(text_to_image()), executor=PreviewExecutor(0.2)) as url:
        job: Job[Any] = module.WORKFLOW.submit(module.Parameters(), client=client(url))
        job.cancel()
        with pytest.raises(RunCancelledError):
            job.result(20)
        assert job.status() == "cancelled"


def test_labels_are_kept(module: ModuleType) -> None:
    with serving(served(text_to_image())) as url:
        own = client(url, labels={"app": "shop"})
        job = module.WORKFLOW.submit(module.Parameters(), client=own)
        module.WORKFLOW.submit(module.Parameters(), client=client(url))
        assert [each.prompt_id for each in own.jobs({"app": "shop"})] == [job.prompt_id]


def test_another_key_is_refused(module: ModuleType) -> None:
    with serving(served(text_to_image())) as url:
        with pytest.raises(AuthenticationError):
            module.run(module.Parameters(), client=ComfyAPI(url, "another key"))


def test_a_run_that_fails_names_its_node(module: ModuleType) -> None:
    with comfy(
        status="error",
        messages=[
            ["execution_error", {"node_id": "3", "exception_message": "no memory"}]
        ],
    ) as found:
        with serving(
            served(text_to_image()), executor=ComfyUIExecutor(found.url)
        ) as url:
            with pytest.raises(ExecutionError, match="node 3.*no memory"):
                module.run(module.Parameters(), client=client(url))


# The wire itself


def asked(url: str, method: str, path: str, **about: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {SECRET}", **about.pop("headers", {})}
    return requests.request(
        method, f"{url}/api/v2{path}", headers=headers, timeout=20, **about
    )


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_key_is_taken_once_and_given_back_by_a_refusal() -> None:
    body: Any = {"workflow": text_to_image()}
    bad: Any = {"workflow": {"1": {"inputs": {}}}}
    with serving(served(text_to_image())) as url:

        def post(what: Any) -> requests.Response:
            return asked(
                url, "POST", "/jobs", json=what, headers={"Idempotency-Key": "k"}
            )

        assert post(bad).status_code == 422
        assert post(body).status_code == 201
        assert code(post(body)) == (422, "idempotency_key_reuse")


def test_keys_and_jobs_beyond_the_number_that_is_kept_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_routes, "MOST_KEPT", 1)
    monkeypatch.setattr(job_routes, "MOST_KEYS", 1)
    executor = Endless()
    with serving(served(text_to_image()), executor=executor) as url:

        def post(key: str) -> str:
            headers = {"Idempotency-Key": key}
            body = {"workflow": text_to_image()}
            job = asked(url, "POST", "/jobs", json=body, headers=headers)
            assert job.status_code == 201
            return str(job.json()["id"])

        first = post("one")
        assert executor.started.wait(LONGEST)
        post("two")
        assert executor.cancelled.wait(LONGEST)
        assert asked(url, "GET", f"/jobs/{first}").status_code == 404
        assert asked(url, "GET", f"/jobs/{post('one')}").status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "invalid_workflow")),
        ([], (400, "invalid_request")),
        ({"workflow": {"nodes": []}}, (422, "workflow_format_ui")),
        ({"workflow": {"1": 5}}, (422, "invalid_workflow")),
        ({"workflow": {"1": {}}, "inputs": {}}, (422, "invalid_request")),
        ({"workflow": {"1": {}}, "extra_data": {"x": 1}}, (400, "invalid_request")),
        ({"workflow": {"1": {}}, "metadata": {"a b": "x"}}, (422, "metadata_invalid")),
        (
            {
                "workflow": {
                    "1": {
                        "class_type": "LoadImage",
                        "inputs": {
                            "image": {"__type": "core/ASSET", "info": {"id": "x"}}
                        },
                    }
                }
            },
            (422, "missing_asset"),
        ),
    ],
)
def test_what_is_not_a_job_is_refused_with_its_code(
    body: Any, expected: tuple[int, str]
) -> None:
    with serving(served(text_to_image())) as url:
        assert code(asked(url, "POST", "/jobs", json=body)) == expected
        assert code(asked(url, "GET", "/jobs/x")) == (404, "job_not_found")
        assert code(asked(url, "GET", "/assets/x")) == (404, "asset_not_found")
        assert asked(url, "HEAD", "/assets/by-hash/blake3:00").status_code == 404


def test_a_hash_that_is_not_the_files_is_refused() -> None:
    with serving(served(inverted())) as url:
        answer = asked(
            url,
            "POST",
            "/assets",
            files={"file": ("a.png", PNG, "image/png")},
            data={"file_path": "a.png", "expected_hash": "blake3:00"},
        )
    assert code(answer) == (409, "hash_mismatch")


# The official SDK


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("COMFY_API_KEY", raising=False)
    return pytest.importorskip("comfy_sdk", reason="the extra peers")


def test_the_official_sdk_uploads_runs_follows_and_downloads(
    sdk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "me.png").write_bytes(PNG)
    with serving(served(inverted())) as url:
        monkeypatch.setenv("COMFY_BASE_URL", url)
        with sdk.Comfy(api_key=SECRET) as own:
            workflow = own.workflows.from_json(inverted())
            asset = own.assets.from_file(tmp_path / "me.png")
            workflow.set_input("1", "image", asset)
            job = own.submit(workflow, metadata={"app": "shop"})
            heard = [type(each).__name__ for each in job.events()]
            job.result()
            [output] = job.get_outputs("3")
            assert output.to_bytes().startswith(b"\x89PNG")
            assert output.to_bytes(range=(0, 3)) == b"\x89PNG"
            assert job.get_workflow().format == "api"
            assert own.jobs.get(job.id).status == "succeeded"
            assert [each.id for each in own.list_jobs(metadata={"app": "shop"})] == [
                job.id
            ]
            same = own.assets.from_file(tmp_path / "me.png")
            same.commit()
            assert asset.created_new and not same.created_new
            same.delete()
    assert heard[0] == heard[-1] == "StatusChange"


def test_the_official_sdk_cancels(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(served(text_to_image()), executor=PreviewExecutor(0.2)) as url:
        monkeypatch.setenv("COMFY_BASE_URL", url)
        with sdk.Comfy(api_key=SECRET) as own:
            job = own.submit(own.workflows.from_json(text_to_image()))
            job.cancel()
            wait_until(lambda: job.refresh().status == "canceled")


def test_the_official_sdk_reads_the_refusals(
    sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = text_to_image()
    graph["3"]["inputs"]["steps"] = 0
    with serving(served(text_to_image())) as url:
        monkeypatch.setenv("COMFY_BASE_URL", url)
        with sdk.Comfy(api_key=SECRET) as own:
            with pytest.raises(sdk.ComfyError) as caught:
                own.submit(own.workflows.from_json(graph))
        with sdk.Comfy(api_key="another") as stranger:
            with pytest.raises(sdk.ComfyError) as unknown:
                stranger.submit(stranger.workflows.from_json(graph))
    assert caught.value.code == "invalid_workflow"
    assert unknown.value.code == "unauthorized"


def test_the_official_sdk_does_so_asynchronously(
    sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> bytes:
        async with sdk.AsyncComfy(api_key=SECRET) as own:
            workflow = own.workflows.from_json(inverted())
            workflow.set_input(
                "1", "image", own.assets.from_bytes(PNG, filename="me.png")
            )
            job = await own.submit(workflow)
            async for _ in job.events():
                pass
            await job.result()
            found: bytes = await job.get_outputs("3")[0].to_bytes()
            return found

    with serving(served(inverted())) as url:
        monkeypatch.setenv("COMFY_BASE_URL", url)
        assert asyncio.run(work()).startswith(b"\x89PNG")


def test_the_official_sdk_runs_on_a_comfyui_behind_the_server(
    sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = {"3": {"images": [{"filename": "a.png", "type": "output"}]}}
    with comfy(outputs=images) as found:
        with serving(served(inverted()), executor=ComfyUIExecutor(found.url)) as url:
            monkeypatch.setenv("COMFY_BASE_URL", url)
            with sdk.Comfy(api_key=SECRET) as own:
                workflow = own.workflows.from_json(inverted())
                workflow.set_input(
                    "1", "image", own.assets.from_bytes(PNG, filename="me.png")
                )
                job = own.run(workflow, timeout=LONGEST)
                assert job.get_outputs("3")[0].to_bytes() == b"content of a.png"
    assert found.uploads == {"me.png": PNG}


def test_several_workflows_are_judged_by_the_one_that_is_meant() -> None:
    both: list[Served] = [served(text_to_image(), "a"), served(inverted(), "b")]
    graph = text_to_image()
    graph["3"]["inputs"]["steps"] = 0
    with serving(*both) as url:
        answer = asked(url, "POST", "/jobs", json={"workflow": graph})
    assert code(answer) == (422, "invalid_workflow")
    assert "3" in answer.json()["error"]["details"]["node_errors"]
