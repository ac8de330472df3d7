"""Where the command line saves results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from ...helpers.module_cli import image_module, main
from ...helpers.servers import Answer, Server, result


@pytest.mark.parametrize("name", ["file", "n" * 300, "a\0b"])
def test_a_folder_that_cannot_be_written_is_found_before_the_run(
    module: ModuleType,
    environment: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    (tmp_path / "file").touch()
    with Server(result()) as server:
        environment(server.url)
        code = main(module, "-o", str(tmp_path / name))
    assert (code, server.requests) == (2, [])
    assert "--output: the folder" in capsys.readouterr().err


def test_a_run_that_fails_leaves_no_empty_folder(
    module: ModuleType, environment: Callable[[str], None], tmp_path: Path
) -> None:
    with Server(Answer(401)) as server:
        environment(server.url)
        assert main(module, "-o", str(tmp_path / "new")) == 1
    assert not (tmp_path / "new").exists()


def test_a_file_of_one_call_may_name_files(
    environment: Callable[[str], None], tmp_path: Path
) -> None:
    module = image_module(tmp_path)
    (tmp_path / "in.png").write_bytes(b"\x89PNG")
    (tmp_path / "call.json").write_text(json.dumps({"image": str(tmp_path / "in.png")}))
    with Server(result()) as server:
        environment(server.url)
        arguments = ["--params", str(tmp_path / "call.json"), "-o", str(tmp_path)]
        assert main(module, *arguments) == 0
    assert server.requests[0].file("10-inputs-image").data == b"\x89PNG"
