"""Workflows embedded in video and audio files by ComfyUI and VideoHelperSuite."""

from __future__ import annotations

import io
import json
from typing import Any

import av
import pytest

from viewcomfy_codegen import CodegenError, generate

from ...helpers.pages import Page
from ...helpers.support import text_to_image

API = json.dumps(text_to_image())
VIDEO, AUDIO = ("mp4", "webm", "mkv"), ("flac", "mp3", "ogg")


def recorded(kind: str, **texts: str) -> bytes:
    """A short file of this kind with texts in its metadata."""
    data = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if kind == "mp4" else {}
    format = "matroska" if kind == "mkv" else kind
    with av.open(data, "w", format=format, options=options) as container:
        container.metadata.update(texts)
        if kind in VIDEO:
            codec = "libvpx-vp9" if kind == "webm" else "mpeg4"
            video: Any = container.add_stream(codec, rate=8, width=16, height=16)
            video.pix_fmt = "yuv420p"
            for _ in range(2):
                picture = av.VideoFrame(16, 16, "yuv420p")
                for plane in picture.planes:
                    plane.update(bytes(plane.buffer_size))
                container.mux(video.encode(picture))
            container.mux(video.encode())
        else:
            codec = {"flac": "flac", "mp3": "libmp3lame", "ogg": "libopus"}[kind]
            audio: Any = container.add_stream(codec, rate=48000, layout="mono")
            frame = av.AudioFrame(format="fltp", layout="mono", samples=9600)
            frame.sample_rate = 48000
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            resampler = av.AudioResampler(audio.format, "mono", 48000, audio.frame_size)
            for each in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(audio.encode(each))
            container.mux(audio.encode())
    return data.getvalue()


def page() -> str:
    """A workflow as the web page saves it."""
    made = Page()
    made.add("CLIPTextEncode", "a fox in the snow", outputs=["CONDITIONING"])
    return json.dumps(made.document)


@pytest.mark.parametrize("kind", [*VIDEO, *AUDIO])
def test_the_api_format_comes_first(kind: str) -> None:
    made = generate(recorded(kind, prompt=API, workflow=page()), source=f"a.{kind}")
    assert made.workflow.graph.keys() == text_to_image().keys()


@pytest.mark.parametrize("kind", [*VIDEO, *AUDIO])
def test_the_page_s_format_alone_is_converted(kind: str) -> None:
    made = generate(recorded(kind, workflow=page()), source=f"a.{kind}")
    [node] = made.workflow.graph.values()
    assert node["inputs"] == {"text": "a fox in the snow"}


@pytest.mark.parametrize("quoted", [False, True])
def test_a_comment_may_hold_both(quoted: bool) -> None:
    text = API if quoted else json.loads(API)
    comment = json.dumps({"prompt": text, "workflow": {}})
    made = generate(recorded("mp4", comment=comment), source="a.mp4")
    assert made.workflow.graph.keys() == text_to_image().keys()


@pytest.mark.parametrize("kind", ["mp4", "webm", "flac", "mp3"])
@pytest.mark.parametrize("comment", ["", "a holiday", "[1]", '{"prompt": 3}'])
def test_a_file_without_a_workflow_says_what_to_do(kind: str, comment: str) -> None:
    with pytest.raises(CodegenError, match="there is no workflow in this file"):
        generate(recorded(kind, comment=comment), source=f"a.{kind}")


@pytest.mark.parametrize("kind", ["mp4", "webm", "flac", "ogg", "mp3"])
def test_a_damaged_file_is_refused_with_a_remedy(kind: str) -> None:
    data = recorded(kind, prompt=API)
    for end in (20, 60, 200):
        with pytest.raises(CodegenError) as caught:
            generate(data[:end], source=f"a.{kind}")
        assert all(each.hint for each in caught.value.diagnostics)
