"""No credential of a TypeScript module leaves for another host or for a message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ....helpers.local import SECRET
from ....helpers.servers import (
    Answer,
    Server,
    event,
    redirect,
    refusing,
    result,
    stream,
)
from ....helpers.typescript import Failed
from ....helpers.typescript_runs import Place


def test_no_credential_follows_a_redirect_to_another_host(place: Place) -> None:
    with Server(result()) as other, Server(redirect(other.url)) as first:
        client = {**place.client("plain"), "url": first.url}
        place.run(client=client)
        assert first.requests[0].headers["client_secret"] == SECRET
        assert not {"client_id", "client_secret"} & other.requests[0].headers.keys()


def test_a_call_does_not_follow_a_redirect_to_another_host(place: Place) -> None:
    with Server(result()) as other, Server(redirect(other.url, 307)) as first:
        with pytest.raises(Failed) as caught:
            place.run(client={**place.client("plain"), "url": first.url})
        assert caught.value.name == "ProtocolError" and other.requests == []
        told = f"{first.url} redirects the call to {other.url}"
        assert told in str(caught.value)


def test_links_are_fetched_without_credentials(place: Place) -> None:
    with Server(Answer(200, b"png")) as store:
        link = {
            "filename": "a.png",
            "content_type": "image/png",
            "filepath": f"{store.url}/a",
        }
        with Server(result(outputs=[link])) as server:
            place.run(client={**place.client("plain"), "url": server.url}, read=True)
        assert not {"client_id", "client_secret"} & store.requests[0].headers.keys()


def test_a_server_that_repeats_a_secret_does_not_give_it_away(place: Place) -> None:
    answers = stream(event("log_message", f"key {SECRET}"))
    with Server(answers) as server:
        found = place.run(client={**place.client("plain"), "url": server.url})
    assert found["logs"] == ["key ***"]


@pytest.mark.parametrize(
    "escaped",
    [
        "".join(f"\\u{ord(char):04x}" for char in SECRET),
        "".join(f"\\\\u{ord(char):04X}" for char in SECRET),
        "".join(f"%{ord(char):02x}" for char in SECRET),
        "".join(f"%25{ord(char):02X}" for char in SECRET),
        "".join(f"&#{ord(char)};" for char in SECRET),
        "".join(f"&amp;#x{ord(char):x};" for char in SECRET),
    ],
)
def test_a_refusal_that_escapes_a_secret_does_not_give_it_away(
    place: Place, escaped: str
) -> None:
    with Server(Answer(400, f'{{"message": "no {escaped}!"}}'.encode())) as server:
        with pytest.raises(Failed) as caught:
            place.run(client={**place.client("plain"), "url": server.url})
    assert "no ***!" in str(caught.value)


@pytest.mark.parametrize(
    "about",
    [
        {"status": "error", "errorData": f"bad {SECRET}"},
        {"status": "error", "errorData": {"exception_message": SECRET, "node_id": "1"}},
        {"status": SECRET, "completed": False},
    ],
)
def test_a_failed_run_that_repeats_a_secret_does_not_give_it_away(
    place: Place, about: dict[str, Any]
) -> None:
    with Server(stream(event("prompt_result", json.dumps(about)))) as server:
        with pytest.raises(Failed) as caught:
            place.run(client={**place.client("plain"), "url": server.url})
    assert "***" in str(caught.value)
    assert SECRET not in str(caught.value) + json.dumps(caught.value.about)


def test_an_unreachable_server_is_named_by_its_host_alone(place: Place) -> None:
    with refusing() as closed, pytest.raises(Failed) as caught:
        url = f"{closed.url}/signed?key=abc"
        client = {**place.client("plain"), "url": url}
        place.run(client=client, options={"timeout": 5})
    assert caught.value.name == "ConnectionFailedError"
    assert caught.value.about["nothingSent"] and "signed" not in str(caught.value)
