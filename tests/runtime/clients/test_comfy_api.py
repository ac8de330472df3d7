"""The client of Comfy API v2, against a real server on loopback."""

from __future__ import annotations

import base64
import json
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime import (
    AuthenticationError,
    ComfyAPI,
    ComfyUI,
    ConfigurationError,
    ConnectionFailedError,
    Event,
    ExecutionError,
    InvalidParametersError,
    Log,
    NotFoundError,
    OutputReady,
    Preview,
    Progress,
    Queued,
    RateLimitedError,
    RejectedError,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    ViewComfyError,
)
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.clients import api_submission
from viewcomfy_runtime.clients.api_jobs import outputs_of
from viewcomfy_runtime.clients.api_refusals import api_error
from viewcomfy_runtime.clients.environment import client_from_environment
from viewcomfy_runtime.http import client as http_client
from viewcomfy_runtime.http import polling
from viewcomfy_runtime.http.client import Http
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.comfy_api import Api, comfy_api, output
from ...helpers.json_values import JSON
from ...helpers.servers import Answer, Server
from ...helpers.support import module_of, node
from ...helpers.telling import everything_said_by

KEY = "comfyui-0123456789abcdef"
PARTNER = "partner-0123456789abcdef"


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST", 0.02)
    monkeypatch.setattr(polling, "LONGEST", 0.05)
    monkeypatch.setattr(api_submission, "_LOOKS", (0.05, 0.1))
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.02)


def client(found: Api, **options: Any) -> ComfyAPI:
    return ComfyAPI(found.url, **{"retries": 0, **options})


def with_image(folder: Path) -> ModuleType:
    return module_of(
        {
            "1": node("LoadImage", image="deployed.png"),
            "2": node("ImageInvert", image=["1", 0]),
            "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
        },
        folder,
        optional_files=True,
    )


# A run


def test_the_modules_own_workflow_runs_and_fills_the_results_properties(
    module: ModuleType,
) -> None:
    with comfy_api(outputs=[output("asset-1")]) as found:
        found.asset(b"picture", "a.png")
        result = module.run(module.Parameters(steps=3), client=client(found))
        [file] = getattr(result, module.WORKFLOW.outputs[0].name)
        assert file.read() == b"picture"
    [body] = found.bodies
    assert body.keys() == {"workflow"}
    assert body["workflow"]["3"]["inputs"]["steps"] == 3
    assert (result.status, result.prompt_id) == ("success", "job-1")
    assert result.execution_time_seconds == 2.5
    assert file.url_expires is not None and file.url_expires.year == 2099


def test_links_that_begin_with_a_slash_belong_to_the_origin(module: ModuleType) -> None:
    prefix = "/deployment/d1"
    made = output("asset-1", url=f"{prefix}/api/v2/assets/asset-1/content")
    with comfy_api(prefix=prefix, outputs=[made]) as found:
        found.asset(b"picture", "a.png")
        for url in (found.url, f"{found.url}/api/v2/"):
            result = module.run(module.Parameters(), client=ComfyAPI(url))
            assert result.outputs[0].read() == b"picture"


def test_a_file_is_uploaded_once_and_named_by_its_asset(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    (tmp_path / "me.png").write_bytes(b"picture")
    with comfy_api() as found:
        for _ in range(2):
            call = module.Parameters(image=tmp_path / "me.png")
            module.run(call, client=client(found))
    assert found.uploads == 1
    value = found.bodies[0]["workflow"]["1"]["inputs"]["image"]
    assert value["__type"] == "core/ASSET"
    assert value["info"]["id"] == "asset-1"
    assert value["info"]["file_path"] == "me.png"
    assert (
        found.bodies[1]["workflow"]["1"]["inputs"]["image"]["info"]["id"] != "asset-1"
    )


def test_a_file_is_uploaded_where_blake3_is_missing(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    (tmp_path / "me.png").write_bytes(b"picture")
    program = (
        "import sys; sys.modules['blake3'] = None\n"
        f"sys.path.insert(0, {str(tmp_path)!r}); import made\n"
        "from pathlib import Path\n"
        "from viewcomfy_runtime import ComfyAPI\n"
        f"call = made.Parameters(image=Path({str(tmp_path / 'me.png')!r}))\n"
        "for _ in range(2): made.run(call, client=ComfyAPI(sys.argv[1]))\n"
    )
    assert module is not None
    with comfy_api() as found:
        subprocess.run([sys.executable, "-c", program, found.url], check=True)
    assert found.uploads == 2


def test_a_server_without_lookups_by_hash_gets_the_file(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    with comfy_api(dedups=False) as found:
        for _ in range(2):
            module.run(module.Parameters(image=b"picture"), client=client(found))
    assert found.uploads == 2


def test_a_result_that_the_server_does_not_take_as_an_input_is_uploaded(
    tmp_path: Path,
) -> None:
    module = with_image(tmp_path)
    name = "image: Invalid image file"
    errors = {"1": [{"field": "image", "reason": name, "class_type": "LoadImage"}]}
    made_files = [output("asset-1", node="3")]
    with comfy_api(outputs=made_files, dedups=False) as found:
        found.asset(b"picture", "a.png")
        own = client(found)
        made = module.run(module.Parameters(image=b"x"), client=own).outputs[0]
        uploads = found.uploads
        found.refusals = [(422, "invalid_workflow", {"node_errors": errors}, None)]
        module.run(module.Parameters(image=made), client=own)
        assert found.uploads == uploads + 1
        sent = found.bodies[-1]["workflow"]["1"]["inputs"]["image"]["info"]["id"]
        assert found.assets[sent][0] == b"picture" and sent != "asset-1"
        found.refusals = [(422, "invalid_workflow", {"node_errors": errors}, None)] * 2
        with pytest.raises(RejectedError, match="Invalid image file"):
            module.run(module.Parameters(image=made), client=own)


def test_a_mask_is_sent_within_its_image(tmp_path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    module = module_of(
        {
            "1": node("LoadImage", image="deployed.png"),
            "2": node("InvertMask", mask=["1", 1]),
            "3": node("MaskToImage", mask=["2", 0]),
            "4": node("SaveImage", images=["3", 0], filename_prefix="x"),
            "5": node("PreviewImage", images=["1", 0]),
        },
        tmp_path,
        optional_files=True,
    )
    image, mask = BytesIO(), BytesIO()
    Image.new("RGB", (2, 1), "red").save(image, "PNG")
    cover = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    cover.putpixel((1, 0), (0, 0, 0, 0))
    cover.save(mask, "PNG")
    call = module.Parameters(image=image.getvalue(), image_mask=mask.getvalue())
    with comfy_api() as found:
        module.run(call, client=client(found))
        with pytest.raises(InvalidParametersError, match="image_mask: .*together"):
            alone = module.Parameters(image_mask=mask.getvalue())
            module.run(alone, client=client(found))
    [(content, name)] = found.assets.values()
    with Image.open(BytesIO(content)) as sent:
        assert [sent.getpixel((x, 0)) for x in (0, 1)] == [
            (255, 0, 0, 255),
            (255, 0, 0, 0),
        ]
    assert name.endswith("-masked.png")


# What is heard


def events_of(module: ModuleType, found: Api, **options: Any) -> list[Event]:
    heard = module.WORKFLOW.events(
        module.Parameters(), client=client(found), timeout=20, **options
    )
    return list(heard)[:-1]


PICTURE = base64.b64encode(b"jpeg").decode()
PROGRESS = {
    "value": 0.5,
    "nodes_done": 1,
    "nodes_total": 2,
    "current_node": "3",
    "current_node_class": "KSampler",
    "step": 1,
    "steps": 2,
}


def test_events_become_those_of_the_runtime(module: ModuleType) -> None:
    told: list[tuple[str, Any]] = [
        ("progress", PROGRESS),
        ("progress", {**PROGRESS, "step": 2}),
        (
            "preview",
            {"node_id": "3", "content_type": "image/jpeg", "data_base64": PICTURE},
        ),
        ("preview", {"data_base64": "!"}),
        ("output", output("asset-1")),
        ("output", output("asset-1")),
        ("log", {"level": "info", "message": "a line"}),
        ("new kind", {"x": 1}),
        ("progress", "no json"),
        ("progress", "[]"),
    ]
    with comfy_api(events=told, outputs=[output("asset-1")]) as found:
        heard = events_of(module, found)
    assert Queued(3) in heard
    assert [each for each in heard if isinstance(each, Progress)] == [
        Progress(1, 2, "3"),
        Progress(2, 2, "3"),
    ]
    assert [each for each in heard if isinstance(each, Preview)] == [
        Preview(b"jpeg", "image/jpeg", "3")
    ]
    assert [each.line for each in heard if isinstance(each, Log)] == [
        "node 3 (KSampler)",
        "a line",
    ]
    [ready] = [each for each in heard if isinstance(each, OutputReady)]
    assert ready.file.node == "9"


@pytest.mark.parametrize(
    "behavior",
    [
        {"streams": 501},
        {"streams": 429},
        {"streams": 500},
        {"stops": True},
        {"late": [("output", output("asset-1"))]},
    ],
)
def test_a_stream_that_fails_costs_neither_the_result_nor_a_file(
    module: ModuleType, behavior: dict[str, Any]
) -> None:
    with comfy_api(outputs=[output("asset-1")], **behavior) as found:
        heard = events_of(module, found)
    assert len([each for each in heard if isinstance(each, OutputReady)]) == 1


def test_progress_is_polled_where_there_is_no_stream(module: ModuleType) -> None:
    steps: list[Progress] = []
    with comfy_api(streams=501, lasting=0.6) as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        found.jobs[job.prompt_id]["progress"] = PROGRESS
        job.result(20, on_progress=steps.append)
    assert steps[0] == Progress(1, 2, "3")


def test_a_node_has_its_class_where_the_server_tells_none(module: ModuleType) -> None:
    told = [("progress", {**PROGRESS, "current_node_class": None})]
    with comfy_api(events=told) as found:
        assert Log("node 3 (KSampler)") in events_of(module, found)


def test_quick_runs_are_told_whole(module: ModuleType) -> None:
    lines = ["one", "two", "three"]
    told = [("log", {"message": line}) for line in lines]
    with comfy_api(events=told, lasting=0.0) as found:
        for _ in range(25):
            heard: list[str] = []
            module.run(module.Parameters(), client=client(found), on_log=heard.append)
            assert heard == lines


# Jobs


def test_a_job_is_reopened_by_its_id_and_heard_from_then_on(module: ModuleType) -> None:
    told = [("progress", PROGRESS)]
    with comfy_api(events=told, outputs=[output("asset-1")], lasting=0.4) as found:
        own = client(found)
        started = module.WORKFLOW.submit(module.Parameters(), client=own)
        assert started.status() in ("waiting", "running")
        job = module.WORKFLOW.job(
            pickle.loads(pickle.dumps(started)).prompt_id, client=own
        )
        heard = list(job.events(20))
        assert Progress(1, 2, "3") in heard
        assert heard[-1].outputs[0].node == "9"
        assert job.status() == "success"
        assert module.WORKFLOW.job("other", client=own).status() == "unknown"


def test_a_job_is_cancelled(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        job.cancel()
        assert job.status() == "cancelled"
        with pytest.raises(RunCancelledError) as caught:
            job.result(5)
    assert caught.value.at_server and caught.value.prompt_id == job.prompt_id


def test_labels_find_runs_again(module: ModuleType) -> None:
    with comfy_api() as found:
        own = client(found, labels={"app": "shop"})
        for customer in ("a", "b", "a"):
            module.WORKFLOW.submit(
                module.Parameters(), client=own.with_labels(customer=customer)
            )
        listed = list(own.jobs({"customer": "a"}))
        assert [each.prompt_id for each in listed] == ["job-3", "job-1"]
        assert listed[0].labels["app"] == "shop"
        assert listed[0].created_at is not None
        assert len(list(own.jobs())) == 3
        assert len(list(own.jobs(limit=2))) == 2


def test_a_server_that_lists_nothing_says_so(module: ModuleType) -> None:
    with comfy_api(lists=False) as found:
        with pytest.raises(RejectedError, match="not_implemented"):
            list(client(found).jobs())


@pytest.mark.parametrize(
    "labels",
    [{"": "x"}, {"a b": "x"}, {"x" * 41: "x"}, {"x": "y" * 257}]
    + [{f"l{number}": "" for number in range(16)}],
)
def test_labels_that_no_server_takes_are_refused(labels: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        ComfyAPI("http://h", labels=labels)


# Started once


@pytest.mark.parametrize("labels", [None, {"app": "shop"}])
def test_a_run_whose_answer_was_lost_is_found(
    module: ModuleType, labels: dict[str, str] | None
) -> None:
    with comfy_api(lost=1) as found:
        result = module.run(module.Parameters(), client=client(found, labels=labels))
    assert result.prompt_id == "job-1"
    assert len(found.bodies) == 1
    assert found.asked.count("POST /api/v2/jobs") == 1


def test_another_run_of_the_same_workflow_is_not_taken_for_it(
    module: ModuleType,
) -> None:
    call = module.Parameters(seed=1)
    with comfy_api(hours_ahead=5) as found:
        own = client(found)
        module.run(call, client=own)  # its own, earlier one
        module.run(module.Parameters(seed=2), client=client(found))
        found.lost = 1
        assert module.run(call, client=own).prompt_id == "job-3"
        older = found.jobs["job-1"]
        older["created_at"] = "2001-01-01T00:00:00Z"
        del found.jobs["job-3"]
        found.lost, found.forgets = 1, True
        assert module.run(call, client=client(found)).prompt_id == "job-3"


def test_a_call_that_did_not_arrive_is_sent_again_under_the_same_key(
    module: ModuleType,
) -> None:
    with comfy_api(lost=1, forgets=True) as found:
        result = module.run(module.Parameters(), client=client(found))
    assert result.prompt_id == "job-1"
    assert found.asked.count("POST /api/v2/jobs") == 2


def test_where_nothing_is_listed_an_unknown_outcome_is_told(module: ModuleType) -> None:
    with comfy_api(lost=1, lists=False) as found:
        with pytest.raises(ConnectionFailedError, match="isn't known") as caught:
            module.run(module.Parameters(), client=client(found))
    assert caught.value.may_have_run
    assert found.asked.count("POST /api/v2/jobs") == 1


def test_a_key_that_was_used_leads_to_its_run(module: ModuleType) -> None:
    with comfy_api(lost=1) as found:
        found.refusals = []
        own = client(found)
        found.lists = False

        def list_again() -> None:
            found.lists = True

        threading.Timer(0.02, list_again).start()
        assert module.run(module.Parameters(), client=own).prompt_id == "job-1"
    assert len(found.bodies) == 1


def test_a_503_is_no_word_that_nothing_runs(module: ModuleType) -> None:
    refusal = (503, "upstream_unreachable", None, None)
    with comfy_api(refusals=[refusal], lists=False) as found:
        with pytest.raises(ConnectionFailedError) as caught:
            module.run(module.Parameters(), client=client(found, retries=3))
    assert caught.value.may_have_run
    assert found.asked.count("POST /api/v2/jobs") == 1


# What goes wrong

CODES: list[tuple[int, str, type[ViewComfyError]]] = [
    (400, "invalid_request", RejectedError),
    (401, "unauthorized", AuthenticationError),
    (402, "insufficient_credits", AuthenticationError),
    (403, "forbidden", AuthenticationError),
    (403, "forbidden_origin", AuthenticationError),
    (404, "not_found", NotFoundError),
    (404, "job_not_found", NotFoundError),
    (404, "asset_not_found", NotFoundError),
    (404, "blob_not_found", NotFoundError),
    (404, "output_unavailable", NotFoundError),
    (409, "hash_mismatch", RejectedError),
    (409, "asset_in_use", RejectedError),
    (413, "payload_too_large", RejectedError),
    (422, "invalid_request", RejectedError),
    (422, "invalid_workflow", RejectedError),
    (422, "workflow_format_ui", RejectedError),
    (422, "missing_asset", RejectedError),
    (422, "deployment_stopped", NotFoundError),
    (422, "metadata_invalid", RejectedError),
    (422, "metadata_not_supported", RejectedError),
    (429, "queue_full", RateLimitedError),
    (429, "deployment_not_ready", RateLimitedError),
    (429, "rate_limited", RateLimitedError),
    (501, "not_implemented", RejectedError),
]


@pytest.mark.parametrize("retry_after", [None, 7])
@pytest.mark.parametrize(("status", "code", "kind"), CODES)
def test_every_code_is_an_error_with_a_remedy(
    module: ModuleType,
    status: int,
    code: str,
    kind: type[ViewComfyError],
    retry_after: int | None,
) -> None:
    with comfy_api(refusals=[(status, code, None, retry_after)]) as found:
        with pytest.raises(kind) as caught:
            module.run(module.Parameters(), client=client(found))
    error = caught.value
    assert type(error) is kind
    assert error.status == status and error.hint
    assert f"that is {code}" in error.message
    assert "VIEWCOMFY" not in str(error)
    assert not error.may_have_run
    if isinstance(error, RateLimitedError):
        assert error.retry_after == retry_after


@pytest.mark.parametrize("code", ["queue_full", "deployment_not_ready"])
def test_what_is_busy_is_asked_again_when_it_says(
    module: ModuleType, code: str
) -> None:
    with comfy_api(refusals=[(429, code, None, 0), (429, code, None, 0)]) as found:
        result = module.run(module.Parameters(), client=client(found, retries=3))
    assert result.prompt_id == "job-1"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_failed_at_a_question_is_asked_again(
    module: ModuleType, status: int
) -> None:
    with comfy_api(lasting=0.3, unreachable=2) as found:
        assert module.run(module.Parameters(), client=client(found)).completed
    content = json.dumps({"error": {"code": "upstream_error", "message": "m"}})
    assert isinstance(api_error(status, content.encode(), "http://h"), ServerError)


@pytest.mark.parametrize(
    "errors",
    [
        {
            "3": {
                "class_type": "KSampler",
                "errors": [
                    {
                        "message": "too small",
                        "details": "steps",
                        "extra_info": {"input_name": "steps"},
                    }
                ],
            }
        },
        {"3": [{"field": "steps", "reason": "too small"}]},
    ],
)
def test_faults_of_nodes_are_named_by_parameter(
    module: ModuleType, errors: dict[str, Any]
) -> None:
    refusal = (422, "invalid_workflow", {"node_errors": errors}, None)
    with comfy_api(refusals=[refusal]) as found:
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(), client=client(found))
    [fault] = caught.value.faults
    assert (fault.parameter, fault.node) == ("steps", "3")
    assert "too small" in str(caught.value)


def test_a_file_that_the_server_lost_is_named_by_parameter(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    refusal = (422, "missing_asset", {"missing_ids": ["asset-1"]}, None)
    with comfy_api(refusals=[refusal]) as found:
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(image=b"picture"), client=client(found))
    [fault] = caught.value.faults
    assert (fault.parameter, fault.class_type) == ("image", "LoadImage")


def test_a_failed_node_is_named(module: ModuleType) -> None:
    error = {
        "code": "node_execution_error",
        "message": "no memory",
        "node_id": "3",
        "class_type": "KSampler",
    }
    with comfy_api(status="failed", error=error) as found:
        with pytest.raises(ExecutionError, match=r"node 3 \(KSampler\): no memory"):
            module.run(module.Parameters(), client=client(found))


def test_a_run_that_expires_is_no_longer_known(module: ModuleType) -> None:
    with comfy_api(status="expired") as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        with pytest.raises(NotFoundError, match="expired") as caught:
            job.result(5)
        assert job.status() == "unknown"
    assert caught.value.prompt_id == job.prompt_id


def test_a_run_that_the_server_forgets_ends(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        found.jobs.clear()
        with pytest.raises(NotFoundError):
            job.result(5)


def test_a_timeout_cancels_at_the_server(module: ModuleType) -> None:
    with comfy_api(held=True) as found:
        with pytest.raises(RunTimeoutError) as caught:
            module.run(module.Parameters(), client=client(found), timeout=0.4)
    assert found.cancelled == [caught.value.prompt_id]


def test_what_a_callback_raises_cancels_the_run(module: ModuleType) -> None:
    def fail(_: object) -> None:
        raise LookupError

    told = [("progress", PROGRESS)]
    with comfy_api(events=told, held=True) as found:
        with pytest.raises(LookupError):
            module.run(module.Parameters(), client=client(found), on_progress=fail)
    assert found.cancelled == ["job-1"]


def test_a_file_that_is_too_large_is_refused_before_the_run(tmp_path: Path) -> None:
    module = with_image(tmp_path)
    with comfy_api(most=3) as found:
        with pytest.raises(RejectedError, match="payload_too_large"):
            module.run(module.Parameters(image=b"picture"), client=client(found))
    assert found.bodies == []


# Files


def test_signed_links_of_another_host_get_no_key(module: ModuleType) -> None:
    with Server(Answer(200, b"picture")) as store:
        direct = output("asset-2", url=f"{store.url}/b.png?signature=xyz")
        made = [output("asset-1"), direct]
        with comfy_api(key=KEY, outputs=made, store=store.url) as found:
            found.asset(b"kept here", "a.png")
            result = module.run(module.Parameters(), client=client(found, api_key=KEY))
            assert [each.read() for each in result.outputs] == [b"picture"] * 2
    assert [request.path for request in store.requests] == [
        "/asset-1?signature=abc",
        "/b.png?signature=xyz",
    ]
    for request in store.requests:
        assert "authorization" not in request.headers
        assert KEY not in str(request)
    assert found.authorizations == {f"Bearer {KEY}"}


def test_a_link_that_expired_is_made_anew(module: ModuleType) -> None:
    with Server(Answer(403, b"expired")) as store:
        made = [output("asset-1", url=f"{store.url}/a.png?signature=xyz")]
        with comfy_api(outputs=made) as found:
            found.asset(b"picture", "a.png")
            result = module.run(module.Parameters(), client=client(found))
            assert result.outputs[0].read() == b"picture"
            found.gone.add("asset-1")
            with pytest.raises(NotFoundError, match="no longer has"):
                result.outputs[0].read()


def test_a_video_that_is_called_an_image_is_a_video() -> None:
    item = output("asset-1", name="a.mp4", content_type="video/mp4", type="image")
    [file] = outputs_of([item, item], Http("http://h"))
    assert file.content_type == "video/mp4"
    assert file.size is None


@given(st.lists(JSON | st.fixed_dictionaries({"id": JSON, "name": JSON, "url": JSON})))
def test_outputs_of_any_shape_are_read(items: list[Any]) -> None:
    for file in outputs_of(items, Http("http://h")):
        assert file.url is None or file.url.startswith("http")


@given(st.integers(300, 599), JSON)
def test_refusals_of_any_shape_are_errors(status: int, body: Any) -> None:
    content = json.dumps({"error": body}).encode()
    assert isinstance(api_error(status, content, "http://h"), ViewComfyError)


# Keys


def test_no_key_is_shown(module: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    told = [("log", {"message": f"with {PARTNER} and {KEY}"})]
    lines: list[str] = []
    with comfy_api(key=KEY, events=told) as found, caplog.at_level("DEBUG"):
        own = client(found, api_key=KEY, api_key_comfy_org=PARTNER)
        module.run(module.Parameters(), client=own, on_log=lines.append)
        request = own.request(module.WORKFLOW.call(module.Parameters()))
        found.refusals = [(422, f"x{KEY}", {"node_errors": {PARTNER: []}}, None)]
        with pytest.raises(RejectedError) as caught:
            module.run(module.Parameters(), client=own)
    assert found.bodies[0]["extra_data"] == {"api_key_comfy_org": PARTNER}
    assert request["headers"] == {"Authorization": "***"}
    assert request["body"]["extra_data"] == {"api_key_comfy_org": "***"}
    said = [*lines, str(request), repr(own), caplog.text]
    for text in (*said, *everything_said_by(caught.value)):
        assert KEY not in text and PARTNER not in text


def test_the_environment_chooses_it_last_and_a_key_alone_chooses_nothing() -> None:
    key = {"COMFY_API_KEY": KEY}
    base = {"COMFY_BASE_URL": "http://127.0.0.1:8189"}
    assert isinstance(client_from_environment({**base, **key}), ComfyAPI)
    assert isinstance(client_from_environment(base), ComfyAPI)
    comfyui = {"COMFYUI_URL": "http://127.0.0.1:8188"}
    assert isinstance(client_from_environment({**comfyui, **base, **key}), ComfyUI)
    with pytest.raises(ConfigurationError):
        client_from_environment(key)


def test_without_a_url_it_is_comfy_cloud() -> None:
    assert repr(ComfyAPI()) == "ComfyAPI('https://cloud.comfy.org')"


def test_the_command_line_runs_there(
    module: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COMFY_API_KEY", KEY)
    with comfy_api(key=KEY, outputs=[output("asset-1")]) as found:
        found.asset(b"picture", "a.png")
        arguments = ["--comfy-api", found.url, "-o", str(tmp_path / "out")]
        assert main(module.WORKFLOW, arguments) == 0
        assert main(module.WORKFLOW, ["--comfy-api", "--app", "http://h"]) == 2
    assert (tmp_path / "out" / "asset-1.png").read_bytes() == b"picture"
    assert "more than one server" in capsys.readouterr().err


def test_a_deadline_ends_a_question(module: ModuleType) -> None:
    with Server(Answer(silent=True)) as server:
        with pytest.raises(RunTimeoutError):
            ComfyAPI(server.url).status("job-1", Deadline(0.3))
