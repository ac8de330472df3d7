"""Files at URLs, fetched by TypeScript modules in real runtimes: on with the call, and not into
one's own network.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_runtime.http.public import is_public

from ....helpers.servers import Answer, SentFile, Server, redirect, refusing, result
from ....helpers.support import Workflow, node
from ....helpers.typescript import EACH_RUNTIME, Failed, Runtime, bundled, module_text


def inverted() -> Workflow:
    """A workflow with one file."""
    return {
        "1": node("LoadImage", image="me.png"),
        "2": node("ImageInvert", image=["1", 0]),
        "3": node("SaveImage", images=["2", 0], filename_prefix="a"),
    }


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled({"made": module_text(inverted())}, tmp_path_factory.mktemp("m"))[
        "made"
    ]


@pytest.fixture(
    scope="module",
    params=EACH_RUNTIME,
)
def runtime(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    with Runtime(request.param) as found:
        yield found


def run(
    runtime: Runtime, module: Path, url: str, *, to: str, **given: Any
) -> dict[str, Any]:
    """What comes of a run with the file at a URL, sent to a server."""
    call = json.dumps({"image": url})
    client = {"kind": "ViewComfy", "url": to, "token": "secret"}
    fetching = given.pop("fetching", {})
    found: dict[str, Any] = runtime.do(
        module, "run", call=call, client=client, fetching=fetching, **given
    )
    return found


def picture(**about: Any) -> Answer:
    return Answer(200, b"picture", {"Content-Type": "image/png"}, **about)


def sent(server: Server) -> SentFile:
    return server.requests[-1].file("1-inputs-image")


def test_a_file_at_a_url_is_passed_on(runtime: Runtime, module: Path) -> None:
    with Server(picture()) as store, Server(result()) as server:
        url = f"{store.url}/a%20b/me%0d%22.png?sig=x"
        run(runtime, module, url, to=server.url, fetching={"allowPrivate": True})
    found = sent(server)
    assert found.data == b"picture"
    assert (found.filename, found.content_type) == ("me__.png", "image/png")
    assert "authorization" not in store.requests[0].headers


def test_a_type_that_the_name_leaves_open_is_the_servers(
    runtime: Runtime, module: Path
) -> None:
    with Server(picture()) as store, Server(result()) as server:
        fetching = {"allowPrivate": True}
        run(runtime, module, f"{store.url}/", to=server.url, fetching=fetching)
    assert (sent(server).filename, sent(server).content_type) == ("image", "image/png")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_this_machine_is_not_asked(runtime: Runtime, module: Path, host: str) -> None:
    with Server(picture()) as store, Server(result()) as server:
        with pytest.raises(Failed, match="image: .* isn't public") as caught:
            run(runtime, module, f"http://{host}:{store.port}/a", to=server.url)
    assert caught.value.name == "InvalidParametersError"
    assert caught.value.about["faults"][0]["parameter"] == "image"
    assert store.requests == server.requests == []


def test_a_name_of_an_address_that_is_public_is_asked(
    runtime: Runtime, module: Path
) -> None:
    with Server(picture()) as store, Server(result()) as server:
        url = f"http://public.example:{store.port}/a.png"
        addresses = {"public.example": "8.8.8.8"}
        run(runtime, module, url, to=server.url, addresses=addresses)
    assert sent(server).data == b"picture"
    assert store.requests[0].headers["host"] == f"public.example:{store.port}"


def test_a_redirect_is_checked_as_well(runtime: Runtime, module: Path) -> None:
    with (
        Server(picture()) as inside,
        Server(redirect(inside.url, 302)) as outside,
        Server(result()) as server,
    ):
        url = f"http://public.example:{outside.port}/a.png"
        addresses = {"public.example": "8.8.8.8"}
        with pytest.raises(Failed, match="isn't public"):
            run(runtime, module, url, to=server.url, addresses=addresses)
    assert len(outside.requests) == 1 and inside.requests == server.requests == []


ADDRESSES = """
    0.0.0.0 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 169.254.169.254 172.16.0.1
    172.31.255.255 192.168.1.1 192.0.0.1 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1
    203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 8.8.8.8 100.63.0.1 100.128.0.1 172.15.0.1
    172.32.0.1 192.167.0.1 192.1.0.1 198.17.0.1 198.20.0.1 11.0.0.1 126.0.0.1 128.0.0.1 1.1.1.1
    223.255.255.255
    :: ::1 ::ffff:10.0.0.1 fe80::1 fc00::1 fdff::1 fec0::1 ff02::1 64:ff9b::a00:1 2002:a00:1::
    2001:db8::1 2001::1 2001:10::1 100::1 2606:4700:4700::1111 2a00:1450:4001:81b::200e
    """.split()


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_addresses_that_are_public_are_those_of_python(
    address: str, runtime: Runtime, module: Path
) -> None:
    with Server(picture()) as store, Server(result()) as server:
        url = f"http://some.example:{store.port}/a.png"
        addresses = {"some.example": address}
        try:
            run(runtime, module, url, to=server.url, addresses=addresses)
        except Failed:
            pass
    assert bool(store.requests) == is_public(ipaddress.ip_address(address))


def test_a_file_that_is_too_large_is_not_fetched_whole(
    runtime: Runtime, module: Path
) -> None:
    with Server(Answer(200, b"x" * 100)) as store, Server(result()) as server:
        fetching = {"allowPrivate": True, "maxBytes": 10}
        with pytest.raises(Failed, match="has more than 10 bytes") as caught:
            run(runtime, module, store.url, to=server.url, fetching=fetching)
    assert caught.value.name == "InvalidParametersError" and server.requests == []


def test_the_calls_time_is_that_of_its_files(runtime: Runtime, module: Path) -> None:
    with Server(Answer(200, b"x", stalls=True, promised=9)) as store:
        about = {"fetching": {"allowPrivate": True}, "options": {"timeout": 0.5}}
        with pytest.raises(Failed) as caught:
            run(runtime, module, store.url, to="http://127.0.0.1:9", **about)
    assert caught.value.name == "RunTimeoutError"


def test_a_url_that_leads_nowhere_is_the_calls_fault(
    runtime: Runtime, module: Path
) -> None:
    about = {"fetching": {"allowPrivate": True}, "options": {"timeout": 5}}
    with Server(Answer(404)) as store, Server(result()) as server:
        with pytest.raises(Failed, match=f"image: {store.url} answered 404"):
            run(runtime, module, f"{store.url}/s", to=server.url, **about)
    with refusing() as store, pytest.raises(Failed) as caught:
        run(runtime, module, f"{store.url}/s", to=server.url, **about)
    assert caught.value.name == "ConnectionFailedError"
    assert caught.value.about["nothingSent"] is True
    assert "/s" not in str(caught.value).replace(store.url, "")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://h/x", "http://["])
@pytest.mark.parametrize("private", [True, False])
def test_a_redirect_leads_to_http_alone(
    target: str, private: bool, runtime: Runtime, module: Path
) -> None:
    with Server(redirect(target, 302)) as store, Server(result()) as server:
        url = f"http://public.example:{store.port}/a.png"
        if private:
            url = store.url
        addresses = {"public.example": "8.8.8.8"}
        fetching = {"allowPrivate": private}
        with pytest.raises(Failed, match="isn't a valid URL"):
            run(
                runtime,
                module,
                url,
                to=server.url,
                fetching=fetching,
                addresses=addresses,
            )
    assert server.requests == []


@pytest.mark.parametrize("url", ["https://u:p@h/x", "https://u@h/x"])
def test_a_url_with_credentials_is_refused(
    url: str, runtime: Runtime, module: Path
) -> None:
    call = json.dumps({"image": url})
    [fault] = runtime.do(module, "validate", call=call, fetching={})
    assert "user name" in fault["message"]


def test_json_has_urls_only_where_that_is_wanted(
    runtime: Runtime, module: Path
) -> None:
    call = json.dumps({"image": "https://example.com/a.png"})
    [fault] = runtime.do(module, "validate", call=call)
    assert "new RemoteFile(" in fault["message"]
    assert runtime.do(module, "validate", call=call, fetching={}) == []
