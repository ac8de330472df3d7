"""Files by URL, and files of earlier results: fetched on their way, from public addresses alone."""

from __future__ import annotations

import ipaddress
import pickle
import socket
import tracemalloc
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime import (
    URL,
    ComfyAPI,
    ComfyUI,
    ConnectionFailedError,
    InvalidParametersError,
    OutputFile,
    RunTimeoutError,
    Upload,
    ViewComfy,
)
from viewcomfy_runtime.cli.main import main
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.http.fetching import fetched
from viewcomfy_runtime.http.public import is_public

from ...helpers.comfy import comfy
from ...helpers.comfy_api import comfy_api, output
from ...helpers.images import with_image
from ...helpers.servers import Answer, Server, redirect, result


@pytest.fixture
def inverted(tmp_path: Path) -> ModuleType:
    return with_image(tmp_path)


def picture(**headers: str) -> Answer:
    return Answer(200, b"picture", headers={"Content-Type": "image/png", **headers})


def content_of(url: URL, seconds: float = 10) -> bytes:
    with Deadline(seconds) as deadline:
        file, _ = fetched(url, deadline)
    with file:
        return file.read()


def test_a_file_at_a_url_is_passed_on(inverted: ModuleType) -> None:
    with Server(picture()) as store, Server(result()) as server:
        url = URL(f"{store.url}/a%20b/me%0d%22.png?sig=x", allow_private=True)
        client = ViewComfy(server.url, "the-id", "the-secret")
        inverted.run(inverted.Parameters(image=url), client=client)
    sent = server.requests[0].file("1-inputs-image")
    assert sent.data == b"picture"
    assert (sent.filename, sent.content_type) == ("me__.png", "image/png")
    assert "authorization" not in store.requests[0].headers


def test_a_type_that_the_name_leaves_open_is_the_servers(inverted: ModuleType) -> None:
    with Server(picture()) as store, Server(result()) as server:
        url = URL(f"{store.url}/", allow_private=True)
        client = ViewComfy(server.url, "the-id", "the-secret")
        inverted.run(inverted.Parameters(image=url), client=client)
    sent = server.requests[0].file("1-inputs-image")
    assert (sent.filename, sent.content_type) == ("image", "image/png")


def test_a_name_and_a_type_can_be_chosen(inverted: ModuleType) -> None:
    with Server(picture()) as store, Server(result()) as server:
        url = URL(f"{store.url}/x", allow_private=True)
        upload = Upload(url, "mine.webp", "image/webp")
        client = ViewComfy(server.url, "the-id", "the-secret")
        inverted.run(inverted.Parameters(image=upload), client=client)
    sent = server.requests[0].file("1-inputs-image")
    assert (sent.filename, sent.content_type) == ("mine.webp", "image/webp")


# Not into one's own network


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_this_machine_is_not_asked(inverted: ModuleType, host: str) -> None:
    with Server(picture()) as store, Server(result()) as server:
        call = inverted.Parameters(image=URL(f"http://{host}:{store.port}/a.png"))
        with pytest.raises(InvalidParametersError, match="image: .*allow_private"):
            inverted.run(call, client=ViewComfy(server.url, "the-id", "the-secret"))
    assert store.requests == server.requests == []


def test_a_redirect_is_checked_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(picture()) as inside, Server(redirect(inside.url, 302)) as outside:
        _public_is(monkeypatch, outside.port)
        with pytest.raises(ValueError, match="isn't public"):
            content_of(URL(f"http://public.example:{outside.port}/a.png"))
    assert len(outside.requests) == 1
    assert inside.requests == []


def test_what_was_checked_is_what_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(picture()) as outside:
        asked = _public_is(monkeypatch, outside.port)
        url = URL(f"http://public.example:{outside.port}/a.png")
        assert content_of(url) == b"picture"
    assert outside.requests[0].headers["host"] == f"public.example:{outside.port}"
    # The name is looked up once: a second answer could be another one.
    assert asked.count("public.example") == 1


def test_no_proxy_is_asked_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(picture()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(ValueError, match="isn't public"):
            content_of(URL("http://127.0.0.1:9/a.png"))
    assert proxy.requests == []


def _public_is(monkeypatch: pytest.MonkeyPatch, port: int) -> list[str]:
    """Names resolve as on the internet, and 8.8.8.8 is a server of ours.

    Returns the names that were looked up.
    """
    asked: list[str] = []
    real, connect = socket.getaddrinfo, socket.socket.connect

    def resolve(host: Any, *about: Any, **more: Any) -> Any:
        asked.append(host)
        return real("8.8.8.8" if host == "public.example" else host, *about, **more)

    class Routed(socket.socket):
        def connect(self, address: Any) -> None:
            connect(self, ("127.0.0.1", port) if address[0] == "8.8.8.8" else address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "socket", Routed)
    return asked


@pytest.mark.parametrize(
    "address",
    """0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.168.1.1 192.0.2.1
    224.0.0.1 255.255.255.255 :: ::1 ::ffff:10.0.0.1 fe80::1 fc00::1 fec0::1 ff02::1
    64:ff9b::a00:1 2002:a00:1:: 2001:db8::1""".split(),
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"]
)
def test_addresses_that_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_in_another_one_is_judged_as_itself(
    address: ipaddress.IPv4Address,
) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    assert is_public(mapped) == is_public(address)


# Not without end


def test_a_file_that_is_too_large_is_not_fetched_whole() -> None:
    with Server(Answer(200, b"x" * 100)) as store:
        with pytest.raises(ValueError, match="more than"):
            content_of(URL(store.url, allow_private=True, max_bytes=10))


def test_it_goes_through_no_memory(inverted: ModuleType) -> None:
    piece = b"x" * (1 << 20)
    with Server(Answer(200, pieces=[piece] * 64)) as store:
        with Deadline(60) as deadline:
            tracemalloc.start()
            file, _ = fetched(URL(store.url, allow_private=True), deadline)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        with file:
            assert file.seek(0, 2) == 64 << 20
    assert most < 8 << 20


def test_the_calls_time_is_that_of_its_files(inverted: ModuleType) -> None:
    with Server(Answer(200, b"x", stalls=True, promised=9)) as store:
        url = URL(store.url, allow_private=True)
        client = ViewComfy("http://127.0.0.1:9", "the-id", "the-secret")
        with pytest.raises(RunTimeoutError):
            inverted.run(inverted.Parameters(image=url), client=client, timeout=0.4)


def test_a_url_that_leads_nowhere_is_the_calls_fault(inverted: ModuleType) -> None:
    with Server(Answer(404)) as store:
        call = inverted.Parameters(image=URL(f"{store.url}/s", allow_private=True))
        with pytest.raises(InvalidParametersError, match="image: .*answered 404"):
            inverted.run(call, client=ComfyUI("http://127.0.0.1:9"))
    with pytest.raises(ConnectionFailedError) as caught:
        inverted.run(call, client=ComfyUI("http://127.0.0.1:9"))
    assert not caught.value.may_have_run
    assert "/s" not in str(caught.value).replace(store.url, "")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://h/x", "//@"])
def test_a_redirect_leads_to_http_alone(target: str) -> None:
    with Server(redirect(target, 302)) as store:
        with pytest.raises((ValueError, ConnectionFailedError)):
            content_of(URL(store.url, allow_private=True))


# What may be said


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/x",
        "file:///x",
        "/x",
        "https://",
        "https://u:p@h/x",
        "http://h:99999/",
        "",
    ],
)
def test_what_is_not_such_a_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        URL(url)


def test_json_has_urls_only_where_that_is_wanted(inverted: ModuleType) -> None:
    workflow, call = inverted.WORKFLOW, {"image": "https://h.example/me.png?sig=x"}
    with pytest.raises(InvalidParametersError, match=r'pass URL\("https://h.example'):
        workflow.parse(call)
    with pytest.raises(InvalidParametersError):
        workflow.parse_texts(call)
    assert not_in_pydantic(inverted, call)
    parsed = workflow.parse(call, urls=True)
    assert parsed.image == URL(call["image"])
    assert workflow.to_json(parsed)["image"] == call["image"]
    assert not parsed.image.allow_private
    assert "sig" not in repr(parsed)
    with pytest.raises(InvalidParametersError, match="image: a URL can't contain"):
        workflow.parse({"image": "https://u:p@h/x"}, urls=True)
    assert pickle.loads(pickle.dumps(parsed.image)) == parsed.image


def not_in_pydantic(module: ModuleType, call: dict[str, Any]) -> bool:
    from pydantic import TypeAdapter, ValidationError

    with pytest.raises(ValidationError):
        TypeAdapter(module.Parameters).validate_python(call)
    return True


def test_a_command_line_takes_urls(
    inverted: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--image", "https://h.example/me.png?sig=secret", "--dry-run"]
    assert main(inverted.WORKFLOW, ["--comfyui", *arguments]) == 0
    told = capsys.readouterr().out
    assert "https://h.example/" in told and "secret" not in told
    with pytest.raises(SystemExit):
        main(inverted.WORKFLOW, ["--image", "https://u:p@h/x"])
    assert "user name" in capsys.readouterr().err


# A file of an earlier result

IMAGES = {"3": {"images": [{"filename": "a.png", "subfolder": "s", "type": "output"}]}}


def test_comfyui_takes_its_own_files_by_name(inverted: ModuleType) -> None:
    with comfy(outputs=IMAGES) as found:
        client = ComfyUI(found.url)
        first = inverted.run(inverted.Parameters(), client=client)
        call = inverted.Parameters(image=first.outputs[0])
        inverted.run(call, client=client)
    assert found.prompts[1].prompt["1"]["inputs"]["image"] == "s/a.png [output]"
    assert found.uploads == {} and found.views == []


def test_another_server_gets_its_content(inverted: ModuleType) -> None:
    with comfy(outputs=IMAGES) as found, comfy() as other, Server(result()) as server:
        first = inverted.run(inverted.Parameters(), client=ComfyUI(found.url))
        call = inverted.Parameters(image=first.outputs[0])
        inverted.run(call, client=ComfyUI(other.url))
        inverted.run(call, client=ViewComfy(server.url, "the-id", "the-secret"))
        assert "image" in inverted.WORKFLOW.to_json(call)
    assert other.uploads == {"a.png": b"content of a.png"}
    assert server.requests[0].file("1-inputs-image").data == b"content of a.png"


def test_comfy_api_takes_its_own_files_as_assets(inverted: ModuleType) -> None:
    with comfy_api(outputs=[output("asset-1", node="3")]) as found:
        client = ComfyAPI(found.url)
        first = inverted.run(inverted.Parameters(), client=client)
        inverted.run(inverted.Parameters(image=first.outputs[0]), client=client)
    value = found.bodies[1]["workflow"]["1"]["inputs"]["image"]
    assert value == {"__type": "core/ASSET", "info": {"id": "asset-1"}}
    assert found.uploads == 0


def test_a_file_that_came_along_is_sent_as_it_is(inverted: ModuleType) -> None:
    file = OutputFile("a.png", "image/png", data=b"picture")
    with comfy() as found:
        call = inverted.Parameters(image=file)
        inverted.run(call, client=ComfyUI(found.url))
    assert found.uploads == {"a.png": b"picture"}
