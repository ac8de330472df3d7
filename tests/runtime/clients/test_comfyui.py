"""The client for a plain ComfyUI server: what a run sends and gives."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import ComfyUI, Progress, ServerError, Stored

from ...helpers.comfy import IMAGES, client, comfy
from ...helpers.images import with_masked_image
from ...helpers.servers import Answer, Request, Server


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
    module = with_masked_image(tmp_path)
    (tmp_path / "me.png").write_bytes(b"picture")
    with comfy() as found:
        module.run(module.Parameters(image=tmp_path / "me.png"), client=client(found))
    assert found.uploads == {"me.png": b"picture"}
    assert found.prompts[0].prompt["1"]["inputs"]["image"] == "me.png"


def test_a_mask_becomes_a_copy_of_its_picture(tmp_path: Path) -> None:
    module = with_masked_image(tmp_path)
    with comfy() as found:
        own = client(found)
        module.run(module.Parameters(image=b"picture", image_mask=b"mask"), client=own)
        module.run(module.Parameters(image_mask=b"mask"), client=own)
        stored = Stored("sub/in.png [output]")
        module.run(module.Parameters(image=stored, image_mask=b"mask"), client=own)
    assert found.masks == [
        {"filename": "image", "subfolder": "", "type": "input"},
        {"filename": "a.png", "subfolder": "", "type": "input"},
        {"filename": "in.png", "subfolder": "sub", "type": "output"},
    ]
    for item in found.prompts:
        name = item.prompt["1"]["inputs"]["image"]
        assert name.startswith("clipspace/masked-")
        assert found.uploads[name] == b"mask"
        assert "image-viewcomfymask" not in item.prompt["1"]["inputs"]


def test_a_mask_that_comfyui_cannot_combine_says_what_to_check(tmp_path: Path) -> None:
    module = with_masked_image(tmp_path)

    def refuse_masks(request: Request) -> Answer:
        if request.path == "/upload/mask":
            return Answer(500)
        return Answer(200, b'{"name": "image.png"}')

    parameters = module.Parameters(image=b"picture", image_mask=b"mask")
    with (
        Server(refuse_masks) as server,
        pytest.raises(ServerError, match="has the same size as its image"),
    ):
        module.run(parameters, client=ComfyUI(server.url, retries=0))


@pytest.mark.usefixtures("patient_ends")
def test_progress_arrives_over_the_socket(module: ModuleType) -> None:
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
    with comfy(events=events, unheard=True) as found:
        module.run(
            module.Parameters(),
            client=client(found),
            on_log=lines.append,
            on_progress=steps.append,
        )
    assert lines == ["node 3 (KSampler)"]
    assert steps == [Progress(1, 2, "3"), Progress(2, 2, "3")]


@pytest.mark.parametrize("behavior", [{"deaf": True}, {"events": ["drop"]}])
def test_a_socket_that_is_lost_costs_no_result(
    module: ModuleType, behavior: dict[str, Any]
) -> None:
    with comfy(outputs=IMAGES, **behavior) as found:
        result = module.run(
            module.Parameters(), client=client(found), on_progress=print
        )
    assert len(result.outputs) == 1


@pytest.mark.usefixtures("patient_ends")
def test_a_socket_that_comes_back_is_read_again(module: ModuleType) -> None:
    step = {"type": "progress", "data": {"value": 1, "max": 2, "node": "3"}}
    steps: list[Progress] = []
    with comfy(events=[step, "drop", step], unheard=True) as found:
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
