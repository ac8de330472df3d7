"""Fixtures of the command line's tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ...helpers.module_cli import SECRET


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Points the variables at a server; until then they are not set."""

    def point_at(url: str) -> None:
        monkeypatch.setenv("VIEWCOMFY_API_URL", url)
        monkeypatch.setenv("VIEWCOMFY_CLIENT_ID", "the-id")
        monkeypatch.setenv("VIEWCOMFY_CLIENT_SECRET", SECRET)

    for name in ("API_URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"VIEWCOMFY_{name}", raising=False)
    return point_at
