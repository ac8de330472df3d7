"""Under which names the server may be reached, and what its
links and files look like to a browser.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
import requests

from viewcomfy_codegen.serving.http.addresses import base_url
from viewcomfy_codegen.sockets import is_loopback

from ...helpers.local import HEADERS, served, serving
from ...helpers.support import text_to_image

PARAMS = {"params": (None, '{"3-inputs-steps": 1, "5-inputs-width": 16}')}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "10.0.0.1",
        "",
        "a b",
    ],
)
def test_a_foreign_host_is_refused_on_loopback(host: str) -> None:
    with serving(served(text_to_image())) as base:
        answer = requests.get(f"{base}/", headers={"Host": host}, timeout=30)
        call = requests.post(
            f"{base}/made", headers={**HEADERS, "Host": host}, files=PARAMS, timeout=30
        )
    assert {answer.status_code, call.status_code} <= {400, 421}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "app.localhost"])
def test_any_name_of_this_machine_is_taken_and_kept_in_links(host: str) -> None:
    with serving(served(text_to_image())) as base:
        own = f"{host}:{urlsplit(base).port}"
        answer = requests.get(f"{base}/", headers={"Host": own}, timeout=30)
    assert answer.json()["made"]["url"] == f"http://{own}/made"


def test_links_of_a_server_in_the_network_name_its_own_address() -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "server": ("192.168.1.5", 8000),
        "headers": [(b"host", b"evil.example")],
    }
    assert base_url(scope) == "http://192.168.1.5:8000"
    scope["headers"] = [(b"host", b"192.168.1.5:8000")]
    assert base_url(scope) == "http://192.168.1.5:8000"
    scope["headers"] = [(b"host", b"localhost:9000")]
    assert base_url(scope) == "http://localhost:9000"


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.2", True), ("::1", True), ("LOCALHOST", True), ("0.0.0.0", False)],
)
def test_loopback_is_told_from_other_addresses(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_files_are_never_shown_as_pages() -> None:
    headers = {**HEADERS, "x-viewcomfy-results": "links"}
    with serving(served(text_to_image())) as base:
        answer = requests.post(
            f"{base}/made", headers=headers, files=PARAMS, timeout=30
        ).json()
        [output] = answer["outputs"]
        file = requests.get(output["filepath"], timeout=30)
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("name", ["files", "results", "api", "schema"])
@pytest.mark.parametrize("wanted", ["data", "links"])
def test_a_workflow_may_have_any_name(name: str, wanted: str) -> None:
    headers = {**HEADERS, "x-viewcomfy-results": wanted}
    redirected = {**headers, "x-viewcomfy-fault": "redirect"}
    with serving(served(text_to_image(), name), served(text_to_image())) as base:
        listing = requests.get(f"{base}/", timeout=30).json()
        schema = requests.get(listing[name]["schema"], timeout=30)
        for each in (headers, redirected):
            answer = requests.post(
                listing[name]["url"], headers=each, files=PARAMS, timeout=30
            )
            assert answer.json()["status"] == "success"
    assert json.loads(schema.text)["properties"]
