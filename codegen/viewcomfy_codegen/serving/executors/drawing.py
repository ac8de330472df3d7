"""Makes real files that show a scene: images with Pillow, video and audio with PyAV, a mesh by
hand.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .decoding import decoded_image

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST: Final = 2048
"""The longest side in pixels: larger images aren't worth drawing."""

FRAMES: Final = 8
RATE: Final = 8
SOUND_RATE: Final = 24_000

_EXACT: Final = {"fflags": "+bitexact"}
"""Containers get numbers that would otherwise be random."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a file shows: a title, lines, colors derived from `seed`, and a background image, if
    any.
    """

    title: str
    lines: tuple[str, ...]
    width: int
    height: int
    seed: str
    background: Path | None = None


Maker: TypeAlias = Callable[[Scene], bytes]


def draw(scene: Scene, turn: int = 0, most: int = LARGEST) -> Image:
    """The scene as an image of its size, at most `most` pixels on a side; `turn` is the frame of a
    video.
    """
    from PIL import Image, ImageDraw, ImageFont

    scale = min(1.0, most / max(scene.width, scene.height))
    size = max(16, round(scene.width * scale)), max(16, round(scene.height * scale))
    digest = hashlib.sha256(scene.seed.encode("utf-8", "replace")).digest()
    color = (digest[0] // 3, digest[1] // 3, digest[2] // 3)
    if scene.background is not None:
        canvas = decoded_image(scene.background).resize(size)
        canvas = Image.blend(canvas, Image.new("RGB", size, color), 0.4)
    else:
        light = Image.linear_gradient("L").resize(size)
        bright = Image.new("RGB", size, tuple(90 + each // 4 for each in digest[3:6]))
        canvas = Image.composite(bright, Image.new("RGB", size, color), light)
    draw = ImageDraw.Draw(canvas)
    if turn:
        x = size[0] * turn // FRAMES
        draw.rectangle((x, 0, x + max(2, size[0] // 40), size[1]), fill=(255, 255, 255))
    height = max(9, min(28, size[0] // 32))
    font = ImageFont.load_default(height)
    columns = max(8, int(size[0] / (height * 0.55)) - 2)
    rows = max(1, size[1] // (height + 4) - 1)
    text = [scene.title[:columns], ""]
    for line in scene.lines:
        # Wrapping takes more than linear time, and text that does not fit is not shown anyway.
        text += textwrap.wrap(line[: columns * rows], columns) or [""]
        if len(text) > rows:
            text = [*text[: rows - 1], "…"]
            break
    shown = "\n".join(text).encode("utf-8", "replace").decode()
    draw.multiline_text((height, height), shown, font=font, fill=(255, 255, 255))
    return canvas


def image(extension: str) -> Maker:
    """A still image in this format."""

    def make(scene: Scene) -> bytes:
        buffer = io.BytesIO()
        form = {"jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP"}.get(extension, "PNG")
        draw(scene).save(buffer, form)
        return buffer.getvalue()

    return make


def thumbnail(scene: Scene) -> bytes:
    """A small JPEG of the scene."""
    buffer = io.BytesIO()
    draw(scene, most=256).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def animation(extension: str) -> Maker:
    """An animation in this format."""

    def make(scene: Scene) -> bytes:
        frames = [draw(scene, turn, 512) for turn in range(FRAMES)]
        buffer = io.BytesIO()
        frames[0].save(
            buffer,
            extension.upper(),
            save_all=True,
            append_images=frames[1:],
            duration=1000 // RATE,
            loop=0,
        )
        return buffer.getvalue()

    return make


def video(extension: str) -> Maker:
    """A video of one second in this container."""

    def make(scene: Scene) -> bytes:
        import av

        frames = [draw(scene, turn, 512) for turn in range(FRAMES)]
        # Encoders halve the resolution of colors, so that sides are even.
        width, height = (side - side % 2 for side in frames[0].size)
        buffer = io.BytesIO()
        with av.open(buffer, "w", format=extension, options=_EXACT) as container:
            codec = "libvpx" if extension == "webm" else "libx264"
            stream: Any = container.add_stream(codec, rate=RATE)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            # With more than one thread, the bytes would depend on the machine.
            stream.codec_context.thread_count = 1
            stream.time_base = Fraction(1, RATE)
            for frame in frames:
                cropped = frame.crop((0, 0, width, height))
                frames_of: Any = av.VideoFrame
                container.mux(stream.encode(frames_of.from_image(cropped)))
            container.mux(stream.encode())
        return buffer.getvalue()

    return make


def audio(extension: str) -> Maker:
    """A tone of half a second in this format; its pitch depends on the scene's seed."""

    def make(scene: Scene) -> bytes:
        pitch = 220 + hashlib.sha256(scene.seed.encode("utf-8", "replace")).digest()[0]
        samples = b"".join(
            struct.pack(
                "<h", round(9000 * math.sin(2 * math.pi * pitch * t / SOUND_RATE))
            )
            for t in range(SOUND_RATE // 2)
        )
        return _wave(samples) if extension == "wav" else _encoded(samples, extension)

    return make


def _wave(samples: bytes) -> bytes:
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(samples)
    return buffer.getvalue()


def _encoded(samples: bytes, extension: str) -> bytes:
    import av

    codecs = {"mp3": "libmp3lame", "opus": "libopus", "flac": "flac"}
    source = io.BytesIO(_wave(samples))
    buffer = io.BytesIO()
    with (
        av.open(source, "r") as reading,
        av.open(
            buffer,
            "w",
            format="ogg" if extension == "opus" else extension,
            options=_EXACT,
        ) as writing,
    ):
        stream: Any = writing.add_stream(codecs[extension], rate=SOUND_RATE)
        for frame in reading.decode(audio=0):
            writing.mux(stream.encode(frame))
        writing.mux(stream.encode())
    return buffer.getvalue()


def plain_text(scene: Scene) -> bytes:
    """The scene's lines in UTF-8."""
    return "\n".join(scene.lines).encode("utf-8", "replace")


def mesh(scene: Scene) -> bytes:
    """A triangle as binary glTF 2.0: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html."""
    points = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    about = {
        "asset": {"version": "2.0", "generator": "viewcomfy-codegen"},
        "scene": 0,
        "scenes": [{"nodes": [0], "name": scene.title}],
        "nodes": [{"mesh": 0}],
        "meshes": [
            {"primitives": [{"attributes": {"POSITION": 0}}], "extras": scene.lines}
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": 3,
                "type": "VEC3",
                "min": [0, 0, 0],
                "max": [1, 1, 0],
            }
        ],
        "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    text = json.dumps(about).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(points), 0x004E4942) + points
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
