"""Connections to a deployment that fail, and calls whose time is over."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from viewcomfy_runtime import (
    Call,
    ConnectionFailedError,
    RunTimeoutError,
    ViewComfy,
)

from ...helpers.deployment import PARAMS, SECRET, failure, run
from ...helpers.servers import Answer, Server, refusing, result


def test_a_server_that_is_not_there_is_named() -> None:
    with refusing() as server:
        error = failure(server)
    assert isinstance(error, ConnectionFailedError)
    assert f"127.0.0.1:{server.port}" in error.message
    assert error.hint


@pytest.mark.parametrize(
    "answer",
    [
        Answer(drops=True),
        Answer(body=b"", promised=100),
        Answer(body=b'{"prompt_id": ', promised=100),
    ],
)
def test_a_connection_that_breaks_off_is_a_failed_connection(answer: Answer) -> None:
    with Server(answer) as server:
        assert isinstance(failure(server), ConnectionFailedError)
    assert len(server.requests) == 1, "what may have started is not sent again"


def test_a_chunked_response_that_breaks_off_is_a_failed_connection() -> None:
    headers = {"Transfer-Encoding": "chunked"}
    with Server(Answer(body=b'5\r\n{"pro', headers=headers)) as server:
        assert isinstance(failure(server), ConnectionFailedError)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(silent=True),
        Answer(body=b"", promised=9, stalls=True),
        Answer(body=b'{"prompt', promised=99, stalls=True),
        Answer(500, b"a moment", promised=99, stalls=True),
    ],
)
def test_the_timeout_is_over_the_whole_call(answer: Answer) -> None:
    with Server(answer) as server:
        assert isinstance(failure(server, timeout=0.3), RunTimeoutError)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_over_sends_nothing(timeout: float) -> None:
    with Server(result()) as server:
        assert isinstance(failure(server, timeout=timeout), RunTimeoutError)
    assert server.requests == []


@pytest.mark.parametrize("timeout", [None, float("inf"), 1e12])
def test_a_timeout_may_be_as_long_as_one_likes(timeout: float | None) -> None:
    with Server(result()) as server:
        assert run(server, timeout=timeout).completed


def test_a_host_that_does_not_let_anyone_connect_is_a_timeout() -> None:
    class Unreachable(requests.Session):
        def request(self, *_: Any, **__: Any) -> requests.Response:
            raise requests.ConnectTimeout("no answer")

    own = ViewComfy("http://h", "the-id", SECRET, session=Unreachable())
    with pytest.raises(RunTimeoutError, match="http://h didn't answer in time"):
        own.run(Call(PARAMS, {}))
