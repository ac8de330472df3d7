"""Connections: a process has its own, they know the environment, and all end in time."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from viewcomfy_runtime import (
    URL,
    Call,
    ConnectionFailedError,
    RunCancelledError,
    RunTimeoutError,
    Timeout,
    ViewComfy,
)
from viewcomfy_runtime.http.client import Http
from viewcomfy_runtime.http.credentials import Credentials
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.http.fetching import fetched

from ...helpers.faults import Asked, Line, faulty
from ...helpers.servers import Answer, Server, result
from ...helpers.waiting import LONGEST, Awaited, cancelled_once, wait_until

SECRET = "s3cr3t-0123456789"
DRIPPING = Answer(drips=0.02, body=b"x" * 3000)
"""An answer that takes a minute, and no moment without a byte."""


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_process_leaves_the_connections_of_its_parent_open() -> None:
    own, peer = socket.socketpair()
    with own, peer:
        deadline = Deadline(LONGEST)
        deadline.guard(own)
        child = os.fork()
        if not child:
            try:
                deadline.cancel()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        peer.sendall(b"x")
        assert own.recv(1) == b"x"
        deadline.cancel()
        assert own.recv(1) == b""


def test_no_time_to_connect_is_no_fault_of_the_url() -> None:
    client = ViewComfy("http://192.0.2.1:9", "the-id", SECRET, retries=0)
    with pytest.raises(ConnectionFailedError) as caught:
        client.run(Call({"k": 1}), Deadline(Timeout(LONGEST, connect=0)))
    assert "isn't valid" not in str(caught.value)


def wrong_answers(client: ViewComfy, url: str, path: str) -> int:
    http = client._http
    wrong = 0
    for number in range(100):
        asked = f"{path}/{number}"
        deadline = Deadline(10)
        with deadline, http.request("GET", url + asked, deadline) as answer:
            found = answer.json()
        wrong += found["prompt_id"] != asked
    return wrong


def test_a_session_of_the_users_ends_with_the_deadline_too() -> None:
    with Server(DRIPPING) as server, requests.Session() as session:
        client = ViewComfy(server.url, "the-id", SECRET, session=session)
        start = time.perf_counter()
        with pytest.raises(RunTimeoutError):
            client.run(Call({"k": 1}), Deadline(0.3))
        assert time.perf_counter() - start < LONGEST / 2


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Awaited]:
    """A lookup of names that hangs until the event is set, and then knows every name."""
    go, look_up = Awaited(), socket.getaddrinfo

    def hang(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "127.0.0.1":
            go.wait(LONGEST)
        return look_up("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield go
    go.set()
    for thread in threading.enumerate():
        if thread.name == "viewcomfy-connect":
            thread.join()


def test_a_lookup_that_hangs_ends_with_the_deadline(hanging: Awaited) -> None:
    client = ViewComfy("http://far.example/", "the-id", SECRET)
    start = time.perf_counter()
    with pytest.raises(RunTimeoutError, match="longer than 0.3 s"):
        client.run(Call({"k": 1}), Deadline(0.3))
    assert time.perf_counter() - start < LONGEST / 2


def test_a_lookup_that_hangs_ends_when_the_call_is_cancelled(hanging: Awaited) -> None:
    client = ViewComfy("http://far.example/", "the-id", SECRET)
    start = time.perf_counter()
    with pytest.raises(RunCancelledError):
        client.run(Call({"k": 1}), cancelled_once(hanging.begun.is_set))
    assert time.perf_counter() - start < LONGEST / 2


def test_a_file_at_a_host_that_is_never_found_ends_with_the_deadline(
    hanging: Awaited,
) -> None:
    file = URL("http://far.example/a.png")
    start = time.perf_counter()
    with Deadline(0.3) as deadline, pytest.raises(RunTimeoutError):
        fetched(file, deadline)
    assert time.perf_counter() - start < LONGEST / 2


def test_a_connection_that_comes_too_late_is_closed(hanging: Awaited) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client = ViewComfy(f"http://far.example:{port}/", "the-id", SECRET)
        with pytest.raises(RunCancelledError):
            client.run(Call({"k": 1}), cancelled_once(hanging.begun.is_set))
        hanging.set()
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(LONGEST)
            assert connection.recv(1) == b""


def test_a_host_that_has_no_address_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = ViewComfy("http://nowhere.invalid/", "the-id", SECRET, retries=0)
    with pytest.raises(ConnectionFailedError, match="nowhere.invalid failed: ") as told:
        client.run(Call({"k": 1}))
    assert "HTTPConnection" not in str(told.value)


@pytest.mark.parametrize("seconds", ["5", None, True, [1]])
def test_a_timeout_is_a_number(seconds: object) -> None:
    with pytest.raises(TypeError, match="must be a number of seconds"):
        Deadline(seconds)  # type: ignore[arg-type]


def test_a_timeout_may_be_any_number() -> None:
    assert Deadline(10**400).remaining > 1e9


def asked_through(server: Server, url: str) -> list[str]:
    """The paths at which the server was asked for a run on `url`."""
    with ViewComfy(url, "the-id", SECRET, retries=0) as client:
        client.run(Call({"k": 1}), Deadline(10))
    return [each.path for each in server.requests]


def test_a_proxy_of_the_environment_is_used_but_where_it_says_not_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(result(), result()) as server:
        monkeypatch.setenv("http_proxy", server.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert asked_through(server, "http://far.example/run") == [
            "http://far.example/run"
        ]
        assert asked_through(server, f"{server.url}/near")[1:] == ["/near"]


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("http://127.0.0.1:1", "http://far.example through a proxy failed"),
        ("http://:1", "check the proxy: HTTP_PROXY"),
    ],
)
def test_a_proxy_that_is_to_blame_is_named(
    proxy: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    with ViewComfy("http://far.example", "the-id", SECRET, retries=0) as client:
        with pytest.raises(ConnectionFailedError, match=says):
            client.run(Call({"k": 1}), Deadline(10))


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_says_whom_to_trust(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for each in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, str(tmp_path / "missing.pem"))
    with ViewComfy("https://127.0.0.1:9", "the-id", SECRET, retries=0) as client:
        with pytest.raises(ConnectionFailedError, match=r"missing\.pem"):
            client.run(Call({"k": 1}), Deadline(10))


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a server over TLS that answers with a result, and its own certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(*[result()] * 3) as server:
        plain = server._http.socket
        server._http.socket = context.wrap_socket(plain, server_side=True)
        yield server.url.replace("http://", "https://"), certificate


def test_a_server_with_a_certificate_of_its_own_is_trusted_where_that_is_said(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = secure
    with ViewComfy(url, "the-id", SECRET, retries=0) as client:
        with pytest.raises(ConnectionFailedError, match="(?i)certificate"):
            client.run(Call({"k": 1}), Deadline(10))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with ViewComfy(url, "the-id", SECRET, retries=0) as client:
        assert client.run(Call({"k": 1}), Deadline(10)).status == "success"


def test_a_trusted_certificate_of_another_host_is_refused(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, certificate = secure
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    elsewhere = url.replace("127.0.0.1", "localhost")
    with ViewComfy(elsewhere, "the-id", SECRET, retries=0) as client:
        with pytest.raises(ConnectionFailedError, match="(?i)hostname mismatch"):
            client.run(Call({"k": 1}), Deadline(10))


def test_a_server_that_speaks_http_is_told_from_one_that_is_down() -> None:
    with Server(*[result()] * 3) as server:
        url = server.url.replace("http://", "https://")
        with ViewComfy(url, "the-id", SECRET, retries=0) as client:
            with pytest.raises(ConnectionFailedError) as caught:
                client.run(Call({"k": 1}), Deadline(10))
    assert "write http:// in its URL" in str(caught.value.hint)


def test_a_header_given_for_a_server_replaces_a_usual_one_in_any_case() -> None:
    with Server(result()) as server:
        http = Http(server.url, Credentials({"user-agent": "studio/1"}))
        with Deadline(10) as deadline, http.request("GET", server.url, deadline):
            pass
    assert server.requests[0].headers["user-agent"] == "studio/1"


def test_a_link_may_lead_to_another_host_by_any_redirect() -> None:
    with Server(result()) as store:
        moved = Answer(307, headers={"Location": f"{store.url}/file"})
        with Server(moved) as server, Deadline(10) as deadline:
            http = Http(server.url, Credentials({"Authorization": SECRET}))
            with http.request("GET", server.url, deadline) as answer:
                assert answer.status == 201
    assert "authorization" not in store.requests[0].headers


def test_a_cookie_lives_as_long_as_its_call() -> None:
    moved = Answer(307, headers={"Location": "/there", "Set-Cookie": "at=7"})
    with Server(moved, result(), result()) as server:
        with ViewComfy(server.url, "the-id", SECRET, retries=0) as client:
            for _ in range(2):
                client.run(Call({"k": 1}), Deadline(10))
    cookies = [each.headers.get("cookie") for each in server.requests]
    assert cookies == [None, "at=7", None]


def shut_after(deadline: Deadline, server: Server) -> float:
    """The seconds from the beginning of a deadline to the end of the run that it ends."""
    with ViewComfy(server.url, "the-id", SECRET) as client:
        with pytest.raises((RunTimeoutError, RunCancelledError)):
            client.run(Call({"k": 1}), deadline)
    return deadline.seconds - deadline.remaining


def test_each_call_ends_at_its_own_time_whichever_began_first() -> None:
    last = Deadline(LONGEST)
    with Server(DRIPPING) as server, ThreadPoolExecutor() as threads:
        long = threads.submit(shut_after, last, server)
        wait_until(lambda: server.requests)
        short, middle = (
            threads.submit(shut_after, Deadline(each), server) for each in (0.3, 0.6)
        )
        assert 0.3 <= short.result() < LONGEST / 2
        assert 0.6 <= middle.result() < LONGEST / 2
        assert not long.done()
        last.cancel()


def test_many_calls_are_watched_by_one_thread() -> None:
    with contextlib.ExitStack() as stack:
        before = threading.active_count()
        for _ in range(100):
            stack.enter_context(Deadline(60))
        assert threading.active_count() <= before + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_call_of_a_child_process_ends_in_time() -> None:
    with Server(DRIPPING) as server, Deadline(60):
        child = os.fork()
        if not child:
            try:
                seconds = shut_after(Deadline(0.3), server)
                os._exit(0 if seconds < LONGEST / 2 else 1)
            finally:
                os._exit(101)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_call_that_is_over_leaves_a_kept_connection_to_the_next() -> None:
    over = Deadline(30)

    def answering(line: Line, asked: Asked) -> None:
        while True:
            if asked.path == "/cancel":
                over.cancel()
            line.answer({"path": asked.path}, after="keep-alive")
            asked = line.ask()

    with faulty(answering) as url, over:
        http = Http(url, retries=0)
        with http.request("GET", http.at("/run"), over) as found:
            assert found.json() == {"path": "/run"}
        with (
            Deadline(30) as short,
            http.request("POST", http.at("/cancel"), short) as found,
        ):
            assert found.json() == {"path": "/cancel"}


@pytest.mark.parametrize("own_session", [False, True])
def test_responses_that_only_announce_the_real_one_are_skipped(
    own_session: bool,
) -> None:
    def announced(line: Line, _: Asked) -> None:
        for name in ("a", "b"):
            line.send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
            line.answer({"prompt_id": name, "status": "success"}, after="keep-alive")
            line.ask()

    with faulty(announced) as url:
        session = requests.Session() if own_session else None
        client = ViewComfy(url, "the-id", SECRET, session=session, retries=0)
        assert client.run(Call({"k": 1})).prompt_id == "a"
        assert client.run(Call({"k": 1})).prompt_id == "b"
