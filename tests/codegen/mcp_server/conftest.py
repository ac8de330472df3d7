"""Fixtures of the tests of the MCP server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ...helpers.support import text_to_image


@pytest.fixture
def painter(tmp_path: Path) -> str:
    """The path of a workflow that paints."""
    path = tmp_path / "painter.json"
    path.write_text(json.dumps(text_to_image()), "utf-8")
    return str(path)
