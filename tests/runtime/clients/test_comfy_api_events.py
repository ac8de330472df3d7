"""What is heard of a run through Comfy API v2, over a stream or without one."""

from __future__ import annotations

import base64
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import (
    Event,
    Log,
    OutputReady,
    Preview,
    Progress,
    Queued,
)

from ...helpers.comfy_api import PROGRESS, Api, client, comfy_api, output


def events_of(module: ModuleType, found: Api, **options: Any) -> list[Event]:
    heard = module.WORKFLOW.events(module.Parameters(), client=client(found), **options)
    return list(heard)[:-1]


PICTURE = base64.b64encode(b"jpeg").decode()


def test_events_become_those_of_the_runtime(module: ModuleType) -> None:
    told: list[tuple[str, Any]] = [
        ("progress", PROGRESS),
        ("progress", {**PROGRESS, "step": 2}),
        (
            "preview",
            {"node_id": "3", "content_type": "image/jpeg", "data_base64": PICTURE},
        ),
        ("preview", {"data_base64": "!"}),
        ("output", output("asset-1")),
        ("output", output("asset-1")),
        ("log", {"level": "info", "message": "a line"}),
        ("new kind", {"x": 1}),
        ("progress", "no json"),
        ("progress", "[]"),
    ]
    made = [output("asset-1")]
    with comfy_api(events=told, outputs=made, unheard=True) as found:
        heard = events_of(module, found)
    assert Queued(3) in heard
    assert [each for each in heard if isinstance(each, Progress)] == [
        Progress(1, 2, "3"),
        Progress(2, 2, "3"),
    ]
    assert [each for each in heard if isinstance(each, Preview)] == [
        Preview(b"jpeg", "image/jpeg", "3")
    ]
    assert [each.line for each in heard if isinstance(each, Log)] == [
        "node 3 (KSampler)",
        "a line",
    ]
    [ready] = [each for each in heard if isinstance(each, OutputReady)]
    assert ready.file.node == "9"


@pytest.mark.parametrize(
    "behavior",
    [
        {"streams": 501},
        {"streams": 429},
        {"streams": 500},
        {"stops": True},
        {"late": [("output", output("asset-1"))]},
    ],
)
def test_a_stream_that_fails_costs_neither_the_result_nor_a_file(
    module: ModuleType, behavior: dict[str, Any]
) -> None:
    with comfy_api(outputs=[output("asset-1")], **behavior) as found:
        heard = events_of(module, found)
    assert len([each for each in heard if isinstance(each, OutputReady)]) == 1


def test_a_stream_that_failed_is_opened_again(module: ModuleType) -> None:
    told = [("log", {"message": "a line"})]
    with comfy_api(streams=500, events=told, unheard=True) as found:
        events = module.WORKFLOW.events(module.Parameters(), client=client(found))
        next(events)  # the first question, since there is no stream
        found.streams = 200
        assert Log("a line") in [*events]


def test_progress_is_polled_where_there_is_no_stream(module: ModuleType) -> None:
    steps: list[Progress] = []
    with comfy_api(streams=501, held=True) as found:
        job = module.WORKFLOW.submit(module.Parameters(), client=client(found))
        state = found.jobs[job.prompt_id]
        state["progress"] = PROGRESS

        def finish(step: Progress) -> None:
            steps.append(step)
            state["status"] = "succeeded"

        job.result(on_progress=finish)
    assert steps == [Progress(1, 2, "3")]


def test_a_node_has_its_class_where_the_server_gives_none(module: ModuleType) -> None:
    told = [("progress", {**PROGRESS, "current_node_class": None})]
    with comfy_api(events=told, unheard=True) as found:
        assert Log("node 3 (KSampler)") in events_of(module, found)


@pytest.mark.usefixtures("patient_ends")
def test_quick_runs_are_logged_whole(module: ModuleType) -> None:
    lines = ["one", "two", "three"]
    told = [("log", {"message": line}) for line in lines]
    with comfy_api(events=told, lasting=0.0) as found:
        for _ in range(25):
            heard: list[str] = []
            module.run(module.Parameters(), client=client(found), on_log=heard.append)
            assert heard == lines
