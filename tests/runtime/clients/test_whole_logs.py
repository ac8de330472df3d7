"""Quick runs, one after the other, are told whole by every client that tells of a run.

A run that is over in a moment ends before its client has begun to listen, or before what it told
has arrived. With COMFYUI_TEST_URL, the same is tested on a real ComfyUI. With
VIEWCOMFY_APP_TEST_URL, runs on a real ViewComfy app in front of a ComfyUI are tested to give their
files; it tells nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import pytest

from viewcomfy_codegen.serving.executors.executor import Artifact, Execution
from viewcomfy_runtime import (
    ComfyAPI,
    ComfyUI,
    ViewComfy,
    ViewComfyApp,
    ViewComfyGateway,
)
from viewcomfy_runtime.calls.call import Client

from ...helpers.comfy import comfy
from ...helpers.local import ID, SECRET, served, serving
from ...helpers.support import module_of, node

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("patient_ends")]

RUNS = 25
LINES = ["got prompt", *(f"line {number}" for number in range(20)), "Prompt executed"]
WORKFLOW = {
    "1": node("EmptyImage", width=8, height=8, batch_size=1, color=0),
    "2": node("ImageInvert", image=["1", 0]),
    "3": node("SaveImage", images=["2", 0], filename_prefix="quick"),
}

Place: TypeAlias = Callable[[str], Client]


class Talkative:
    """An executor that says all its lines at once and makes one file."""

    def stored(self, folder: Path | None) -> None:
        return None

    def execute(self, execution: Execution) -> list[Artifact]:
        for line in LINES:
            execution.report(line)
        return [Artifact("quick.txt", "text/plain", b"done", "3")]


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    return module_of(WORKFLOW, tmp_path)


def heard_of(module: ModuleType, client: Client, seed: int) -> list[str]:
    heard: list[str] = []
    call = module.Parameters(color=seed)
    result = module.run(call, client=client, on_log=heard.append)
    assert list(result.logs) == heard
    return heard


@pytest.mark.parametrize(
    "place",
    [
        lambda url: ViewComfy(f"{url}/made", ID, SECRET),
        lambda url: ViewComfyGateway(f"{url}/made", ID, SECRET, base=url),
        lambda url: ComfyAPI(url, SECRET),
    ],
    ids=["ViewComfy", "ViewComfyGateway", "ComfyAPI"],
)
def test_quick_runs_on_a_local_viewcomfy_are_logged_whole(
    module: ModuleType, place: Place
) -> None:
    with serving(served(WORKFLOW), executor=Talkative()) as url:
        client = place(url)
        for number in range(RUNS):
            assert heard_of(module, client, number) == LINES


def told_of_nodes(*nodes: str) -> list[dict[str, Any]]:
    return [{"type": "executing", "data": {"node": each}} for each in nodes]


@pytest.mark.parametrize("hasty", [False, True])
def test_quick_runs_on_a_comfyui_are_logged_whole(
    module: ModuleType, hasty: bool
) -> None:
    events = told_of_nodes("1", "2", "3")
    with comfy(events=events, hasty=hasty, delay=0.0, lasting=0.0) as found:
        for number in range(RUNS):
            assert heard_of(module, ComfyUI(found.url), number) == [
                "node 1 (EmptyImage)",
                "node 2 (ImageInvert)",
                "node 3 (SaveImage)",
            ]


@pytest.fixture
def real(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL in an environment variable."""
    if not os.environ.get(request.param):
        pytest.skip(f"needs a server at {request.param}")
    yield os.environ[request.param]


@pytest.mark.parametrize("real", ["COMFYUI_TEST_URL"], indirect=True)
def test_quick_runs_on_a_real_comfyui_are_logged_whole(
    module: ModuleType, real: str
) -> None:
    for number in range(RUNS):
        # Its cache is for the nodes whose values are those of an earlier run.
        heard = heard_of(module, ComfyUI(real), 1000 * os.getpid() % 65_536 + number)
        assert [line for line in heard if line.startswith("node ")] == [
            "node 1 (EmptyImage)",
            "node 2 (ImageInvert)",
            "node 3 (SaveImage)",
        ]


@pytest.mark.parametrize("real", ["VIEWCOMFY_APP_TEST_URL"], indirect=True)
def test_short_runs_on_a_real_app_give_their_files(
    module: ModuleType, real: str
) -> None:
    for number in range(RUNS):
        # The app never hears of the end of a run that is over before it knows the run's id, so
        # that these must last some tenths of a second.
        color = 1000 * os.getpid() % 65_536 + number
        call = module.Parameters(width=2048, height=2048, color=color)
        client = ViewComfyApp(real)
        result = module.run(call, client=client, override_workflow=True, timeout=60)
        assert [each.content_type for each in result.outputs] == ["image/png"]
        assert result.outputs[0].read().startswith(b"\x89PNG")
