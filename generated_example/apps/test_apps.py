"""The apps' own tests: some on a stand-in, some on a local
ViewComfy that checks calls and answers over HTTP.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from apps import products
from apps.form import form
from apps.service import app
from portrait import WORKFLOW
from viewcomfy_codegen.serving import LocalViewComfy, running
from viewcomfy_runtime import ServerError
from viewcomfy_runtime.testing import Answer, FakeClient, result_with

PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6"
    "kgAAAABJRU5ErkJggg=="
)
WORKFLOW_FILE = Path(__file__).parents[1] / "workflow_api.json"


@pytest.fixture
def viewcomfy(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalViewComfy]:
    with running(WORKFLOW_FILE) as client:
        for name, value in client.environment.items():
            monkeypatch.setenv(name, value)
        yield client


def post(path: str, **data: str) -> httpx.Response:
    """What the service answers to an uploaded image and other fields of its form."""

    async def answer() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as web:
            return await web.post(path, files={"image": ("me.png", PNG)}, data=data)

    return asyncio.run(answer())


def test_the_service_answers_with_the_portrait(viewcomfy: LocalViewComfy) -> None:
    sent = post("/portraits", steps="5")
    assert sent.status_code == 200, sent.text
    assert sent.headers["content-type"] == "image/png"
    assert sent.content.startswith(b"\x89PNG")


def test_the_service_names_every_fault(viewcomfy: LocalViewComfy) -> None:
    sent = post("/portraits", steps="many")
    assert sent.status_code == 422
    assert "steps: must be a whole number" in sent.json()["message"]


def test_the_service_tells_of_a_run_while_it_goes_on(viewcomfy: LocalViewComfy) -> None:
    sent = post("/portraits/live")
    assert "event: log" in sent.text
    assert sent.text.rstrip().rpartition("event: ")[2].startswith("done")


def test_the_service_says_no_more_than_it_should(viewcomfy: LocalViewComfy) -> None:
    viewcomfy.fail_next("error")
    sent = post("/portraits")
    assert sent.status_code == 502
    assert viewcomfy.url not in sent.text


def test_a_batch_saves_what_it_can_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    photos, outputs = tmp_path / "photos", tmp_path / "outputs"
    photos.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (photos / name).write_bytes(PNG)
    answers: list[Answer] = [
        result_with("portrait_1.png", PNG),
        ServerError("out of memory", status=500),
    ]
    assert products.main(photos, outputs, FakeClient(WORKFLOW, answers)) == 2
    again = FakeClient(WORKFLOW, [result_with("portrait_1.png", PNG)])
    assert products.main(photos, outputs, again) == 0
    assert len(again.calls) == 2
    assert sorted(each.name for each in outputs.iterdir()) == [
        "a.png",
        "b.png",
        "c.png",
    ]


def test_the_form_has_every_parameter() -> None:
    page = form()
    for field in WORKFLOW.fields:
        assert f'name="{field.name}"' in page
