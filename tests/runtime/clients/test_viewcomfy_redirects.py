"""Redirects: followed with the credentials on the same host alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import requests

from viewcomfy_runtime import (
    Call,
    ConnectionFailedError,
    ProtocolError,
    ViewComfy,
)
from viewcomfy_runtime.http.urls import same_host

from ...helpers.deployment import PARAMS, SECRET, failure, run
from ...helpers.servers import Answer, Server, redirect, result


def test_a_redirect_on_the_same_host_keeps_the_credentials() -> None:
    with Server(redirect("/result?id=1"), redirect("more"), result()) as server:
        assert run(server).prompt_id == "p1"
    methods = [(each.method, each.path) for each in server.requests]
    assert methods == [("POST", "/run"), ("GET", "/result?id=1"), ("GET", "/more")]
    assert all(each.headers["client_secret"] == SECRET for each in server.requests)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_asks_for_it_gets_the_form_again(status: int) -> None:
    file = io.BytesIO(b"skip:data")
    file.seek(5)
    with Server(redirect("/there", status), result()) as server:
        run(server, image=file)
    again = server.requests[1]
    assert (again.method, again.path, again.params) == ("POST", "/there", PARAMS)
    assert again.file("image").data == b"data"


def test_another_host_gets_no_credentials() -> None:
    with Server(result()) as other, Server(redirect(other.url)) as server:
        run(server)
    headers = other.requests[0].headers
    assert not {"client_id", "client_secret", "authorization"} & headers.keys()
    assert SECRET not in str(headers)


def test_another_host_gets_nothing_of_a_users_session_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with (
        Server(result()) as other,
        Server(redirect(other.url)) as server,
        requests.Session() as session,
    ):
        session.headers["client_secret"] = SECRET
        session.headers["Authorization"] = f"Bearer {SECRET}"
        ViewComfy(server.url, "the-id", SECRET, session=session).run(Call(PARAMS, {}))
    headers = other.requests[0].headers
    assert not {"client_id", "client_secret", "authorization"} & headers.keys()


def test_the_form_never_goes_to_another_host() -> None:
    with Server(result()) as other, Server(redirect(other.url, 307)) as server:
        error = failure(server)
    assert isinstance(error, ProtocolError)
    assert error.status == 307
    assert other.url in error.message
    assert other.requests == []


@pytest.mark.parametrize(
    ("target", "same"),
    [
        ("https://h/other", True),
        ("https://h:443/", True),
        ("https://H/", True),
        ("https://h:444/", False),
        ("http://h/", False),
        ("https://h.evil/", False),
        ("https://evil@h.evil/", False),
    ],
)
def test_a_host_is_the_same_by_scheme_name_and_port(target: str, same: bool) -> None:
    assert same_host("https://h/run", target) is same


def test_a_host_that_moves_to_tls_stays_the_same() -> None:
    assert same_host("http://h/run", "https://h/run")


def test_redirects_without_end_end() -> None:
    with Server(redirect("/again")) as server:
        error = failure(server)
    assert isinstance(error, ProtocolError)
    assert "keeps redirecting" in error.message


def test_a_redirect_to_nowhere_is_a_response_like_any_other() -> None:
    with Server(Answer(303)) as server:
        error = failure(server)
    assert (type(error), error.status) == (ProtocolError, 303)


@pytest.mark.parametrize("target", ["http://h:99999/", "http://h:x/", "ftp://h/?sig=1"])
def test_a_redirect_to_what_is_no_url_is_an_error(target: str) -> None:
    with Server(redirect(target)) as server:
        error = failure(server)
    assert isinstance(error, ProtocolError | ConnectionFailedError)
    assert "sig=" not in str(error)
