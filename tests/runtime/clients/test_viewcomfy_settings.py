"""Where a deployment is and who calls it, and that no error holds the secret."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from viewcomfy_runtime import (
    Call,
    ConfigurationError,
    InvalidParametersError,
    NotFoundError,
    ViewComfy,
)
from viewcomfy_runtime.clients.environment import client_from_environment

from ...helpers.deployment import PARAMS, SECRET, client, failure
from ...helpers.exposed import everything_said_by
from ...helpers.servers import Answer, Server, redirect, refusing, result


def test_the_environment_says_where_to_run() -> None:
    with Server(result()) as server:
        environ = {
            "VIEWCOMFY_API_URL": server.url,
            "VIEWCOMFY_CLIENT_ID": "env-id",
            "VIEWCOMFY_CLIENT_SECRET": SECRET,
        }
        client_from_environment(environ).run(Call(PARAMS, {}))
    assert server.requests[0].headers["client_id"] == "env-id"


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ViewComfy.from_environment({"VIEWCOMFY_CLIENT_ID": "x", "OTHER": "y"})
    assert "VIEWCOMFY_API_URL, VIEWCOMFY_CLIENT_SECRET" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    ["", "h/run", "ftp://h", "https://", "http://a b", "http://[bad", "http://h:x"],
)
def test_a_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="URL") as caught:
        ViewComfy(url, "id", SECRET)
    assert caught.value.hint


@pytest.mark.parametrize("value", ["", "a\nb", "a\r", "a ", "日本", "a\x00"])
def test_credentials_that_are_no_header_are_refused_and_not_echoed(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ViewComfy("https://h", "id", SECRET + value if value else "")
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigurationError, match="client_id"):
        ViewComfy("https://h", value, SECRET)


def test_a_clients_repr_shows_its_host_alone() -> None:
    shown = ViewComfy("https://me:pw@h:8443/run?key=1", "the-id", SECRET)
    assert repr(shown) == "ViewComfy('https://h:8443')"


MISBEHAVIOURS: Mapping[str, Answer] = {
    "refused": Answer(401, b"who are you?"),
    "drops": Answer(drops=True),
    "breaks off": Answer(body=b"{", promised=50),
    "silent": Answer(silent=True),
    "stalls": Answer(body=b"{", promised=50, stalls=True),
    "no result": Answer(body=b"nonsense"),
    "failed": result(status="error"),
    "redirects away": redirect("https://elsewhere.invalid/", 307),
    "redirects to nonsense": redirect("http://h:99999/"),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_no_error_holds_the_secret(name: str) -> None:
    with Server(MISBEHAVIOURS[name]) as server:
        error = failure(server, timeout=0.3)
    assert not any(SECRET in each for each in everything_said_by(error))


def test_a_refused_connection_does_not_hold_the_secret() -> None:
    with refusing() as server:
        error = failure(server)
    assert not any(SECRET in each for each in everything_said_by(error))


def test_an_error_survives_pickling() -> None:
    with Server(Answer(404, b"gone")) as server:
        error = failure(server)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (NotFoundError, str(error))
    assert (again.status, again.hint) == (404, error.hint)


def test_faults_survive_pickling(tmp_path: Path) -> None:
    with Server(result()) as server:
        error = failure(server, image=tmp_path)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(error, InvalidParametersError)
    assert (again.faults, str(again)) == (error.faults, str(error))


def test_params_are_sent_as_ascii_json() -> None:
    with Server(result()) as server:
        client(server).run(Call({"k": "é\ud800"}, {}))
    assert server.requests[0].parts["params"] == json.dumps({"k": "é\ud800"})
