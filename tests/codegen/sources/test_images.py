"""Workflows in the metadata of images."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from viewcomfy_codegen import CodegenError, generate

from ...helpers.commands import run
from ...helpers.support import text_to_image


def png(**texts: str) -> bytes:
    about = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        about.add_text(name, text)
    return saved("PNG", pnginfo=about)


def saved(form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, form, **options)
    return buffer.getvalue()


def chunked(kind: bytes, payload: bytes) -> bytes:
    """A PNG with one text chunk of this kind."""
    plain = saved("PNG")
    body = kind + payload
    chunk = struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body))
    return plain[:33] + chunk + plain[33:]


def images() -> Iterator[Any]:
    text = json.dumps(text_to_image())
    packed = zlib.compress(text.encode())
    yield pytest.param(png(prompt=text), id="tEXt")
    yield pytest.param(chunked(b"zTXt", b"prompt\0\0" + packed), id="zTXt")
    yield pytest.param(chunked(b"iTXt", b"prompt\0\0\0\0\0" + text.encode()), id="iTXt")
    yield pytest.param(
        chunked(b"iTXt", b"prompt\0\1\0\0\0" + packed), id="compressed iTXt"
    )
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{text}"
    exif[0x010F] = "workflow:{}"
    for form in ("WEBP", "JPEG"):
        yield pytest.param(saved(form, exif=exif), id=form)


@pytest.mark.parametrize("image", list(images()))
def test_an_image_holds_its_workflow(image: bytes) -> None:
    made = generate(image, name="made", source="image.png")
    assert "positive_prompt" in made.files["made.py"]


def test_an_image_is_an_argument_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fox.png").write_bytes(png(prompt=json.dumps(text_to_image())))
    assert run("fox.png", "-o", "fox.py").exit_code == 0
    assert "positive_prompt" in Path("fox.py").read_text()


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (saved("PNG"), "there is no workflow"),
        (saved("JPEG"), "there is no workflow"),
        (png(workflow="{}"), "no node"),
        (png(prompt="{"), "JSON"),
        (png(prompt="{}"), "no node"),
        (saved("PNG")[:40], "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
    ],
)
def test_an_image_without_a_workflow_says_what_to_do(image: bytes, says: str) -> None:
    with pytest.raises(CodegenError, match=says):
        generate(image, source="image.png")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GIF89a", "an image"),
        (b"RIFF\0\0\0\0WAVE", "audio"),
        (b"RIFF\0\0\0\0AVI ", "a video"),
    ],
)
def test_a_movie_or_a_sound_says_that_it_is_one(data: bytes, says: str) -> None:
    with pytest.raises(CodegenError, match=f"movie.mp4: this is {says}"):
        generate(data + bytes(40), source="movie.mp4")


def test_a_bomb_is_refused() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body
    bomb += struct.pack(">I", zlib.crc32(body)) + saved("PNG")[33:]
    with pytest.raises(CodegenError, match="far too large"):
        generate(bomb)
    huge = zlib.compress(bytes(100 << 20))
    with pytest.raises(CodegenError):
        generate(chunked(b"zTXt", b"prompt\0\0" + huge))


@given(
    st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
)
def test_any_bytes_of_an_image_are_read_or_refused(data: bytes, sign: bytes) -> None:
    with pytest.raises(CodegenError):
        generate(sign + data)
