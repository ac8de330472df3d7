"""No text of ours shows a secret, however a server repeats it."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
import urllib.parse
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import HTTPBasicAuth

from viewcomfy_runtime import (
    ComfyAPI,
    ComfyUI,
    Timeout,
    ViewComfy,
    ViewComfyApp,
    ViewComfyError,
    ViewComfyGateway,
)
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.texts import Secrets, printable, quoted, shown, without_secrets

from ...helpers.comfy_api import comfy_api, output
from ...helpers.exposed import everything_said_by
from ...helpers.faults import Line, faulty
from ...helpers.servers import Answer, Request, Server, event, redirect, result, stream
from ...helpers.waiting import LONGEST

SECRET = "s3\"cr\\3t/0123-'4567"
IN_JSON = json.dumps(SECRET)[1:-1]
BY_CODES = "".join(f"\\u{ord(char):04x}" for char in SECRET)
SLASHED = IN_JSON.replace("/", "\\/")
ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "hexadecimal": bytes.hex,
    "capital hexadecimal": lambda data: data.hex().upper(),
    "Base64": lambda data: base64.b64encode(data).decode(),
    "Base64 for URLs": lambda data: base64.urlsafe_b64encode(data).decode(),
}


def raw_json(text: str, status: int = 201) -> Answer:
    return Answer(status, text.encode())


def streamed(*events: bytes) -> Answer:
    return stream(*events, result=None)


def failing(**fields: Any) -> Answer:
    return result(status="error", **fields)


HOSTILE: Mapping[str, Answer] = {
    "refusal as text": Answer(401, f"no {SECRET} here".encode()),
    "refusal in JSON": raw_json(json.dumps({"detail": SECRET}), 401),
    "refusal as codes": raw_json(f'{{"detail": "{BY_CODES}"}}', 401),
    "refusal with slashes": raw_json(f'{{"detail": "{SLASHED}"}}', 422),
    "broken JSON": raw_json(f'{{"detail": "{IN_JSON}"', 400),
    "broken JSON of codes": raw_json(f'{{"detail": "{BY_CODES}"', 400),
    "JSON in JSON": raw_json(json.dumps({"detail": json.dumps({"a": SECRET})}), 400),
    "page": Answer(502, f"<title>bad {SECRET}</title>".encode()),
    "escaped page": Answer(
        502, f"<title>bad {SECRET.replace(chr(34), '&quot;')}</title>".encode()
    ),
    "in a URL": Answer(500, f"see /?key={urllib.parse.quote(SECRET, '')}".encode()),
    "cut in the middle": Answer(500, b"x" * 490 + b" " + SECRET.encode()),
    "node error": raw_json(
        json.dumps(
            {
                "node_errors": {
                    SECRET: {
                        "class_type": SECRET,
                        "errors": [
                            {
                                "message": SECRET,
                                "extra_info": {"input_name": SECRET},
                            }
                        ],
                    }
                }
            }
        ),
        400,
    ),
    "with a terminal's escape in it": Answer(
        500, f"{SECRET[:5]}\x1b{SECRET[5:]}".encode()
    ),
    "error data": failing(error_data=f"bad {SECRET}"),
    "error data as an object": failing(
        errorData={"exception_message": SECRET, "node_id": SECRET, "node_type": SECRET}
    ),
    "error data of no known form": failing(error_data={"odd": [SECRET, {"x": SECRET}]}),
    "error data as codes": failing(error_data=f"log: {BY_CODES}"),
    "message": failing(errorMsg=SECRET),
    "prompt id": failing(prompt_id=SECRET),
    "odd status": result(status=SECRET, completed=False),
    "not a result": raw_json(f'["{IN_JSON}"]'),
    "not JSON": raw_json(SECRET),
    "line of the log": streamed(event("log_message", f"using {SECRET}")),
    "line of the log, escaped": streamed(event("log_message", f"using {IN_JSON}")),
    "error in the stream": streamed(event("error", SECRET)),
    "result in the stream": streamed(
        event("prompt_result", json.dumps({"status": "error", "errorData": SECRET}))
    ),
    "broken result in the stream": streamed(event("prompt_result", f'{{"{SECRET}')),
    "redirect": redirect(f"https://{urllib.parse.quote(SECRET, '')}.example/", 307),
    "redirect with a secret user": redirect(f"https://{IN_JSON}@h.example/", 307),
    "name of a file": result(outputs=[{"filename": f"{SECRET}.png", "data": "!"}]),
    "link": result(outputs=[{"filename": "a.png", "filepath": f"http://h:x/{SECRET}"}]),
    "another workflow": result(prompt={"3": {"class_type": SECRET, "inputs": {}}}),
}


def everything_said(
    module: ModuleType, client: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[str]:
    """All texts that come of a run: lines, warnings, errors, logs and names on the disk."""
    lines: list[str] = []
    with warnings.catch_warnings(record=True) as caught, caplog.at_level("DEBUG"):
        warnings.simplefilter("always")
        try:
            made = module.run(module.Parameters(), client=client, on_log=lines.append)
            yield repr(made)
            made.save(folder)
        except ViewComfyError as error:
            yield from everything_said_by(error)
    yield from lines
    yield from (str(each.message) for each in caught)
    yield from (each.name for each in folder.iterdir())
    yield caplog.text


def is_clean(text: str) -> bool:
    """Whether a text shows the secret neither as it is nor escaped."""
    forms = (SECRET, IN_JSON, SLASHED, BY_CODES, repr(SECRET)[1:-1], SECRET[4:])
    return not any(form in text for form in forms)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_shows_the_secret(
    name: str, module: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with Server(HOSTILE[name]) as server:
        client = ViewComfy(server.url, "the-id", SECRET, retries=0)
        said = list(everything_said(module, client, folder, caplog))
    assert said
    assert [text for text in said if not is_clean(text)] == []


def test_a_status_line_that_repeats_the_secret_is_not_quoted(
    module: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def garbage(line: Line, _: object) -> None:
        line.send(f"{SECRET} is no status line\r\n\r\n".encode())

    with faulty(garbage) as url:
        client = ViewComfy(url, "the-id", SECRET, retries=0)
        said = list(everything_said(module, client, tmp_path, caplog))
    assert "isn't valid HTTP" in "".join(said)
    assert all(map(is_clean, said))


@pytest.mark.parametrize("kind", [ComfyUI, ViewComfyApp])
def test_a_password_in_the_url_is_sent_and_not_shown(
    kind: type[Any],
    module: ModuleType,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    password = urllib.parse.quote(SECRET, "")
    with Server(Answer(403, f"who is {SECRET}?".encode())) as server:
        url = server.url.replace("://", f"://me:{password}@")
        client = kind(url, retries=0)
        said = list(everything_said(module, client, tmp_path, caplog))
        shown_request = str(client.request(module.WORKFLOW.call(module.Parameters())))
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert all(is_clean(each) and password not in each for each in said)
    assert password not in shown_request + repr(client)


def test_a_gateways_responses_do_not_show_the_secret(
    module: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for answer in (
        Answer(401, f"no {SECRET}".encode()),
        Answer(200, json.dumps({"detail": SECRET}).encode()),
    ):
        with Server(answer) as server:
            client = ViewComfyGateway(
                "https://h", "the-id", SECRET, base=server.url, retries=0
            )
            said = list(everything_said(module, client, tmp_path, caplog))
        assert all(map(is_clean, said))


def test_events_and_results_of_comfy_api_do_not_show_the_key(
    module: ModuleType, tmp_path: Path
) -> None:
    said = {"node_id": SECRET, "message": SECRET, "current_node": SECRET}
    preview = {**said, "content_type": SECRET, "data_base64": "AAAA"}
    told = [("log", said), ("progress", {**said, "step": 1, "steps": 2})]
    file = output("a", SECRET, name=f"{SECRET}.png", content_type=SECRET)
    with comfy_api(
        key=SECRET, outputs=[file], events=[*told, ("preview", preview)]
    ) as api:
        client = ComfyAPI(api.url, SECRET)
        events = list(module.WORKFLOW.events(module.Parameters(), client=client))
        client.close()
    assert len(events) > 4
    assert [each for each in map(repr, events) if not is_clean(each)] == []


def test_a_prompt_id_of_the_servers_does_not_show_the_secret(
    module: ModuleType,
) -> None:
    with Server(Answer(200, json.dumps({"prompt_id": SECRET}).encode())) as server:
        client = ComfyUI(server.url, headers={"X-API-Key": SECRET}, retries=0)
        with pytest.raises(ViewComfyError) as raised:
            timeout = Timeout(LONGEST, queue=0.3)
            module.run(module.Parameters(), client=client, timeout=timeout)
    assert all(map(is_clean, everything_said_by(raised.value)))
    assert raised.value.prompt_id


def test_a_short_secret_leaves_other_words_alone() -> None:
    kept = Secrets(["cat"])
    said = "a category of cats, cat; concat 'cat' cat_a"
    assert without_secrets(said) == "a category of cats, ***; concat '***' cat_a"
    del kept
    assert without_secrets("cat") == "cat"


@given(st.text(), st.text())
def test_a_secret_between_any_texts_is_hidden(before: str, after: str) -> None:
    kept = Secrets([SECRET])
    for form in (SECRET, IN_JSON, SLASHED, BY_CODES, urllib.parse.quote(SECRET, "")):
        assert form not in without_secrets(f"{before} {form} {after}")
    assert SECRET not in without_secrets(f"{before}{SECRET}{after}")
    assert kept


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@given(before=st.binary(max_size=50), after=st.binary(max_size=50))
def test_a_secret_in_an_encoded_text_is_hidden(
    encode: Callable[[bytes], str], before: bytes, after: bytes
) -> None:
    kept = Secrets([SECRET])
    encoded = encode(before + SECRET.encode() + after)
    rest = without_secrets(encoded)
    assert "***" in rest
    # But for the characters of Base64 that it shares with its neighbors.
    assert (
        len(encoded) - len(rest.replace("***", "")) >= len(encode(SECRET.encode())) - 5
    )
    assert kept


@given(st.text())
def test_what_is_shown_is_obeyed_by_no_terminal(text: str) -> None:
    assert all(
        each.isprintable() or each in "\n\t\u200c\u200d\xa0\u202f\u3000"
        for each in shown(text)
    )
    assert "\n" not in quoted(text)
    assert printable(shown(text)) == shown(text)


def test_messages_of_libraries_are_not_asked_to_keep_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Server(result()) as server, caplog.at_level(logging.DEBUG):
        ViewComfy(server.url + "/run", "the-id", SECRET)
    assert SECRET not in caplog.text


def repeated(request: Request) -> Answer:
    """A refusal that repeats all that was sent, as many proxies do."""
    sent = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    return Answer(403, f"{request.path}\n{sent}".encode())


def said_of(client: ComfyUI) -> str:
    with pytest.raises(ViewComfyError) as refused:
        client.status("1", Deadline(LONGEST))
    return "".join(traceback.format_exception(refused.value))


def no_part_of(login: str, text: str) -> bool:
    token = base64.b64encode(login.encode()).decode()
    return login.partition(":")[2] not in text and token not in text


@pytest.mark.parametrize("auth", ["pair", "object"])
def test_what_a_session_adds_is_not_shown(auth: str) -> None:
    session = requests.Session()
    pair = ("me", "the-secret-password")
    session.auth = pair if auth == "pair" else HTTPBasicAuth(*pair)
    session.cookies.set("session_id", "the-secret-cookie")
    session.params = {"api_token": "the-secret-token"}
    session.headers["X-Api-Key"] = "the-secret-key"
    with Server(repeated) as server, ComfyUI(server.url, session=session) as client:
        text = said_of(client)
    assert "/queue?api_token=***" in text
    assert "the-secret" not in text
    assert no_part_of("me:the-secret-password", text)


@pytest.mark.parametrize("whose", ["environment", "session"])
def test_the_login_of_a_proxy_is_not_shown(
    whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = requests.Session() if whose == "session" else None
    with Server(repeated) as server:
        proxy = server.url.replace("://", "://me:the-secret-p%40ss@")
        if session is None:
            monkeypatch.setenv("http_proxy", proxy)
            monkeypatch.delenv("no_proxy", raising=False)
        else:
            session.proxies["http"] = proxy
        with ComfyUI("http://far.example", session=session) as client:
            text = said_of(client)
        assert "Basic" in server.requests[0].headers["proxy-authorization"]
    assert "proxy-authorization" in text.lower()
    assert no_part_of("me:the-secret-p@ss", text)


def test_a_client_of_another_process_hides_its_password_too() -> None:
    with Server(Answer(403, b"the-secret-password is wrong")) as server:
        url = server.url.replace("://", "://me:the-secret-password@")
        client = pickle.loads(pickle.dumps(ComfyUI(url)))
        assert "*** is wrong" in said_of(client)
