"""Python blocks of the README and the guides run as they are printed, against local servers."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

import portrait
import viewcomfy_runtime
from viewcomfy_runtime import testing

from ..helpers.blocks import ROOT, Block, blocks
from ..helpers.comfy import comfy
from ..helpers.local import ID, SECRET, serving
from ..helpers.servers import Answer, Server

PAGES = (
    "README.md",
    "docs/command.md",
    "docs/running.md",
    "docs/guide.md",
    "docs/clients.md",
    "docs/serve.md",
)
MADE = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


def image() -> bytes:
    data = BytesIO()
    pillow = pytest.importorskip("PIL.Image")
    pillow.new("RGB", (64, 48), (200, 120, 40)).save(data, "JPEG")
    return data.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the blocks run: with the workflow and a photo."""
    shutil.copy(ROOT / "generated_example" / "workflow_api.json", tmp_path)
    (tmp_path / "me.jpg").write_bytes(image())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What a page takes as known: the imports, and the reader's own app."""
    fastapi = pytest.importorskip("fastapi")
    responses = pytest.importorskip("fastapi.responses")
    from viewcomfy_codegen.serving import Served, running

    call = portrait.Parameters(image=folder / "me.jpg", positive_prompt="…")

    def make_portrait(path: str, client: Any) -> portrait.Result:
        own = portrait.Parameters(image=Path(path), positive_prompt="…")
        return portrait.run(own, client=client)

    with contextlib.ExitStack() as servers:
        body = (folder / "workflow_api.json").read_bytes()
        url = servers.enter_context(serving(Served("portrait", body)))
        comfyui = servers.enter_context(comfy(outputs=MADE))
        monkeypatch.setenv("VIEWCOMFY_API_URL", f"{url}/portrait")
        monkeypatch.setenv("VIEWCOMFY_CLIENT_ID", ID)
        monkeypatch.setenv("VIEWCOMFY_CLIENT_SECRET", SECRET)
        found: dict[str, Any] = {
            **{
                each: getattr(viewcomfy_runtime, each)
                for each in viewcomfy_runtime.__all__
            },
            **{each: getattr(portrait, each) for each in portrait.__all__},
            **{each: getattr(testing, each) for each in ("FakeClient", "result_with")},
            **{"Annotated": Annotated, "AsyncIterator": AsyncIterator, "Path": Path},
            **{each: getattr(fastapi, each) for each in ("Depends", "Request")},
            "StreamingResponse": responses.StreamingResponse,
            "app": fastapi.FastAPI(),
            "ComfyUI": lambda *at, **other: viewcomfy_runtime.ComfyUI(
                *(at or (comfyui.url,)), **other
            ),
            "PNG": b"\x89PNG\r\n\x1a\n",
            "call": call,
            "calls": [call] * 2,
            "metrics": SimpleNamespace(timing=lambda *_, **__: None),
            "my_app": SimpleNamespace(make_portrait=make_portrait),
            "portrait": portrait,
            "result": portrait.run(call),
            "running": running,
        }
        yield found
        found.get("remove", lambda: None)()


@pytest.mark.parametrize(
    "block", [each for page in PAGES for each in blocks(page, "python")], ids=str
)
def test_a_block_of_python_runs(block: Block, names: dict[str, Any]) -> None:
    photo = Path("me.jpg").read_bytes()
    uri = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
    with contextlib.ExitStack() as stack:
        web = stack.enter_context(
            Server(Answer(200, photo, {"Content-Type": "image/jpeg"}))
        )
        instead = {
            'URL("https://example.com/me.png")': f'URL("{web.url}/me.png", allow_private=True)',
            "data:image/png;base64,…": uri,
            'key="…"': 'key="a-key"',
            '"X-API-Key": "…"': '"X-API-Key": "a-key"',
            'comfy_org="…"': 'comfy_org="a-key"',
            'run.comfy.app", "…"': 'run.comfy.app", "a-key"',
            "step_time=0.2": "step_time=0.002",
        }
        if "scheduler:8786" in block.text:
            instead["scheduler:8786"] = stack.enter_context(scheduler())
            import distributed

            names["distributed"] = distributed
        block.run(names, instead)


@contextlib.contextmanager
def scheduler() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_the_form_that_the_guide_shows_answers_with_an_image(
    names: dict[str, Any],
) -> None:
    from fastapi.testclient import TestClient

    [form] = [
        each for each in blocks("docs/guide.md", "python") if "parse_texts" in each.text
    ]
    form.run(names, {})
    photo = ("me.jpg", Path("me.jpg").read_bytes(), "image/jpeg")
    answer = TestClient(names["app"]).post(
        "/portraits", data={"steps": "4", "seed": "random"}, files={"image": photo}
    )
    assert answer.content.startswith(b"\x89PNG")


def test_the_test_that_the_servers_page_shows_passes(folder: Path) -> None:
    [shown] = [
        each
        for each in blocks("docs/serve.md", "python")
        if "def test_a_portrait" in each.text
    ]
    (folder / "test_portrait.py").write_text(shown.text, "utf-8")
    example = str(ROOT / "generated_example")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "viewcomfy_codegen.pytest_plugin",
            "test_portrait.py",
        ],
        env={**os.environ, "PYTHONPATH": example},
        capture_output=True,
        encoding="utf-8",
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
