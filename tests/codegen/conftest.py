"""Fixtures that the generator's tests share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..helpers.support import made, node, text_to_image


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The same workflow in each of its forms, and a later one."""
    monkeypatch.chdir(tmp_path)
    Path("w.json").write_text(json.dumps(text_to_image()))
    for name, text in made(text_to_image()).files.items():
        Path(name).write_text(text)
    new = {
        **text_to_image(),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    }
    del new["9"]
    new["10"] = node("PreviewImage", images=["8", 0])
    Path("new.json").write_text(json.dumps(new))
    return {"workflow": "w.json", "module": "made.py", "schema": "made.schema.json"}
