"""Errors as other processes and services get them."""

from __future__ import annotations

import pickle

import pytest

from viewcomfy_runtime import (
    ConnectionFailedError,
    ExecutionError,
    Fault,
    InvalidParametersError,
    NodeFault,
    RateLimitedError,
    RejectedError,
    RunCancelledError,
    SaveError,
    ViewComfyError,
    http_status,
)

ERRORS: list[ViewComfyError] = [
    InvalidParametersError((Fault("steps", "must be at least 1, not 0"),)),
    RateLimitedError("busy", retry_after=2.5, status=429, hint="wait"),
    RejectedError("no", faults=(NodeFault("3", "KSampler", "steps", "no"),)),
    ExecutionError("failed", fault=NodeFault("3", "", "", "out of memory")),
    ConnectionFailedError("refused", nothing_sent=True),
    RunCancelledError("canceled", at_server=True, prompt_id="p-1"),
    SaveError("the disk is full"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_in_another_process(error: ViewComfyError) -> None:
    error.parameters = {"steps": 0}
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other) == vars(error)
    assert other.public_message == error.public_message
    assert other.may_have_run == error.may_have_run


def test_a_message_lists_the_first_faults_and_counts_the_others() -> None:
    faults = tuple(NodeFault(str(n), "", "", "no") for n in range(12))
    lines = RejectedError("rejected", faults=faults).message.splitlines()
    assert lines[0] == "rejected"
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


def test_any_other_exception_is_a_fault_of_the_service() -> None:
    assert http_status(LookupError()) == 500
