"""Converted workflows are accepted and run by a real ComfyUI on this machine, whose address is in
COMFYUI_URL, such as http://127.0.0.1:8188. No model is needed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ....helpers.commands import run
from ....helpers.pages import Page

URL = os.environ.get("COMFYUI_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="COMFYUI_URL names no ComfyUI")

IMAGE = ["IMAGE"]
LONGEST = 60.0
"""Seconds that a run of these may take."""


def empty(page: Page, *values: Any, **fields: Any) -> Any:
    return page.add(
        "EmptyImage", *(values or (64, 48, 1, 255)), outputs=IMAGE, **fields
    )


def saved(page: Page, image: Any, prefix: str = "page_format") -> Page:
    page.add("SaveImage", prefix, takes={"images": image})
    return page


def plain() -> Page:
    page = Page()
    image = empty(page)
    scaled = page.add(
        *("ImageScale", "nearest-exact", 32, 32, "disabled"),
        takes={"image": image},
        outputs=IMAGE,
    )
    return saved(page, scaled)


def with_seed() -> Page:
    page = Page()
    noisy = page.add(
        *("ImageAddNoise", 7, "randomize", 0.5),
        takes={"image": empty(page)},
        outputs=IMAGE,
    )
    return saved(page, noisy)


def with_nodes_off() -> Page:
    page = Page()
    image = empty(page)
    passed = page.add("ImageInvert", takes={"image": image}, outputs=IMAGE, mode=4)
    page.nodes[-1]["inputs"][0]["type"] = "IMAGE"
    rerouted = page.add("Reroute", takes={"": passed}, outputs=["*"])
    saved(page, empty(page, mode=2), "muted")
    page.nodes[-1]["mode"] = 2
    return saved(page, rerouted)


def with_widgets_linked() -> Page:
    page = Page()
    width = page.add("PrimitiveInt", 96, "fixed", outputs=["INT"])
    height = page.add("PrimitiveNode", 40, "fixed", outputs=["INT"])
    return saved(page, empty(page, widgets={"width": width, "height": height}))


def with_subgraphs() -> Page:
    page = Page()
    outer = page.subgraph("1")
    inner = outer.subgraph("2")
    inner.result(
        inner.add(
            "ImageInvert", takes={"image": inner.port("image", "IMAGE")}, outputs=IMAGE
        )
    )
    image = empty(outer, widgets={"width": outer.port("width", "INT")}, id=20)
    outer.result(outer.add(inner.uuid, takes={"image": image}, outputs=IMAGE, id=21))
    used = page.add(outer.uuid, 80, widgets={"width": None}, outputs=IMAGE, id=30)
    return saved(page, used)


def with_a_group_node() -> Page:
    group = Page()
    empty(group)
    group.add("ImageInvert", takes={"image": None}, outputs=IMAGE)
    page = Page()
    page.extra = {
        "groupNodes": {"Blank": {"nodes": group.nodes, "links": [[0, 0, 1, 0, 1, "*"]]}}
    }
    return saved(page, page.add("workflow>Blank", 72, 56, 1, 0, outputs=IMAGE))


def with_use_everywhere() -> Page:
    page = saved(Page(), None)
    image = empty(page)
    page.add("Anything Everywhere", takes={"anything": image})
    ends = {
        "upstream": image,
        "upstream_slot": 0,
        "downstream": 1,
        "downstream_slot": 0,
    }
    page.extra = {"ue_links": [ends]}
    return page


@pytest.mark.parametrize(
    "build",
    [
        plain,
        with_seed,
        with_nodes_off,
        with_widgets_linked,
        with_subgraphs,
        with_a_group_node,
        with_use_everywhere,
    ],
)
def test_a_converted_workflow_runs(build: Callable[[], Page], tmp_path: Path) -> None:
    file = tmp_path / "page.json"
    file.write_bytes(build().data)
    ran = run("convert", file, "--object-info", URL)
    assert ran.exit_code == 0, ran.stderr
    answer = requests.post(
        f"{URL}/prompt", json={"prompt": json.loads(ran.stdout)}, timeout=LONGEST
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["node_errors"] == {}
    assert outcome(answer.json()["prompt_id"]) == "success"


def outcome(prompt: str) -> str:
    """How the run ended, once it has."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        history = requests.get(f"{URL}/history/{prompt}", timeout=LONGEST).json()
        if prompt in history:
            return str(history[prompt]["status"]["status_str"])
        time.sleep(0.2)
    return "still running"
