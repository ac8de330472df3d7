"""The server in tests of apps: started in a line, with runs
that take time, failures on request and calls to look at.
"""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from PIL import Image

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.serving import running
from viewcomfy_runtime import (
    Call,
    ExecutionError,
    Progress,
    RateLimitedError,
    RunCancelledError,
    RunTimeoutError,
    ViewComfyGateway,
)
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.cases import image_to_image
from ...helpers.local import HEADERS, served, serving
from ...helpers.support import made, module_of, node, text_to_image

APP = "https://app.example"


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "workflow_api.json"
    path.write_text(json.dumps(text_to_image()), "utf-8")
    return path


# In a test's own process


def test_a_generated_module_runs_on_its_client(
    workflow: Path, module: ModuleType
) -> None:
    with running(workflow) as client:
        result = module.run(module.Parameters(steps=2), client=client)
    assert result.outputs[0].filename == "ComfyUI_00001_.png"


def test_calls_are_recorded_by_name_and_by_key(workflow: Path, tmp_path: Path) -> None:
    with running(workflow, served(image_to_image(), "second")) as client:
        client.run(Call({"6-inputs-text": "a fox", "3-inputs-seed": 7}))
        second = module_of(image_to_image(), tmp_path)
        buffer = io.BytesIO()
        Image.new("RGB", (20, 10)).save(buffer, "PNG")
        call = second.Parameters(image=buffer.getvalue(), seed=7)
        second.run(call, client=client.to("second"))
    first, last = client.calls
    assert first.workflow == "workflow_api"
    assert first.params == {"6-inputs-text": "a fox", "3-inputs-seed": 7}
    assert first.parameters == {"positive_prompt": "a fox", "seed": 7}
    assert last.parameters["image"] == buffer.getvalue()


def test_failures_are_planned_one_a_call(workflow: Path) -> None:
    call = Call({"3-inputs-seed": 7})
    with running(workflow) as client:
        client.fail_next("fail-at=3", "error")
        for _ in range(2):
            with pytest.raises(ExecutionError):
                client.run(call)
        assert client.run(call).completed


def test_the_gateway_is_served_too(workflow: Path) -> None:
    with running(workflow) as client:
        assert client.gateway().run(Call({"3-inputs-seed": 7})).completed
        client.fail_next("429")
        hasty = ViewComfyGateway(
            client.url,
            client.client_id,
            client.client_secret,
            base=client.base,
            retries=0,
        )
        with hasty, pytest.raises(RateLimitedError):
            hasty.run(Call({"3-inputs-seed": 7}))


def test_the_gateway_says_what_became_of_a_run(workflow: Path) -> None:
    with running(workflow, step_time=0.05) as client:
        client.fail_next("fail-at=2")
        with pytest.raises(ExecutionError):
            client.gateway().run(Call({"3-inputs-seed": 7}))
        gateway = client.gateway()
        job = gateway.submit(Call({"3-inputs-seed": 7}), Deadline(60))
        gateway.cancel(job, Deadline(60))
        with pytest.raises(RunCancelledError):
            gateway.result(job, {}, Deadline(60))


@pytest.mark.parametrize(
    ("body", "status"),
    [([], 422), ({}, 422), ({"prompt_id": 5}, 422), ({"prompt_id": "unknown"}, 404)],
)
def test_the_gateway_cancels_only_what_it_runs(
    workflow: Path, body: Any, status: int
) -> None:
    with running(workflow) as client:
        answer = requests.post(
            f"{client.base}/api/workflow/infer/cancel",
            json=body,
            headers={
                "client_id": client.client_id,
                "client_secret": client.client_secret,
            },
            timeout=60,
        )
        assert answer.status_code == status


def test_a_file_that_is_not_there_is_an_error() -> None:
    with pytest.raises(CodegenError, match="cannot be read"), running("nothing.json"):
        pass


def test_a_module_and_an_app_are_served_under_their_names(tmp_path: Path) -> None:
    renamed = made(text_to_image()).files["made.py"].replace("steps:", "effort:")
    (tmp_path / "portrait.py").write_text(renamed, "utf-8")
    app = {"file_type": "view_comfy", "viewComfyJSON": {"title": "Cats", "inputs": []}}
    apps = {
        "file_type": "view_comfy",
        "workflows": [
            {**app, "workflowApiJSON": text_to_image()},
            {
                "viewComfyJSON": {"title": "Dogs", "inputs": []},
                "workflowApiJSON": text_to_image(),
            },
        ],
    }
    (tmp_path / "view_comfy.json").write_text(json.dumps(apps), "utf-8")
    with running(tmp_path / "portrait.py", tmp_path / "view_comfy.json") as client:
        listing = requests.get(f"{client.base}/", timeout=30).json()
        schema = requests.get(listing["portrait"]["schema"], timeout=30).json()
    assert listing.keys() == {"portrait", "cats", "dogs"}
    assert "effort" in schema["properties"]


# Time


def test_a_step_takes_the_time_that_is_asked_for(workflow: Path) -> None:
    steps: list[Progress] = []
    with running(workflow, step_time=0.1) as client:
        start = time.monotonic()
        from viewcomfy_runtime.calls.call import Watch

        client.run(Call({"3-inputs-steps": 4}), watch=Watch(on_progress=steps.append))
        assert time.monotonic() - start > 0.4
    assert [each.value for each in steps] == [0, 1, 2, 3, 4]


def test_without_a_sampler_each_node_is_a_step() -> None:
    nodes = {
        "1": node("LoadImage", image="in.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="x"),
    }
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10)).save(buffer, "PNG")
    with running(served(nodes), step_time=0.1) as client:
        start = time.monotonic()
        answer = requests.post(
            client.url,
            headers={
                "client_id": client.client_id,
                "client_secret": client.client_secret,
            },
            data={"params": '{"2-inputs-filename_prefix": "y"}'},
            files={"1-inputs-image": ("a.png", buffer.getvalue(), "image/png")},
            timeout=30,
        )
        assert time.monotonic() - start > 0.2
    assert answer.json()["status"] == "success"


def test_slow_steps_run_into_a_timeout(workflow: Path) -> None:
    with running(workflow) as client:
        client.fail_next("slow-steps=0.2")
        with pytest.raises(RunTimeoutError):
            client.run(Call({"3-inputs-steps": 200}), Deadline(1))


def test_a_run_fails_at_the_step_that_is_asked_for() -> None:
    headers = {**HEADERS, "x-viewcomfy-fault": "fail-at=3"}
    form = {"params": (None, '{"3-inputs-steps": 5}'), "logs": (None, "true")}
    with serving(served(text_to_image())) as base:
        text = requests.post(
            f"{base}/made", headers=headers, files=form, timeout=30
        ).text
    assert "2/5 [" in text
    assert "3/5 [" not in text
    assert "failed at step 3 of 5" in text


@pytest.mark.parametrize("fault", ["fail-at=x", "fail-at", "slow-steps=x"])
def test_a_fault_without_a_number_is_refused(fault: str) -> None:
    headers = {**HEADERS, "x-viewcomfy-fault": fault}
    form = {"params": (None, '{"3-inputs-steps": 5}')}
    with serving(served(text_to_image())) as base:
        answer = requests.post(f"{base}/made", headers=headers, files=form, timeout=30)
    assert answer.status_code == 400


def test_steps_and_glimpses_are_events_for_those_who_ask() -> None:
    form = {"params": (None, '{"3-inputs-steps": 2}'), "logs": (None, "true")}
    with serving(served(text_to_image())) as base:
        plain, watched = (
            requests.post(
                f"{base}/made", headers={**HEADERS, **extra}, files=form, timeout=30
            ).text
            for extra in ({}, {"x-viewcomfy-events": "all"})
        )
    assert "event: progress" not in plain and "event: preview" not in plain
    found = [
        json.loads(each.partition("data: ")[2])
        for each in watched.split("\n\n")
        if each.startswith(("event: progress", "event: preview"))
    ]
    assert [each["value"] for each in found if "value" in each] == [0, 1, 2]
    preview = next(each for each in found if "data" in each)
    with Image.open(io.BytesIO(base64.b64decode(preview["data"]))) as image:
        assert (image.format, image.height) == ("JPEG", 256)


# Other origins


def test_an_allowed_origin_is_let_in_with_its_token() -> None:
    with serving(served(text_to_image()), origins=(APP,)) as base:
        preflight = requests.options(
            f"{base}/made",
            headers={
                "Origin": APP,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization",
            },
            timeout=30,
        )
        answer = requests.post(
            f"{base}/made",
            headers={
                "Origin": APP,
                "Authorization": f"Bearer {HEADERS['client_secret']}",
            },
            files={"params": (None, '{"3-inputs-steps": 1}')},
            timeout=30,
        )
    assert preflight.status_code == 200
    assert answer.status_code == 201
    for each in (preflight, answer):
        assert each.headers["access-control-allow-origin"] == APP
        assert "access-control-allow-credentials" not in each.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", f"{APP}.evil"]
)
def test_other_origins_are_refused(origin: str) -> None:
    headers = {**HEADERS, "Origin": origin}
    form = {"params": (None, '{"3-inputs-steps": 1}')}
    with serving(served(text_to_image()), origins=(APP,)) as base:
        for method, path in (("POST", "/made"), ("GET", "/"), ("OPTIONS", "/made")):
            answer = requests.request(
                method, base + path, headers=headers, files=form, timeout=30
            )
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers


def test_the_servers_own_pages_may_call() -> None:
    form = {"params": (None, '{"3-inputs-steps": 1}')}
    with serving(served(text_to_image())) as base:
        answer = requests.post(
            f"{base}/made", headers={**HEADERS, "Origin": base}, files=form, timeout=30
        )
    assert answer.status_code == 201


# For other programs


def test_one_line_of_json_says_where_it_is(workflow: Path) -> None:
    command = [sys.executable, "-m", "viewcomfy_codegen", "serve", str(workflow)]
    with subprocess.Popen(
        [*command, "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            found = told["environment"]
            answer = requests.post(
                found["VIEWCOMFY_API_URL"],
                headers={
                    "client_id": found["VIEWCOMFY_CLIENT_ID"],
                    "client_secret": found["VIEWCOMFY_CLIENT_SECRET"],
                },
                files={"params": (None, '{"3-inputs-steps": 1}')},
                timeout=30,
            )
        finally:
            process.kill()
    assert told["workflows"] == {"workflow_api": found["VIEWCOMFY_API_URL"]}
    assert answer.status_code == 201


PLUGIN = "viewcomfy_codegen.pytest_plugin"

TEST_OF_AN_APP = """
import pytest
from viewcomfy_runtime import RateLimitedError

import portrait


def test_it(viewcomfy_server):
    server = viewcomfy_server("workflow_api.json")
    result = portrait.run(portrait.Parameters(steps=4, seed=7))
    assert server.calls[0].parameters["steps"] == 4
    assert result.outputs[0].read().startswith(b"\\x89PNG")


def test_its_error(viewcomfy_server):
    server = viewcomfy_server("workflow_api.json", step_time=0.01)
    server.fail_next("fail-at=2")
    with pytest.raises(Exception, match="failed at step 2"):
        portrait.run(portrait.Parameters())
"""


def test_the_fixture_serves_an_apps_own_tests(workflow: Path) -> None:
    folder = workflow.parent
    text = made(text_to_image()).files["made.py"]
    (folder / "portrait.py").write_text(text, "utf-8")
    (folder / "test_app.py").write_text(TEST_OF_AN_APP, "utf-8")
    # Where the package is installed rather than on the path, pytest knows it already.
    known = {each.value for each in entry_points(group="pytest11")}
    plugin = [] if PLUGIN in known else ["-p", PLUGIN]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, "test_app.py"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_plugin_needs_no_extra_until_it_is_used(tmp_path: Path) -> None:
    script = (
        f"import sys, {PLUGIN}\n"
        "print(sorted({'starlette', 'uvicorn', 'PIL', 'black'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
