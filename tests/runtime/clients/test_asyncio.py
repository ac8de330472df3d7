"""Runs that are awaited."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import ComfyUI, RunTimeoutError, ViewComfy

from ...helpers.servers import Answer, Server, result, stream
from ...helpers.streaming import client, log
from ...helpers.waiting import LONGEST


def test_many_runs_are_awaited_at_once(module: Any) -> None:
    def answer(request: Any) -> Answer:
        arrived.wait()
        return result(prompt_id=request.params["6-inputs-text"])

    arrived = threading.Barrier(20, timeout=LONGEST)

    async def all_at_once(own: ViewComfy) -> list[str]:
        calls = (module.Parameters(positive_prompt=str(n)) for n in range(20))
        runs = (module.arun(each, client=own) for each in calls)
        return [each.prompt_id for each in await asyncio.gather(*runs)]

    with Server(answer) as server:
        found = asyncio.run(all_at_once(client(server)))
    assert found == [str(n) for n in range(20)]


def test_an_awaited_runs_log_arrives_in_the_event_loop(module: Any) -> None:
    threads: list[tuple[str, int]] = []

    async def run(own: ViewComfy) -> None:
        await module.arun(
            module.Parameters(),
            client=own,
            on_log=lambda line: threads.append((line, threading.get_ident())),
        )

    with Server(stream(*log("one", "two"))) as server:
        asyncio.run(run(client(server)))
    here = threading.get_ident()
    assert threads == [("one", here), ("two", here)]


def test_what_a_callback_raises_ends_an_awaited_run(module: ModuleType) -> None:
    def fail(_: str) -> None:
        raise LookupError("mine")

    endless = Answer(
        headers={"Content-Type": "text/event-stream"}, pieces=log("one"), stalls=True
    )
    with Server(endless) as server, pytest.raises(LookupError, match="mine"):
        asyncio.run(
            module.arun(module.Parameters(), client=client(server), on_log=fail)
        )


def test_a_callback_that_never_ends_does_not_outlast_the_run(module: Any) -> None:
    async def hang(_: str) -> None:
        await asyncio.Event().wait()

    endless = Answer(
        headers={"Content-Type": "text/event-stream"}, pieces=log("one"), stalls=True
    )
    with Server(endless) as server, pytest.raises(RunTimeoutError):
        run = module.arun(
            module.Parameters(), client=client(server), on_log=hang, timeout=1
        )
        asyncio.run(run)


def test_an_awaited_run_takes_functions_as_callbacks(module: Any) -> None:
    run = module.arun(module.Parameters(), client=ComfyUI("h:1"), on_log=3)
    with pytest.raises(TypeError, match="a callback must be a function, not 3"):
        asyncio.run(run)


def test_cancelling_an_awaited_run_ends_its_request(module: Any) -> None:
    begun, gone = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        begun.set()
        try:
            while True:
                time.sleep(0.02)
                yield b": still there\n"
        except GeneratorExit:
            gone.set()
            raise

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            return pieces()

    async def run(own: ViewComfy) -> None:
        task = asyncio.create_task(
            module.arun(module.Parameters(), client=own, on_log=print)
        )
        assert await asyncio.to_thread(begun.wait, LONGEST)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    endless = Answer(headers={"Content-Type": "text/event-stream"}, pieces=Endless())
    with Server(endless) as server:
        asyncio.run(run(client(server)))
        assert gone.wait(LONGEST)
