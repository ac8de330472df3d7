"""What a deployment at ViewComfy answers: results, refusals, and what is neither."""

from __future__ import annotations

from typing import Any

import pytest

from viewcomfy_runtime import (
    AuthenticationError,
    ExecutionError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    ServerError,
    ViewComfyError,
)

from ...helpers.deployment import PARAMS, failure, run
from ...helpers.servers import Answer, Server, result

NODE = {"class_type": "KSampler", "inputs": {"steps": 20}}


@pytest.mark.parametrize("status", [200, 201])
def test_a_result_is_read_and_knows_what_was_sent(status: int) -> None:
    body = result(execution_time_seconds=1.5, prompt={"3": NODE}).body
    with Server(Answer(status, body)) as server:
        found = run(server)
    assert (found.prompt_id, found.status, found.completed) == ("p1", "success", True)
    assert found.execution_time_seconds == 1.5
    assert found.prompt == {"3": NODE}
    assert found.params == PARAMS


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "error", "error_data": "out of memory"},
        {"status": "error", "errorMsg": "out of memory"},
        {"status": "failed", "completed": False, "errorMsg": "out of memory"},
    ],
)
def test_a_run_that_failed_is_an_error(fields: dict[str, Any]) -> None:
    with Server(result(**fields)) as server:
        error = failure(server)
    assert isinstance(error, ExecutionError)
    assert (error.message, error.prompt_id) == (
        "the workflow failed: out of memory",
        "p1",
    )


def test_a_run_that_failed_without_a_word_is_an_error_too() -> None:
    with Server(result(status="error")) as server:
        assert "the server gave no reason" in failure(server).message


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[]", b"{}", b"\xff", b"null"])
def test_a_response_without_a_result_is_an_error_of_the_protocol(body: bytes) -> None:
    with Server(Answer(body=body)) as server:
        assert isinstance(failure(server), ProtocolError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (405, NotFoundError),
        (413, RejectedError),
        (422, RejectedError),
        (429, RateLimitedError),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (504, ServerError),
        (204, ProtocolError),
        (304, ProtocolError),
    ],
)
def test_each_status_has_its_error_and_a_hint(
    status: int, kind: type[ViewComfyError]
) -> None:
    with Server(Answer(status)) as server:
        error = failure(server)
    assert type(error) is kind
    assert error.status == status
    assert str(status) in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            b'{"errorMsg": "bad seed", "errorDetails": "too large"}',
            "bad seed: too large",
        ),
        (b'{"detail": "no such key"}', "no such key"),
        (b'{"detail": [{"msg": "one"}, {"msg": "two"}]}', "one; two"),
        (b'"only text"', "only text"),
        (b"plain\n  text", "plain text"),
        (b"<!doctype html><TITLE>Bad\nGateway</TITLE><p>long", "Bad Gateway"),
    ],
)
def test_the_servers_own_words_are_passed_on(body: bytes, says: str) -> None:
    with Server(Answer(500, body)) as server:
        assert failure(server).message.endswith(f"(500): {says}")


@pytest.mark.parametrize(
    "body", [b"", b"<html><p>no title</html>", b"12", b"[null]", b"{}"]
)
def test_a_server_without_words_is_not_quoted(body: bytes) -> None:
    with Server(Answer(500, body)) as server:
        assert failure(server).message.endswith("(500)")


def test_a_response_too_deep_for_json_is_quoted_in_part() -> None:
    with Server(Answer(500, b"[" * 9999)) as server:
        message = failure(server).message
    assert "(500): [[[" in message
    assert len(message) < 2000


def test_a_long_response_is_quoted_in_part() -> None:
    with Server(Answer(500, b"x" * 1_000_000)) as server:
        assert len(failure(server).message) < 600


def test_a_refusal_that_breaks_off_is_still_that_refusal() -> None:
    with Server(Answer(503, b"overloaded", promised=10_000)) as server:
        error = failure(server)
    assert isinstance(error, ServerError)
    assert error.message.endswith("overloaded")
