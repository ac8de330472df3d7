"""Connections: a process has its own, and a user's session ends in time too."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import requests

from viewcomfy_runtime import Call, RunTimeoutError, ViewComfy
from viewcomfy_runtime.http.deadlines import Deadline

from ...helpers.faults import Asked, Line, faulty
from ...helpers.servers import Answer, Server

SECRET = "s3cr3t-0123456789"


def echoing(line: Line, asked: Asked) -> None:
    """Answers all requests of a connection, each with its own name, a moment later."""
    while True:
        time.sleep(0.002)
        line.answer({"prompt_id": asked.path, "status": "success"}, after="keep-alive")
        asked = line.ask()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("own_session", [False, True])
def test_two_processes_never_share_a_socket(own_session: bool, tmp_path: Path) -> None:
    with faulty(echoing) as url:
        session = requests.Session() if own_session else None
        client = ViewComfy(f"{url}/before", "the-id", SECRET, session=session)
        assert client.run(Call({"k": 1})).prompt_id == "/before"
        children = []
        for number in range(3):
            child = os.fork()
            if not child:
                # Nothing of pytest's may run here.
                try:
                    wrong = wrong_answers(client, url, f"/child-{number}")
                    os._exit(min(wrong, 100))
                finally:
                    os._exit(101)
            children.append(child)
        wrong = wrong_answers(client, url, "/parent")
        ended = [
            os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children
        ]
        client.close()
        if session is not None:
            session.close()
    assert (wrong, ended) == (0, [0, 0, 0])


def wrong_answers(client: ViewComfy, url: str, path: str) -> int:
    http = client._http
    wrong = 0
    for number in range(100):
        asked = f"{path}/{number}"
        deadline = Deadline(10)
        with deadline, http.answer("GET", url + asked, deadline) as answer:
            found = answer.json()
        wrong += found["prompt_id"] != asked
    return wrong


def test_a_session_of_the_users_ends_with_the_deadline_too() -> None:
    with Server(Answer(drips=0.02)) as server, requests.Session() as session:
        client = ViewComfy(server.url, "the-id", SECRET, session=session)
        start = time.perf_counter()
        with pytest.raises(RunTimeoutError):
            client.run(Call({"k": 1}), Deadline(0.3))
        assert time.perf_counter() - start < 0.8


@pytest.mark.parametrize("seconds", ["5", None, True, [1]])
def test_a_timeout_is_a_number(seconds: object) -> None:
    with pytest.raises(TypeError, match="must be a number of seconds"):
        Deadline(seconds)  # type: ignore[arg-type]


def test_a_timeout_may_be_any_number() -> None:
    assert Deadline(10**400).remaining > 1e9
