"""The local server: what ViewComfy answers to a call, it answers too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import requests
from PIL import Image

from ...helpers.local import HEADERS, SECRET, served, serving
from ...helpers.served import client, png, post
from ...helpers.support import module_of, node, text_to_image


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


def test_a_response_is_viewcomfys(url: str) -> None:
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
