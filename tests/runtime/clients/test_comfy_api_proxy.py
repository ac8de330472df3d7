"""The client of Comfy API v2 with the official proxy between it and a ComfyUI."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from viewcomfy_codegen.serving.listening import bound
from viewcomfy_runtime import (
    ComfyAPI,
    ExecutionError,
    Log,
    NotFoundError,
    OutputReady,
    Progress,
    RejectedError,
    RunCancelledError,
)

from ...helpers.comfy import Comfy, comfy
from ...helpers.support import module_of, node, text_to_image

pytestmark = pytest.mark.heavy

PROXY = "import sys; from comfy_api_proxy.cli import main; sys.exit(main())"
TOKEN = "proxy-0123456789abcdef"
IMAGES = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


@contextlib.contextmanager
def proxied(found: Comfy) -> Iterator[str]:
    """The URL of a proxy in front of a ComfyUI."""
    pytest.importorskip("comfy_api_proxy", reason="the extra peers")
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["--comfyui", found.url, "--port", str(port), "--token", TOKEN]
    process = subprocess.Popen(
        [sys.executable, "-c", PROXY, "run", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{url}/api/v2/health", timeout=2).status_code == 200:
                    break
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait(10)


def test_a_run_is_followed_and_fetched(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    events = [
        {"type": "execution_start", "data": {}},
        {"type": "executing", "data": {"node": "3"}},
        {"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}},
        {"type": "executed", "data": {"node": "9", "output": IMAGES["9"]}},
    ]
    with comfy(outputs=IMAGES, events=events, delay=1.0, cancels_jobs=True) as found:
        with proxied(found) as url:
            client = ComfyAPI(url, TOKEN)
            heard = list(module.WORKFLOW.events(module.Parameters(), client=client))
            result = heard.pop()
            assert result.outputs[0].read() == b"content of a.png"
            [job] = client.jobs()
    assert (result.outputs[0].node, result.outputs[0].size) == ("9", None)
    assert job.prompt_id == result.prompt_id and job.status == "success"
    assert any(isinstance(each, OutputReady) for each in heard)
    assert any(isinstance(each, Progress | Log) for each in heard)


def test_a_file_is_sent_once(tmp_path: Path) -> None:
    module = module_of(
        {
            "1": node("LoadImage", image="deployed.png"),
            "2": node("SaveImage", images=["1", 0], filename_prefix="x"),
        },
        tmp_path,
        optional_files=True,
    )
    with comfy() as found, proxied(found) as url:
        for _ in range(2):
            call = module.Parameters(image=b"picture")
            module.run(call, client=ComfyAPI(url, TOKEN))
    assert list(found.uploads.values()) == [b"picture"]
    [name] = found.uploads
    assert {item.prompt["1"]["inputs"]["image"] for item in found.prompts} == {name}


def test_its_errors_are_ours(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    error = {
        "message": "too small",
        "details": "steps",
        "extra_info": {"input_name": "steps"},
    }
    errors = {"3": {"class_type": "KSampler", "errors": [error]}}
    rejects = {"error": {"message": "failed"}, "node_errors": errors}
    with comfy(rejects=rejects) as found, proxied(found) as url:
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(), client=ComfyAPI(url, TOKEN))
    assert caught.value.faults[0].parameter == "steps"
    details = {"node_id": "3", "node_type": "KSampler", "exception_message": "no"}
    with comfy(status="error", messages=[["execution_error", details]]) as found:
        with proxied(found) as url, pytest.raises(ExecutionError, match="node 3"):
            module.run(module.Parameters(), client=ComfyAPI(url, TOKEN))


def test_a_job_is_cancelled_and_labels_are_refused(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    with comfy(held=True, cancels_jobs=True) as found, proxied(found) as url:
        client = ComfyAPI(url, TOKEN)
        with pytest.raises(RejectedError, match="metadata"):
            module.run(module.Parameters(), client=client.with_labels(app="shop"))
        job = module.WORKFLOW.submit(module.Parameters(), client=client)
        job.cancel()
        assert found.pending == []
        assert job.status() in ("unknown", "cancelled")
        with pytest.raises((RunCancelledError, NotFoundError)):
            job.result(5)
