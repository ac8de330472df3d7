"""What ComfyUI would refuse, or fail at, the local server
refuses and fails at too; and what it would give.
"""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import httpx
import pytest
from PIL import Image

from viewcomfy_codegen.serving import Served, Settings, create_app
from viewcomfy_codegen.serving.executors.drawing import Scene, audio, video

from ...helpers.inside import app_of, called
from ...helpers.local import ID, SECRET
from ...helpers.support import Workflow, node, text_to_image

SEED = {"3-inputs-seed": 7}
SMALL: Any = {"width": 32, "height": 16}


def png(width: int = 40, height: int = 30) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def copying(**inputs: Any) -> Workflow:
    return {
        "1": node("LoadImage", image="in.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="copy", **inputs),
    }


def faults_of(response: httpx.Response) -> dict[str, tuple[str, str]]:
    """The kind and the input of each node's fault."""
    assert response.status_code == 400, response.text
    errors = response.json()["errorDetails"]["node_errors"]
    return {
        id: (about["errors"][0]["type"], about["errors"][0]["details"])
        for id, about in errors.items()
    }


def failed(response: httpx.Response) -> dict[str, Any]:
    """What is told of a run that failed."""
    answer = response.json()
    assert (response.status_code, answer["status"]) == (201, "error")
    found: dict[str, Any] = answer["error_data"]
    return found


def files_of(response: httpx.Response) -> list[dict[str, Any]]:
    answer = response.json()
    assert answer["status"] == "success", answer
    found: list[dict[str, Any]] = answer["outputs"]
    return found


# Refused


def test_a_link_to_a_missing_node_is_refused() -> None:
    workflow = text_to_image()
    workflow["9"]["inputs"]["images"] = ["77", 0]
    fault = ("exception_during_validation", "images")
    assert faults_of(called(app_of(workflow), SEED)) == {"9": fault}


def test_a_workflow_that_saves_nothing_is_refused() -> None:
    workflow = text_to_image()
    del workflow["9"]
    response = called(app_of(workflow), SEED)
    assert response.status_code == 400
    assert "prompt_no_outputs" in response.text


def test_a_circle_of_links_is_refused() -> None:
    workflow = text_to_image()
    workflow["5"] = node("LatentUpscale", None, samples=["3", 0], **SMALL)
    kinds = {kind for kind, _ in faults_of(called(app_of(workflow), SEED)).values()}
    assert kinds == {"exception_during_validation"}


def test_a_class_that_only_the_page_has_is_refused() -> None:
    workflow = text_to_image() | {"40": node("Reroute", None, **{"": ["8", 0]})}
    response = called(app_of(workflow), SEED)
    assert response.status_code == 400
    assert response.json()["errorDetails"]["error"]["type"] == "missing_node_type"


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_deployed_seed_out_of_range_is_refused(seed: int) -> None:
    workflow = text_to_image()
    workflow["3"]["inputs"]["seed"] = seed
    [(kind, name)] = faults_of(called(app_of(workflow), {"3-inputs-cfg": 5})).values()
    assert kind in ("value_smaller_than_min", "value_bigger_than_max")
    assert name == "seed"


@pytest.mark.parametrize("seed", [None, -1, 2**64, "7"])
def test_a_seed_that_comfyui_does_not_take_is_refused(seed: object) -> None:
    assert "3" in faults_of(called(app_of(text_to_image()), {"3-inputs-seed": seed}))


def resizing() -> Workflow:
    size = {f"resize_type.{name}": value for name, value in SMALL.items()}
    return {
        "1": node("EmptyImage", batch_size=1, color=0, **SMALL),
        "2": node(
            "ResizeImageMaskNode",
            input=["1", 0],
            resize_type="scale dimensions",
            scale_method="area",
            **size,
            **{"resize_type.crop": "center"},
        ),
        "3": node("SaveImage", images=["2", 0], filename_prefix="resized"),
    }


def test_another_choice_brings_inputs_that_the_workflow_lacks() -> None:
    chosen = {"2-inputs-resize_type": "scale by multiplier"}
    factor = "2-inputs-resize_type.multiplier"
    app = app_of(resizing())
    assert called(app, {**chosen, factor: 2.0}).json()["status"] == "success"
    assert faults_of(called(app, {**chosen, factor: 100.0})) == {
        "2": ("value_bigger_than_max", "resize_type.multiplier")
    }


def test_a_value_outside_a_closed_choice_is_refused() -> None:
    workflow = text_to_image()
    workflow["3"] = node(
        "KSamplerAdvanced",
        **{name: value for name, value in workflow["3"]["inputs"].items()},
        add_noise="enable",
    )
    response = called(app_of(workflow), {"3-inputs-add_noise": "perhaps"})
    assert faults_of(response) == {"3": ("value_not_in_list", "add_noise")}


def test_an_open_choice_takes_anything() -> None:
    params = {"3-inputs-sampler_name": "next_years_sampler"}
    assert called(app_of(text_to_image()), params).status_code == 201


def test_choices_of_your_own_comfyui_are_closed() -> None:
    sampler = {
        "input": {"required": {"sampler_name": [["euler", "heun"]]}},
        "output": ["LATENT"],
        "output_node": False,
    }
    known = {each["class_type"]: sampler for each in text_to_image().values()}
    known["SaveImage"] = {"input": {"required": {}}, "output": [], "output_node": True}
    source = json.dumps(text_to_image()).encode()
    app = create_app([Served("made", source, object_info=known)], Settings(ID, SECRET))
    assert called(app, {"3-inputs-sampler_name": "heun"}).status_code == 201
    assert faults_of(called(app, {"3-inputs-sampler_name": "mine"})) == {
        "3": ("value_not_in_list", "sampler_name")
    }


def test_a_class_that_your_own_comfyui_lacks_is_refused() -> None:
    known = {"KSampler": {"input": {"required": {}}, "output": ["LATENT"]}}
    source = json.dumps(text_to_image()).encode()
    app = create_app([Served("made", source, object_info=known)], Settings(ID, SECRET))
    response = called(app, SEED)
    assert response.json()["errorDetails"]["error"]["type"] == "missing_node_type"


def test_a_mask_of_another_size_is_refused() -> None:
    files = {
        "1-inputs-image": ("a.png", png(40, 30), "image/png"),
        "1-inputs-image-viewcomfymask": ("m.png", png(40, 31), "image/png"),
    }
    response = called(app_of(copying()), {"2-inputs-filename_prefix": "x"}, files)
    assert faults_of(response) == {"1": ("custom_validation_failed", "image")}
    assert "40 x 31 pixels, its image 40 x 30" in response.text


# Failing in the run, as ComfyUI does


@pytest.mark.parametrize("prefix", ["../x", "a/../../x", "/tmp/x", "..\\x", "C:/x"])
def test_saving_outside_of_the_output_folder_fails(prefix: str) -> None:
    files = {"1-inputs-image": ("a.png", png(), "image/png")}
    response = called(app_of(copying()), {"2-inputs-filename_prefix": prefix}, files)
    details = failed(response)
    assert (details["node_id"], details["exception_type"]) == ("2", "Exception")
    assert "outside the output folder" in details["exception_message"]


def sound() -> bytes:
    return audio("wav")(Scene("a", (), 64, 64, "x"))


@pytest.mark.parametrize(
    ("class_type", "name", "content"),
    [
        ("LoadImage", "image", b"not an image"),
        ("LoadImage", "image", sound()),
        ("LoadAudio", "audio", png()),
        ("LoadAudio", "audio", b"not a sound"),
        ("LoadAudio", "audio", b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n"),
        ("LoadVideo", "file", sound()),
    ],
)
def test_a_file_of_another_medium_fails_where_it_is_loaded(
    class_type: str, name: str, content: bytes
) -> None:
    workflow = {
        "1": node(class_type, **{name: "in.bin"}),
        "2": node("SomebodysSave", value=["1", 0], amount=1),
    }
    files = {f"1-inputs-{name}": ("a.bin", content, "application/octet-stream")}
    details = failed(called(app_of(workflow), {"2-inputs-amount": 2}, files))
    assert (details["node_id"], details["node_type"]) == ("1", class_type)
    assert "cannot load a.bin" in details["exception_message"]


@pytest.mark.parametrize("name", ["LoadAudio.audio", "LoadVideo.file"])
def test_a_file_of_its_medium_is_loaded(name: str) -> None:
    class_type, _, input = name.partition(".")
    content = video("mp4")(Scene("a", (), 64, 64, "x")) if "V" in name else sound()
    workflow = {
        "1": node(class_type, **{input: "in.bin"}),
        "2": node("SomebodysSave", value=["1", 0], amount=1),
    }
    files = {f"1-inputs-{input}": ("a.bin", content, "application/octet-stream")}
    assert files_of(called(app_of(workflow), {"2-inputs-amount": 2}, files))


# What a run gives


@pytest.mark.parametrize(
    ("extra", "images", "count"),
    [
        ({}, ["8", 0], 3),
        ({"20": node("RepeatImageBatch", image=["8", 0], amount=2)}, ["20", 0], 6),
        ({"20": node("ImageBatch", image1=["8", 0], image2=["8", 0])}, ["20", 0], 6),
        (
            {"20": node("ImageFromBatch", image=["8", 0], batch_index=0, length=2)},
            ["20", 0],
            2,
        ),
        ({"20": node("ImageScaleBy", image=["8", 0], scale_by=2.0)}, ["20", 0], 3),
    ],
    ids=["batch_size", "repeated", "joined", "part", "passed on"],
)
def test_a_batch_gives_as_many_files(
    extra: Workflow, images: list[Any], count: int
) -> None:
    workflow = text_to_image() | extra
    workflow["5"] = node("EmptyLatentImage", **SMALL, batch_size=3)
    workflow["9"]["inputs"]["images"] = images
    files = files_of(called(app_of(workflow), SEED))
    assert [each["filename"] for each in files] == [
        f"ComfyUI_{number:05d}_.png" for number in range(1, count + 1)
    ]
    assert len({each["data"] for each in files}) == count


def test_a_linked_batch_size_counts() -> None:
    workflow = text_to_image() | {"30": node("PrimitiveInt", value=1)}
    workflow["5"] = node("EmptyLatentImage", **SMALL, batch_size=["30", 0])
    assert len(files_of(called(app_of(workflow), {"30-inputs-value": 4}))) == 4


def test_more_files_than_serve_makes_are_a_failure() -> None:
    workflow = text_to_image()
    response = called(app_of(workflow), {"5-inputs-batch_size": 4096})
    assert "at most 256 files" in failed(response)["exception_message"]


def test_files_are_numbered_by_their_prefix() -> None:
    workflow = text_to_image()
    workflow["5"] = node("EmptyLatentImage", **SMALL, batch_size=1)
    for id, prefix in (("10", "ComfyUI"), ("11", "other/name")):
        workflow[id] = node("SaveImage", images=["8", 0], filename_prefix=prefix)
    names = sorted(
        each["filename"] for each in files_of(called(app_of(workflow), SEED))
    )
    assert names == ["ComfyUI_00001_.png", "ComfyUI_00002_.png", "name_00001_.png"]


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        (node("PrimitiveStringMultiline", value="x"), "two\nlines", "two\nlines"),
        (node("PrimitiveInt", value=1), 42, "42"),
    ],
)
def test_a_text_output_is_the_text(source: Any, value: object, shown: str) -> None:
    workflow = {"1": source, "2": node("PreviewAny", source=["1", 0])}
    [file] = files_of(called(app_of(workflow), {"1-inputs-value": value}))
    assert file["content_type"] == "text/plain"
    assert base64.b64decode(file["data"]).decode() == shown


# Images


def with_text_and_profile() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("prompt", "x" * 3_000_000, zip=True)
    buffer = io.BytesIO()
    image = Image.new("RGB", (40, 30), (200, 100, 50))
    image.save(buffer, "PNG", pnginfo=texts, icc_profile=b"\0" * 2_000_000)
    return buffer.getvalue()


def test_a_png_with_much_text_and_a_large_profile_is_an_image_like_others() -> None:
    params = {"2-inputs-filename_prefix": "x"}
    data = []
    for content in (png(), with_text_and_profile()):
        files = {"1-inputs-image": ("a.png", content, "image/png")}
        [file] = files_of(called(app_of(copying()), params, files))
        data.append(file["data"])
    assert data[0] == data[1]


def test_no_decoder_is_used_that_starts_another_program() -> None:
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
    files = {"1-inputs-image": ("a.png", content, "image/png")}
    response = called(app_of(copying()), {"2-inputs-filename_prefix": "x"}, files)
    assert failed(response)["exception_type"] == "PIL.UnidentifiedImageError"


def test_an_image_of_far_too_many_pixels_is_not_decoded() -> None:
    head = png()[:33].replace(
        (40).to_bytes(4, "big") + (30).to_bytes(4, "big"),
        (60_000).to_bytes(4, "big") * 2,
    )
    files = {"1-inputs-image": ("a.png", head, "image/png")}
    response = called(app_of(copying()), {"2-inputs-filename_prefix": "x"}, files)
    assert failed(response)["node_id"] == "1"
