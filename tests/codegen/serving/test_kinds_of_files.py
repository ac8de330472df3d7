"""Each output of the local server is a real file of its kind."""

from __future__ import annotations

import base64
import io
import wave
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from ...helpers.local import served, serving
from ...helpers.served import client, post
from ...helpers.support import module_of, node, text_to_image


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
