"""Files on a disk: all or none, and whole at any moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.project.writing import write_all


def contents(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text("utf-8") for each in folder.iterdir()}


def test_texts_arrive_as_utf_8_with_their_own_newlines(tmp_path: Path) -> None:
    write_all({tmp_path / "a": "é\n"})
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n"


def test_one_that_cannot_be_written_keeps_all_from_being_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_text("old", "utf-8")
    with pytest.raises(CodegenError, match="does not exist"):
        write_all({tmp_path / "a": "new", tmp_path / "no" / "b": "new"})
    assert contents(tmp_path) == {"a": "old"}


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(CodegenError, match="it is a folder"):
        write_all({tmp_path / "a": "new"})


@pytest.mark.parametrize(
    "stop", [OSError(28, "No space left on device"), KeyboardInterrupt()]
)
def test_a_full_disk_and_an_interruption_leave_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    (tmp_path / "a").write_text("old", "utf-8")

    def fail(_: Any) -> None:
        raise stop

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((CodegenError, KeyboardInterrupt)):
        write_all({tmp_path / "a": "new"})
    assert contents(tmp_path) == {"a": "old"}


def test_a_file_that_may_not_be_written_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old", "utf-8")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CodegenError, match="not writable"):
        write_all({tmp_path / "a": "new"})
    assert contents(tmp_path) == {"a": "old"}
