"""Calls that are sent again, and those that never are."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from viewcomfy_runtime import (
    ConnectionFailedError,
    Deadline,
    PromptResult,
    RateLimitedError,
    ServerError,
    ViewComfy,
)

from ...helpers.servers import Answer, Server, redirect, result
from ...helpers.streaming import CALL, SECRET, client


def test_a_server_that_is_busy_is_asked_again() -> None:
    busy = [Answer(429, headers={"Retry-After": "0"}), Answer(503)]
    with Server(*busy, result()) as server:
        assert client(server, retries=3).run(CALL).completed
    assert [each.params for each in server.requests] == [dict(CALL.params)] * 3


def test_a_server_that_stays_busy_is_an_error() -> None:
    with Server(Answer(429, headers={"Retry-After": "0"})) as server:
        with pytest.raises(RateLimitedError) as caught:
            client(server, retries=2).run(CALL)
    assert caught.value.retry_after == 0
    assert len(server.requests) == 3


def test_a_server_that_asks_for_more_time_than_there_is_is_not_waited_for() -> None:
    for asked in (
        "3600",
        format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True),
    ):
        with Server(Answer(503, headers={"Retry-After": asked})) as server:
            with pytest.raises(ServerError) as caught:
                client(server, retries=2).run(CALL)
        assert caught.value.retry_after == pytest.approx(3600, abs=30)
        assert len(server.requests) == 1


def test_a_pause_that_leaves_no_time_for_an_attempt_is_not_begun() -> None:
    with Server(Answer(503, headers={"Retry-After": "9"}), result()) as server:
        with pytest.raises(ServerError):
            client(server, retries=1).run(CALL, Deadline(9.9))
    assert len(server.requests) == 1


@pytest.mark.parametrize("asked", ["soon", "-1", ""])
def test_a_time_to_wait_that_is_none_is_left_to_the_client(asked: str) -> None:
    with Server(Answer(429, headers={"Retry-After": asked}), result()) as server:
        assert client(server, retries=1).run(CALL).completed


@pytest.mark.usefixtures("users_pauses")
def test_a_server_that_comes_up_a_moment_later_is_reached() -> None:
    server = Server(result())
    own = ViewComfy(server.url, "the-id", SECRET)
    found: list[PromptResult] = []
    thread = threading.Thread(target=lambda: found.append(own.run(CALL)))
    thread.start()
    time.sleep(0.1)
    with server:
        thread.join()
    own.close()
    assert found[0].completed


@pytest.mark.parametrize("answer", [Answer(drops=True), Answer(resets=True)])
def test_a_call_that_may_have_started_is_never_sent_again(answer: Answer) -> None:
    with Server(answer) as server, pytest.raises(ConnectionFailedError):
        client(server, retries=3).run(CALL)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_that_failed_is_not_asked_again(status: int) -> None:
    with Server(Answer(status)) as server, pytest.raises(ServerError):
        client(server, retries=3).run(CALL)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [Answer(503), Answer(drops=True)])
def test_a_result_behind_a_redirect_is_fetched_again_and_not_run_again(
    answer: Answer,
) -> None:
    with Server(redirect("/result"), answer, result()) as server:
        assert client(server, retries=1).run(CALL).completed
    methods = [each.method for each in server.requests]
    assert methods == ["POST", "GET", "GET"]
