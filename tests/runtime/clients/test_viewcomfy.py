"""The direct client against servers that behave, and that do not."""

from __future__ import annotations

import io
import json
import logging
import pickle
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from viewcomfy_runtime import (
    AuthenticationError,
    Call,
    ConfigurationError,
    ConnectionFailedError,
    ExecutionError,
    InvalidParametersError,
    NotFoundError,
    PromptResult,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    RunTimeoutError,
    ServerError,
    Upload,
    ViewComfy,
    ViewComfyError,
)
from viewcomfy_runtime.clients.environment import client_from_environment
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.http.urls import same_host
from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.uploads import as_upload

from ...helpers.servers import Answer, Server, redirect, result
from ...helpers.telling import everything_said_by

SECRET = "s3cr3t-0123456789"
NODE = {"class_type": "KSampler", "inputs": {"steps": 20}}
PARAMS: Final[JsonObject] = {"6-inputs-text": "a fox", "3-inputs-seed": 2**64 - 1}


def client(server: Server, path: str = "/run") -> ViewComfy:
    return ViewComfy(server.url + path, "the-id", SECRET, retries=0)


def run(
    server: Server, timeout: float | None = 10, **files: Upload | Path | bytes | Any
) -> PromptResult:
    uploads = {key: as_upload(value, key) for key, value in files.items()}
    deadline = None if timeout is None else Deadline(timeout)
    return client(server).run(Call(PARAMS, uploads), deadline)


def failure(server: Server, **arguments: Any) -> ViewComfyError:
    with pytest.raises(ViewComfyError) as caught:
        run(server, **arguments)
    return caught.value


# What is sent


def test_a_call_is_one_form_as_the_protocol_says() -> None:
    with Server(result()) as server:
        files = {"52-inputs-image": Upload(b"\x89PNG", "me.png", "image/png")}
        client(server).run(Call(PARAMS, files))
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/run")
    assert request.headers["client_id"] == "the-id"
    assert request.headers["client_secret"] == SECRET
    assert request.params == PARAMS
    assert request.parts["logs"] == "false"
    assert "workflow_api" not in request.parts
    sent = request.file("52-inputs-image")
    assert (sent.filename, sent.content_type) == ("me.png", "image/png")
    assert sent.data == b"\x89PNG"


@pytest.mark.parametrize(
    ("name", "arrives"),
    [
        ("Привет 世界 é.png", "Привет 世界 é.png"),
        ('a"b.png', "a%22b.png"),
        ("a\r\nX-Evil: 1.png", "a%0D%0AX-Evil: 1.png"),
        ("bad\udcff.png", "bad?.png"),
    ],
)
def test_any_file_name_arrives_within_its_quotes(name: str, arrives: str) -> None:
    with Server(result()) as server:
        run(server, image=Upload(b"x", name))
    assert server.requests[0].file("image").filename == arrives


def test_a_path_is_sent_with_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "in.webp"
    path.write_bytes(b"picture")
    with Server(result()) as server:
        run(server, image=path)
    sent = server.requests[0].file("image")
    assert (sent.filename, sent.content_type, sent.data) == (
        "in.webp",
        "image/webp",
        b"picture",
    )


def test_a_file_object_is_read_from_where_it_stands_and_left_open() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    with Server(result()) as server:
        run(server, image=file)
    assert server.requests[0].file("image").data == b"456789"
    assert not file.closed


def test_a_file_object_that_cannot_seek_is_sent_too() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with Server(result()) as server:
        run(server, image=Pipe(b"from a pipe"))
    assert server.requests[0].file("image").data == b"from a pipe"


def test_a_file_larger_than_any_buffer_arrives_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    content = bytes(range(256)) * 8192
    path.write_bytes(content)
    with Server(result()) as server:
        run(server, image=path)
    assert server.requests[0].file("image").data == content


def test_all_files_that_cannot_be_sent_are_named_at_once_and_nothing_is_sent(
    tmp_path: Path,
) -> None:
    (tmp_path / "empty.png").touch()
    files: dict[str, Any] = {
        "missing": tmp_path / "nowhere.png",
        "folder": tmp_path,
        "empty": tmp_path / "empty.png",
        "nothing": Upload(b"", "nothing.png"),
        "text": Upload(io.StringIO("x"), "text.png"),  # type: ignore[arg-type]
    }
    with Server(result()) as server:
        error = failure(server, **files)
    assert isinstance(error, InvalidParametersError)
    assert [fault.parameter for fault in error.faults] == list(files)
    assert 'mode "rb"' in str(error)
    assert server.requests == []


def test_a_file_object_that_gives_text_is_refused() -> None:
    class Text:
        def read(self) -> str:
            return "text"

    with Server(result()) as server:
        error = failure(server, image=Text())
    assert isinstance(error, InvalidParametersError)
    assert "doesn't read as bytes" in str(error)


def test_a_file_that_shrinks_while_it_is_sent_fails_the_call() -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b""

    with Server(result()) as server:
        error = failure(server, image=Shrinking(b"soon gone"))
    assert isinstance(error, ConnectionFailedError)
    assert "became shorter" in error.message


def test_a_session_of_the_users_is_used() -> None:
    with Server(result()) as server, requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        own = ViewComfy(server.url, "the-id", SECRET, session=session)
        own.run(Call(PARAMS, {}))
    assert server.requests[0].headers["x-mine"] == "yes"


def test_one_client_serves_many_threads() -> None:
    with (
        Server(lambda request: result(prompt_id=str(request.params["n"]))) as server,
        ThreadPoolExecutor(20) as threads,
    ):
        shared = client(server)
        found = threads.map(lambda n: shared.run(Call({"n": n}, {})), range(100))
        assert [each.prompt_id for each in found] == [str(n) for n in range(100)]


def test_what_happens_is_logged_without_the_secret(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server(result()) as server, caplog.at_level(logging.DEBUG):
        run(server)
    assert "answered 201" in caplog.text
    assert SECRET not in caplog.text
    assert capsys.readouterr() == ("", "")


# What is answered


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
def test_an_answer_that_is_no_result_is_an_error_of_the_protocol(body: bytes) -> None:
    with Server(Answer(body=body)) as server:
        assert isinstance(failure(server), ProtocolError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
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


def test_an_answer_too_deep_for_json_is_quoted_in_part() -> None:
    with Server(Answer(500, b"[" * 9999)) as server:
        message = failure(server).message
    assert "(500): [[[" in message
    assert len(message) < 2000


def test_a_long_answer_is_quoted_in_part() -> None:
    with Server(Answer(500, b"x" * 1_000_000)) as server:
        assert len(failure(server).message) < 600


def test_a_refusal_that_breaks_off_is_still_that_refusal() -> None:
    with Server(Answer(503, b"overloaded", promised=10_000)) as server:
        error = failure(server)
    assert isinstance(error, ServerError)
    assert error.message.endswith("overloaded")


# Redirects


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


def test_a_redirect_to_nowhere_is_an_answer_like_any_other() -> None:
    with Server(Answer(303)) as server:
        error = failure(server)
    assert (type(error), error.status) == (ProtocolError, 303)


@pytest.mark.parametrize("target", ["http://h:99999/", "http://h:x/", "ftp://h/?sig=1"])
def test_a_redirect_to_what_is_no_url_is_an_error(target: str) -> None:
    with Server(redirect(target)) as server:
        error = failure(server)
    assert isinstance(error, ProtocolError | ConnectionFailedError)
    assert "sig=" not in str(error)


# Connections that fail


def test_a_server_that_is_not_there_is_named() -> None:
    with Server(result()) as server:
        pass
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


def test_a_chunked_answer_that_breaks_off_is_a_failed_connection() -> None:
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


# Who and where


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


# Secrets


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
    with Server(result()) as server:
        pass
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
