"""A client that nobody holds any more is gone, and its secrets with it, however its run ended.

What keeps a run alive until the garbage collector comes by keeps its files in memory too, and hides
its secrets in texts of others.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import platform
import weakref
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeAlias

import pytest

from viewcomfy_runtime import (
    ComfyAPI,
    ComfyUI,
    ViewComfy,
    ViewComfyApp,
    ViewComfyError,
    ViewComfyGateway,
)

from ...helpers.servers import Answer, Server, event, refusing
from ...helpers.waiting import wait_until

pytestmark = pytest.mark.skipif(
    platform.python_implementation() != "CPython", reason="counts no references"
)

SECRET = "the-secret"
Use: TypeAlias = Callable[[ModuleType, Any], object]

KINDS: dict[str, Callable[[str], Any]] = {
    "ViewComfy": lambda url: ViewComfy(url, "the-id", SECRET, retries=0),
    "ViewComfyGateway": lambda url: ViewComfyGateway(
        "https://h", "the-id", SECRET, base=url, retries=0
    ),
    "ViewComfyApp": lambda url: ViewComfyApp(url, retries=0),
    "ComfyUI": lambda url: ComfyUI(url, headers={"X-API-Key": SECRET}, retries=0),
    "ComfyAPI": lambda url: ComfyAPI(url, SECRET, retries=0),
}


def awaited(module: ModuleType, client: Any) -> None:
    async def fail() -> None:
        with contextlib.suppress(ViewComfyError):
            await module.arun(module.Parameters(), client=client, timeout=0.1)

    asyncio.run(fail())


def events(module: ModuleType, client: Any) -> None:
    list(module.WORKFLOW.events(module.Parameters(), client=client, timeout=0.1))


def streamed(module: ModuleType, client: Any) -> None:
    async def fail() -> None:
        stream = module.WORKFLOW.stream(module.Parameters(), client=client, timeout=0.1)
        with contextlib.suppress(ViewComfyError):
            async for _ in stream:
                pass

    asyncio.run(fail())


WAYS: dict[str, Use] = {
    "run": lambda module, client: module.run(
        module.Parameters(), client=client, timeout=0.1
    ),
    "heard": lambda module, client: module.run(
        module.Parameters(), client=client, timeout=0.1, on_log=print
    ),
    "awaited": awaited,
    "events": events,
    "streamed": streamed,
}


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing goes but what nobody holds."""
    gc.disable()
    yield
    gc.enable()


def is_released(use: Use, module: ModuleType, kind: str, url: str) -> None:
    # Made here: before Python 3.11, a caller holds the arguments of its call.
    client = KINDS[kind](url)
    left = weakref.ref(client)
    with contextlib.suppress(ViewComfyError):
        use(module, client)
    client.close()
    del client
    wait_until(lambda: left() is None)


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_client_whose_run_failed_is_released(
    module: ModuleType, way: str, kind: str
) -> None:
    with Server(Answer(401)) as server, refusing() as refuses:
        for url in (server.url, refuses.url):
            is_released(WAYS[way], module, kind, url)


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_client_whose_run_took_too_long_is_released(
    module: ModuleType, way: str, kind: str
) -> None:
    with Server(Answer(silent=True)) as server:
        is_released(WAYS[way], module, kind, server.url)


@pytest.mark.usefixtures("uncollected")
def test_a_client_whose_events_were_left_is_released(module: ModuleType) -> None:
    def leave(module: ModuleType, client: Any) -> None:
        events = module.WORKFLOW.events(module.Parameters(), client=client)
        next(events)
        events.close()

    async def left(module: ModuleType, client: Any) -> None:
        stream = module.WORKFLOW.stream(module.Parameters(), client=client)
        await anext(stream)
        await stream.aclose()

    endless = Answer(
        headers={"Content-Type": "text/event-stream"},
        pieces=[event("log_message", "a line")],
        stalls=True,
    )
    with Server(endless) as server:
        for use in (leave, lambda module, client: asyncio.run(left(module, client))):
            is_released(use, module, "ViewComfy", server.url)
