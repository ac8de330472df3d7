"""Fixtures that the runtime's tests share."""

from __future__ import annotations

import pytest

from viewcomfy_runtime.clients import api_events, live, submitting

from ..helpers.waiting import LONGEST


@pytest.fixture
def patient_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a run waits for a server that takes its time: for what it still has to tell, and
    for its word that the run is canceled.
    """
    monkeypatch.setattr(submitting, "GRACE", LONGEST)
    monkeypatch.setattr(live, "DRAIN_SECONDS", LONGEST)
    monkeypatch.setattr(api_events, "DRAIN_SECONDS", LONGEST)
