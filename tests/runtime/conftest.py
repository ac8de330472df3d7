"""Fixtures that the runtime's tests share."""

from __future__ import annotations

import pytest

from viewcomfy_runtime.clients import api_events, api_submission, live, submitting
from viewcomfy_runtime.http import client as http_client
from viewcomfy_runtime.http import polling

from ..helpers.waiting import LONGEST


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are asked again at once, and those that are busy too."""
    monkeypatch.setattr(polling, "FIRST", 0.02)
    monkeypatch.setattr(polling, "LONGEST", 0.05)
    monkeypatch.setattr(api_submission, "_LOOKUP_PAUSES", (0.05, 0.1))
    monkeypatch.setattr(http_client, "FIRST_PAUSE", 0.02)


@pytest.fixture
def patient_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a run waits for a server that takes its time: for what it still has to tell, and
    for its word that the run is canceled.
    """
    monkeypatch.setattr(submitting, "GRACE", LONGEST)
    monkeypatch.setattr(live, "DRAIN_SECONDS", LONGEST)
    monkeypatch.setattr(api_events, "DRAIN_SECONDS", LONGEST)
