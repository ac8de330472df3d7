"""The client of Comfy API v2, against a real server on loopback: what a run sends and gives."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from viewcomfy_runtime import (
    ComfyAPI,
    InvalidParametersError,
    NotFoundError,
    RejectedError,
)
from viewcomfy_runtime.clients.api_jobs import outputs_of
from viewcomfy_runtime.http.client import Http

from ...helpers.comfy_api import KEY, client, comfy_api, output
from ...helpers.images import with_image, with_masked_image
from ...helpers.json_values import JSON
from ...helpers.servers import Answer, Server


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
    module = with_masked_image(tmp_path)
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


def png(width: int) -> bytes:
    content = BytesIO()
    Image.new("RGBA", (width, 1)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        (png(2), png(3), "the mask must have the same size as its image"),
        (b"not an image", png(2), "the image or its mask can't be read"),
        (png(2), b"not an image", "the image or its mask can't be read"),
    ],
)
def test_a_mask_that_does_not_fit_its_image_is_a_fault_and_nothing_is_sent(
    tmp_path: Path, image: bytes, mask: bytes, message: str
) -> None:
    module = with_masked_image(tmp_path)
    call = module.Parameters(image=image, image_mask=mask)
    with (
        comfy_api() as found,
        pytest.raises(InvalidParametersError, match=f"image_mask: {message}"),
    ):
        module.run(call, client=client(found))
    assert found.assets == {} and found.jobs == {}


def test_without_pillow_a_mask_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = with_masked_image(tmp_path)
    call = module.Parameters(image=png(2), image_mask=png(2))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with (
        comfy_api() as found,
        pytest.raises(InvalidParametersError, match=r"viewcomfy-codegen\[images\]"),
    ):
        module.run(call, client=client(found))


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
