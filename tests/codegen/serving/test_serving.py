"""The local ViewComfy: what it takes, what it answers, and what it refuses."""

from __future__ import annotations

import base64
import io
import json
import re
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import pytest
import requests
from PIL import Image

from viewcomfy_codegen.serving import Artifact, Execution, Failed
from viewcomfy_runtime import (
    Call,
    ExecutionError,
    NotFoundError,
    RejectedError,
    ViewComfy,
    ViewComfyError,
)
from viewcomfy_runtime.calls.call import Watch

from ...helpers.local import HEADERS, ID, SECRET, served, serving
from ...helpers.support import module_of, node, text_to_image


def png(width: int = 40, height: int = 30) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def copying() -> dict[str, Any]:
    return {
        "1": node("LoadImage", image="in.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="out/copy"),
    }


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(served(text_to_image()), served(copying(), "copying")) as base:
        yield base


def client(url: str, name: str = "made") -> ViewComfy:
    return ViewComfy(f"{url}/{name}", ID, SECRET, retries=0)


def post(
    url: str,
    params: Any = None,
    files: Any = None,
    path: str = "/made",
    headers: Any = HEADERS,
    **fields: str,
) -> requests.Response:
    data = {**({} if params is None else {"params": json.dumps(params)}), **fields}
    # The empty part makes it a multipart form where there is no file.
    return requests.post(
        url + path,
        data=data,
        files=files or {"_": (None, "")},
        headers=headers,
        timeout=30,
    )


# A run


def test_a_generated_module_runs_on_it(url: str, tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    lines: list[str] = []
    result = module.run(
        module.Parameters(positive_prompt="a fox", steps=4),
        client=client(url),
        on_log=lines.append,
    )
    assert lines[0] == "got prompt"
    assert any("4/4 [" in line for line in lines)
    assert result.prompt["6"]["inputs"]["text"] == "a fox"
    [path] = result.save(tmp_path / "out")
    with Image.open(path) as picture:
        assert (picture.size, picture.format) == ((512, 768), "PNG")


def test_the_same_call_gives_the_same_bytes(url: str) -> None:
    params = {"6-inputs-text": "a fox"}
    answers = [post(url, params).json()["outputs"] for _ in range(2)]
    assert answers[0] == answers[1]
    other = post(url, {"6-inputs-text": "a hare"}).json()["outputs"]
    assert other != answers[0]


def test_an_answer_is_viewcomfys(url: str) -> None:
    response = post(url, {"3-inputs-seed": 7}, logs="false")
    answer = response.json()
    assert response.status_code == 201
    assert answer.keys() == {
        "prompt_id",
        "status",
        "completed",
        "execution_time_seconds",
        "prompt",
        "outputs",
    }
    [output] = answer["outputs"]
    assert output.keys() == {"filename", "content_type", "size", "data"}
    assert output["filename"] == "ComfyUI_00001_.png"


def test_a_picture_that_is_sent_shows_in_the_result(url: str) -> None:
    files = {"1-inputs-image": ("me.png", png(64, 48), "image/png")}
    answer = post(url, {"2-inputs-filename_prefix": "x/y"}, files, "/copying").json()
    [output] = answer["outputs"]
    assert output["filename"] == "y_00001_.png"


def test_logs_are_a_stream_of_events(url: str) -> None:
    response = post(url, {"3-inputs-steps": 2}, logs="true")
    assert response.headers["content-type"].startswith("text/event-stream")
    kinds = re.findall(r"^event: (\w+)$", response.text, re.MULTILINE)
    assert kinds[0] == "log_message"
    assert kinds[-1] == "prompt_result"


def test_results_can_be_links_which_need_no_credentials(url: str) -> None:
    headers = {**HEADERS, "x-viewcomfy-results": "links"}
    [output] = post(url, {"3-inputs-seed": 7}, headers=headers).json()["outputs"]
    found = requests.get(output["filepath"], timeout=30)
    assert len(found.content) == output["size"]
    assert found.headers["content-type"] == "image/png"
    with_them = requests.get(output["filepath"], headers=HEADERS, timeout=30)
    assert with_them.status_code == 400
    forged = output["filepath"].replace("signature=", "signature=0")
    assert requests.get(forged, timeout=30).status_code == 403


def test_the_client_fetches_links_without_credentials(tmp_path: Path) -> None:
    module = module_of(text_to_image(), tmp_path)
    with serving(served(text_to_image()), links=True) as base:
        result = module.run(module.Parameters(), client=client(base))
        [path] = result.save(tmp_path / "out")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_bearer_token_is_taken_as_browsers_send_it(url: str) -> None:
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert post(url, {"3-inputs-seed": 7}, headers=headers).status_code == 201


def test_an_override_runs_in_place_of_the_workflow(url: str) -> None:
    other = {
        **text_to_image(),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    }
    answer = post(url, {"3-inputs-seed": 7}, workflow_api=json.dumps(other)).json()
    assert answer["prompt"]["5"]["inputs"]["width"] == 64


def test_workflows_are_listed_with_their_schemas(url: str) -> None:
    listing = requests.get(f"{url}/", timeout=30).json()
    assert listing.keys() == {"made", "copying"}
    schema = requests.get(listing["made"]["schema"], timeout=30).json()
    assert schema["properties"]["positive_prompt"]["x-viewcomfy-key"] == "6-inputs-text"


def test_a_single_workflow_is_at_the_root_too() -> None:
    with serving(served(text_to_image())) as base:
        assert post(base, {"3-inputs-seed": 7}, path="/").status_code == 201


# The kinds of files


@pytest.mark.parametrize(
    ("class_type", "inputs", "content_type"),
    [
        (
            "SaveAnimatedWEBP",
            {"images": ["8", 0], "filename_prefix": "a"},
            "image/webp",
        ),
        ("SaveAnimatedPNG", {"images": ["8", 0], "filename_prefix": "a"}, "image/png"),
        ("SaveWEBM", {"images": ["8", 0], "filename_prefix": "a"}, "video/webm"),
        (
            "VHS_VideoCombine",
            {"images": ["8", 0], "format": "video/h264-mp4"},
            "video/mp4",
        ),
        ("VHS_VideoCombine", {"images": ["8", 0], "format": "image/gif"}, "image/gif"),
        ("SaveAudio", {"audio": ["20", 0], "filename_prefix": "a"}, "audio/flac"),
        ("SaveAudioMP3", {"audio": ["20", 0], "filename_prefix": "a"}, "audio/mpeg"),
        ("SaveAudioOpus", {"audio": ["20", 0], "filename_prefix": "a"}, "audio/ogg"),
        ("SaveGLB", {"mesh": ["21", 0], "filename_prefix": "a"}, "model/gltf-binary"),
        ("ShowText|pysssss", {"text": ["22", 0]}, "text/plain"),
    ],
)
def test_each_output_is_a_real_file_of_its_kind(
    class_type: str, inputs: dict[str, Any], content_type: str, tmp_path: Path
) -> None:
    workflow = {
        **text_to_image(),
        "20": node("EmptyLatentAudio", seconds=3, batch_size=1),
        "21": node("VoxelToMeshBasic", threshold=0.6),
        "22": node("StringConcatenate", string_a="a", string_b="b", delimiter=""),
        "30": node(class_type, **inputs),
    }
    module = module_of(workflow, tmp_path)
    with serving(served(workflow)) as base:
        result = module.run(module.Parameters(), client=client(base))
    [output] = [each for each in result.outputs if each.content_type == content_type][
        -1:
    ]
    content = output.read()
    assert output.size == len(content)
    kind, _, subtype = content_type.partition("/")
    if kind == "image":
        with Image.open(io.BytesIO(content)) as picture:
            assert getattr(picture, "n_frames", 1) > 1
    elif kind in ("video", "audio"):
        with av.open(io.BytesIO(content), "r") as container:
            assert [each.type for each in container.streams] == [kind]
            assert sum(1 for _ in container.decode(0)) > 1
    elif subtype == "gltf-binary":
        assert content[:4] == b"glTF"
        assert int.from_bytes(content[8:12], "little") == len(content)
    else:
        assert "6 text: a lighthouse" in content.decode()


def test_a_node_of_an_unknown_class_gives_what_it_is_named_for(tmp_path: Path) -> None:
    workflow = {
        "1": node("LoadAudio", audio="in.flac"),
        "2": node("SomebodysSaveAudio", audio=["1", 0], format="wav"),
    }
    (tmp_path / "in.flac").write_bytes(b"x")
    with serving(served(workflow), inputs=tmp_path) as base:
        [output] = post(base, {"2-inputs-format": "wav"}).json()["outputs"]
    with wave.open(io.BytesIO(base64.b64decode(output["data"]))) as sound:
        assert sound.getnframes() > 1000


# What it refuses


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "empty"),
        ([], "must be a JSON object"),
        ({"9-inputs-nothing": 1}, "9-inputs-nothing is not an input"),
        ({"77-inputs-text": "x"}, "77-inputs-text is not an input"),
        ({"text": "x"}, "text is not an input"),
        ({"3-inputs-model": "x"}, "3-inputs-model is linked"),
        ({"3-inputs-steps": 0}, "at least 1"),
        ({"3-inputs-steps": "many"}, "whole number"),
        ({"6-inputs-text": 3}, "must be text"),
    ],
)
def test_values_that_do_not_fit_are_refused_and_named(
    url: str, params: Any, says: str
) -> None:
    response = post(url, params)
    assert response.status_code == 400
    assert response.json().keys() == {"errorMsg", "errorDetails", "errorType"}
    assert says in response.text


def test_the_client_learns_which_input_of_which_node(url: str) -> None:
    with pytest.raises(RejectedError) as caught:
        client(url).run(Call({"3-inputs-steps": 0}))
    [fault] = caught.value.faults
    assert (fault.node, fault.class_type, fault.input) == ("3", "KSampler", "steps")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"client_id": ID}, 401),
        ({"client_id": ID, "client_secret": "wrong"}, 401),
        ({"client_id": "wrong", "client_secret": SECRET}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
    ],
)
def test_wrong_credentials_are_refused(
    url: str, headers: dict[str, str], status: int
) -> None:
    response = post(url, {"3-inputs-seed": 7}, headers=headers)
    assert response.status_code == status
    assert SECRET not in response.text


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"1-inputs-image": ("a.png", b"", "image/png")}, "a file is empty"),
        ({"9-inputs-image": ("a.png", png(), "image/png")}, "is not an input"),
        (
            {"2-inputs-filename_prefix": ("a.png", png(), "image/png")},
            "does not take a file",
        ),
        ({}, "Invalid file: in.png"),
    ],
)
def test_files_that_do_not_fit_are_refused(url: str, files: Any, says: str) -> None:
    response = post(url, {"2-inputs-filename_prefix": "x"}, files, "/copying")
    assert response.status_code == 400
    assert says in response.text


def test_a_mask_goes_with_its_picture(url: str) -> None:
    files = {
        "1-inputs-image": ("a.png", png(), "image/png"),
        "1-inputs-image-viewcomfymask": ("m.png", png(), "image/png"),
    }
    response = post(url, {"2-inputs-filename_prefix": "x"}, files, "/copying")
    assert response.status_code == 201


def test_a_stored_file_is_named_by_a_value(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png())
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "other.png").write_bytes(png())
    with serving(served(copying()), inputs=tmp_path) as base:
        for name, status in (("in.png", 201), ("sub/other.png", 201), ("no.png", 400)):
            assert post(base, {"1-inputs-image": name}).status_code == status


@pytest.mark.parametrize("override", ["{", "{}", "[]", '{"nodes": [], "links": []}'])
def test_an_override_that_is_no_workflow_is_refused(url: str, override: str) -> None:
    response = post(url, {"3-inputs-seed": 7}, workflow_api=override)
    assert response.status_code == 400
    assert response.json()["errorMsg"] == "workflow_api is not a workflow"


def test_a_call_that_is_no_form_is_refused(url: str) -> None:
    response = requests.post(f"{url}/made", json={}, headers=HEADERS, timeout=30)
    assert response.status_code == 415


def test_a_form_without_params_is_refused(url: str) -> None:
    assert post(url).status_code == 422


def test_a_call_that_is_too_large_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def large() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="1-inputs-image"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 65536

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    with serving(served(copying()), most=1 << 20) as base:
        files = {"1-inputs-image": ("a.png", b"x" * (2 << 20), "image/png")}
        assert post(base, {"2-inputs-filename_prefix": "x"}, files).status_code == 413
        streamed = requests.post(
            f"{base}/made", data=large(), headers={**HEADERS, **kind}, timeout=30
        )
        assert streamed.status_code == 413
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/made", 405),
        ("POST", "/nothing", 404),
        ("GET", "/nothing/schema", 404),
        ("GET", "/results/x", 404),
    ],
)
def test_wrong_paths_and_methods_are_answered_in_json(
    url: str, method: str, path: str, status: int
) -> None:
    response = requests.request(method, url + path, headers=HEADERS, timeout=30)
    assert response.status_code == status
    assert {"detail", "errorMsg"} & response.json().keys()


# Faults on request


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("drop", "ConnectionFailedError"),
        ("drop-stream", "ConnectionFailedError"),
        ("truncate", "ConnectionFailedError"),
        ("html", "ServerError"),
        ("invalid", "ProtocolError"),
        ("error", "ExecutionError"),
        ("broken-base64", "ProtocolError"),
        ("418", "RejectedError"),
        ("429", "RateLimitedError"),
        ("503", "ServerError"),
        ("nonsense", "RejectedError"),
        ("slow=x", "RejectedError"),
        ("redirect", None),
        ("drip", None),
        ("slow=0.1", None),
    ],
)
@pytest.mark.parametrize("logs", [False, True])
def test_a_fault_comes_as_it_is_asked_for(
    module: ModuleType, fault: str, error: str | None, logs: bool
) -> None:
    small = {
        **text_to_image(),
        "5": node("EmptyLatentImage", width=16, height=16, batch_size=1),
    }
    if logs and fault in ("redirect", "drip"):
        pytest.skip("a stream has no such answer")
    with (
        serving(served(small)) as base,
        requests.Session() as session,
    ):
        session.headers["x-viewcomfy-fault"] = fault
        own = ViewComfy(f"{base}/made", ID, SECRET, session=session, retries=0)
        try:
            result = module.run(
                module.Parameters(width=16, height=16),
                client=own,
                on_log=print if logs else None,
            )
            result.outputs[0].read()
        except ViewComfyError as caught:
            assert type(caught).__name__ == error
        else:
            assert error is None


def test_a_failed_run_is_viewcomfys_error() -> None:
    class Failing:
        def stored(self, folder: Path | None) -> None:
            return None

        def execute(self, execution: Execution) -> list[Artifact]:
            execution.tell("about to fail")
            raise Failed("out of memory", node="3", class_type="KSampler")

    with serving(served(text_to_image()), executor=Failing()) as base:
        for logs in (None, print):
            with pytest.raises(ExecutionError, match=r"node 3 \(KSampler\): out of"):
                client(base).run(Call({"3-inputs-seed": 1}), watch=Watch(on_log=logs))


def test_an_unknown_workflow_is_not_found(url: str) -> None:
    with pytest.raises(NotFoundError):
        client(url, "nothing").run(Call({"3-inputs-seed": 1}))
