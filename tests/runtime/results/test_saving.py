"""Saving a result's files to disk and copying them to streams."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from viewcomfy_runtime import OutputFile, PromptResult, RunTimeoutError, SaveError
from viewcomfy_runtime.json_types import ApiWorkflow

ONE = OutputFile("a_00001_.png", "image/png", node="9", data=b"one")
TWO = OutputFile("b.txt", "text/plain", node="12", data=b"two")


def result(*files: OutputFile) -> PromptResult:
    prompt: ApiWorkflow = {
        "9": {
            "class_type": "SaveImage",
            "inputs": {},
            "_meta": {"title": "Save Portrait"},
        }
    }
    names = {"9": "portrait"}
    return PromptResult(
        "p-1", "success", True, 1.0, files, prompt, {}, output_names=names
    )


def test_a_pattern_names_the_files(tmp_path: Path) -> None:
    saved = result(ONE, ONE, TWO).save(tmp_path, "{stem}-{output}-{index}{ext}")
    assert [each.name for each in saved] == [
        "a_00001_-portrait-1.png",
        "a_00001_-portrait-2.png",
        "b-12-1.txt",
    ]


def test_a_pattern_never_leaves_the_folder(tmp_path: Path) -> None:
    saved = result(ONE).save(tmp_path / "in", "../../{stem}/x{ext}")
    assert [each.parent for each in saved] == [tmp_path / "in"]


def test_a_field_that_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown field \{seed\}"):
        result(ONE).save(tmp_path, "{seed}.png")


@pytest.mark.parametrize("name", ["x.png", "x.xyz", "x.tar.gz", "x.TIFF", "o/x.ply"])
def test_a_path_with_an_extension_is_a_file_and_not_a_folder_to_create(
    tmp_path: Path, name: str
) -> None:
    for save in (result(ONE).save, ONE.save):
        with pytest.raises(SaveError, match="looks like a file") as caught:
            save(tmp_path / name)
        assert "save_as" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["v1.2", ".cache", "2026.11.26", "a.folder"])
def test_a_folder_may_have_a_dot_in_its_name(tmp_path: Path, name: str) -> None:
    (saved,) = result(ONE).save(tmp_path / name)
    assert saved.parent.name == name


def test_a_folder_that_exists_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    (saved,) = result(ONE).save(tmp_path / "x.png")
    assert saved.read_bytes() == b"one"


@pytest.mark.parametrize("name", ["n" * 300, "n" * 300 + ".png", "a\0b", "a\0.png"])
def test_a_folder_with_an_impossible_name_is_an_error_of_saving_that_names_the_run(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(SaveError) as caught:
        result(ONE).save(tmp_path / name)
    assert caught.value.prompt_id == "p-1"


def test_a_file_is_saved_under_a_name_of_your_own(tmp_path: Path) -> None:
    assert ONE.save_as(tmp_path / "new" / "me.png").read_bytes() == b"one"
    assert TWO.save_as(tmp_path / "new" / "me.png").read_bytes() == b"two"


def test_names_that_differ_in_case_alone_are_two_files_everywhere(
    tmp_path: Path,
) -> None:
    outputs = [
        OutputFile(name, "image/png", data=name.encode())
        for name in ("Fox.png", "fox.png", "FOX.PNG")
    ]
    saved = [each.save(tmp_path) for each in outputs]
    assert [each.read_bytes() for each in saved] == [b"Fox.png", b"fox.png", b"FOX.PNG"]


def test_content_goes_into_a_stream_piece_by_piece() -> None:
    file = io.BytesIO()
    assert ONE.copy_to(file) == 3
    assert file.getvalue() == b"".join(ONE.chunks()) == b"one"

    async def pieces() -> list[bytes]:
        return [each async for each in ONE.achunks()]

    assert asyncio.run(pieces()) == [b"one"]


def test_content_goes_whole_into_a_file_that_takes_it_in_part() -> None:
    class Unbuffered(io.RawIOBase):
        content = b""

        def write(self, data: Any, /) -> int:
            self.content += data[:2]
            return min(2, len(data))

    file = Unbuffered()
    assert ONE.copy_to(cast(BinaryIO, file)) == 3
    assert file.content == b"one"


def test_a_file_is_not_saved_as_a_folder(tmp_path: Path) -> None:
    with pytest.raises(
        SaveError, match=r"is a folder\nhint: save\(\) writes into"
    ) as caught:
        result(ONE).outputs[0].save_as(tmp_path)
    assert caught.value.saved == []


def test_a_download_that_takes_too_long_says_so() -> None:
    with pytest.raises(RunTimeoutError, match="the download took longer than 0 s"):
        ONE.read(timeout=0)


def test_a_result_itself_is_no_list_of_files() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        list(result(ONE))  # type: ignore[call-overload]


def test_saving_can_be_awaited(tmp_path: Path) -> None:
    saved = asyncio.run(result(ONE).asave(tmp_path))
    assert saved == [tmp_path / "a_00001_.png"]


def test_files_are_found_by_their_node_or_its_title() -> None:
    made = result(ONE, TWO)
    assert made["Save Portrait"] == made["9"] == [ONE]
    with pytest.raises(KeyError):
        made["Nothing"]


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("https://x/y?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60", {}),
        ("https://x/y?Expires=1767225660", {}),
        ("https://x/y?expires=1767225660&signature=1", {}),
        ("https://x/y?se=2026-01-01T00:01:00Z", {}),
        ("https://x/y", {"url_expires_at": "2026-01-01T00:01:00Z"}),
    ],
)
def test_a_link_says_until_when_it_works(url: str, extra: dict[str, str]) -> None:
    file = OutputFile("a.png", "image/png", url=url, extra=extra)
    assert file.url_expires == datetime(2026, 1, 1, 0, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "url", ["https://x/y?Expires=1e400", "https://x/y?se=soon", None]
)
def test_a_link_that_does_not_say_so_says_nothing(url: str | None) -> None:
    assert OutputFile("a.png", "image/png", url=url).url_expires is None


def test_a_pattern_is_text(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="name must be a pattern"):
        result(ONE).save(tmp_path, 3)  # type: ignore[arg-type]
