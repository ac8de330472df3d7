"""What is taken for a file, and under which name and type it is sent."""

from __future__ import annotations

import base64
import io
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime import Upload
from viewcomfy_runtime.parameters.files import Stored
from viewcomfy_runtime.parameters.uploads import as_upload, is_file

PNG = b"\x89PNG\r\n\x1a\n0000"


def described(value: Any) -> tuple[str | None, str | None]:
    upload = as_upload(value, "image")
    return upload.filename, upload.content_type


@pytest.mark.parametrize(
    "value",
    [
        Path("a"),
        PurePosixPath("a"),
        b"",
        io.BytesIO(),
        Upload(b""),
        Stored("a.png"),
        "data:,x",
    ],
    ids=lambda value: type(value).__name__,
)
def test_these_are_files(value: object) -> None:
    assert is_file(value)


@pytest.mark.parametrize("value", ["me.png", "", "DATA:,x", 3, None, [b"x"], object])
def test_these_are_none_and_a_text_is_never_a_path(value: object) -> None:
    assert not is_file(value)


def test_a_path_is_not_opened_to_be_described() -> None:
    assert described(Path("nowhere/me.JPG")) == ("me.JPG", "image/jpeg")


def test_another_kind_of_path_becomes_one() -> None:
    class Own:
        def __fspath__(self) -> str:
            return "folder/me.png"

    upload = as_upload(Own(), "image")  # type: ignore[arg-type]
    assert upload.data == Path("folder/me.png")


def test_a_file_of_no_known_kind_is_bytes() -> None:
    assert described(Path("data.unheardof")) == (
        "data.unheardof",
        "application/octet-stream",
    )


@pytest.mark.parametrize(
    ("start", "content_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF0000WEBP", "image/webp"),
        (b"0000ftypisom", "video/mp4"),
        (b"fLaC", "audio/flac"),
    ],
)
def test_bytes_are_known_by_how_they_start(start: bytes, content_type: str) -> None:
    filename, found = described(start)
    assert found == content_type
    assert filename is not None and filename.startswith("image.")


def test_bytes_of_no_known_kind_have_the_parameters_name() -> None:
    assert described(b"?") == ("image", "application/octet-stream")


def test_a_file_object_has_the_name_that_it_was_opened_under(tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    path.touch()
    with path.open("rb") as file:
        assert described(file) == ("in.png", "image/png")


@pytest.mark.parametrize("name", [None, 3, "", b"in.png"])
def test_a_file_object_without_a_name_has_the_parameters(name: object) -> None:
    class Named(io.BytesIO):
        def __init__(self) -> None:
            super().__init__(b"x")
            self.name = name

    assert described(Named()) == ("image", "application/octet-stream")


@pytest.mark.parametrize(
    ("upload", "filename", "content_type"),
    [
        (Upload(PNG), "image.png", "image/png"),
        (Upload(b"?", "a.webp"), "a.webp", "image/webp"),
        (Upload(PNG, content_type="image/x-own"), "image.png", "image/x-own"),
        (
            Upload(PNG, "a", "text/plain; charset=utf-8"),
            "a",
            "text/plain; charset=utf-8",
        ),
        (Upload(Path("b.png"), "a.unheardof"), "a.unheardof", "image/png"),
        (Upload(PNG, ""), "image.png", "image/png"),
    ],
    ids=repr,
)
def test_an_upload_says_what_it_says_and_the_rest_is_found_out(
    upload: Upload, filename: str, content_type: str
) -> None:
    assert described(upload) == (filename, content_type)


@pytest.mark.parametrize("content_type", ["a/b\r\nX-Evil: 1", "a/b\n", "a/\x00", "a/é"])
def test_a_mime_type_that_no_header_can_hold_is_refused(content_type: str) -> None:
    with pytest.raises(ValueError, match="a MIME type"):
        as_upload(Upload(b"x", "a", content_type), "image")


@pytest.mark.parametrize("value", [Upload(b"x", "a\udcff.png"), Path("a\udcff.png")])
def test_a_name_that_is_no_text_is_made_one(value: object) -> None:
    assert described(value) == ("a?.png", "image/png")


def test_an_uploads_repr_does_not_show_its_bytes() -> None:
    assert repr(Upload(b"content")) == (
        "Upload(<7 bytes>, filename=None, content_type=None)"
    )
    assert "in.png" in repr(Upload(Path("in.png")))


# data: URIs


@given(st.binary())
def test_a_data_uri_is_decoded(content: bytes) -> None:
    uri = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    upload = as_upload(uri, "image")
    assert (upload.data, upload.filename) == (content, "image.png")


def test_a_data_uri_may_be_percent_encoded() -> None:
    upload = as_upload("data:text/plain;charset=utf-8,a%20b%2Cc", "note")
    assert (upload.data, upload.content_type) == (b"a b,c", "text/plain")


@pytest.mark.parametrize("header", ["", ";base64", "image/png\r\nX-Evil: 1;base64"])
def test_a_data_uri_without_a_usable_type_is_known_by_its_content(header: str) -> None:
    content = (
        base64.b64encode(PNG).decode() if "base64" in header else "%89PNG%0D%0A%1A%0A"
    )
    assert described(f"data:{header},{content}") == ("image.png", "image/png")


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("data:image/png", "comma"),
        ("data:;base64,!", "base64"),
        ("data:;base64,\ud800", "half a character"),
        ("data:,\udfff", "half a character"),
    ],
)
def test_a_broken_data_uri_says_what_is_wrong(uri: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        as_upload(uri, "image")
