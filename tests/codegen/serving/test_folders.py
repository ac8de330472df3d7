"""The temporary folders of the server, and runs that outlast it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from viewcomfy_codegen.serving import Artifact
from viewcomfy_codegen.serving.comfy_api.assets import Assets
from viewcomfy_codegen.serving.store import Store

MADE = Artifact("a.txt", "text/plain", b"done", "9")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_files_stay_until_the_server_ends(folder: Path) -> None:
    assets, store = Assets(), Store(60)
    assert assets.made(MADE).path.read_bytes() == b"done"
    store.keep(MADE, "http://h")
    assert len(list(folder.iterdir())) == 2
    assets.close()
    store.close()
    assert list(folder.iterdir()) == []


def test_what_a_run_makes_after_the_servers_end_is_kept_nowhere(folder: Path) -> None:
    assets, store = Assets(), Store(60)
    assets.close()
    store.close()
    with pytest.raises(asyncio.CancelledError):
        assets.made(MADE)
    with pytest.raises(asyncio.CancelledError):
        store.keep(MADE, "http://h")
    assert list(folder.iterdir()) == []
