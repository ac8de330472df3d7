"""Fixtures that the runtime's tests share."""

from __future__ import annotations

import pytest

from viewcomfy_runtime.clients import api_submission
from viewcomfy_runtime.http import client as http_client
from viewcomfy_runtime.http import polling


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are asked again at once, and those that are busy too."""
    monkeypatch.setattr(polling, "FIRST", 0.02)
    monkeypatch.setattr(polling, "LONGEST", 0.05)
    monkeypatch.setattr(api_submission, "_LOOKUP_PAUSES", (0.05, 0.1))
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.02)
