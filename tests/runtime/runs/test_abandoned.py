"""Runs whose listener is gone for good: they end, and nobody waits for them."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from viewcomfy_runtime import Call, Client, Deadline, Log, PromptResult, Watch
from viewcomfy_runtime.calls.call import QUIET
from viewcomfy_runtime.json_types import JsonValue
from viewcomfy_runtime.testing import result_with

from ...helpers.waiting import LONGEST, wait_until

GOLDEN = Path(__file__).parents[2] / "golden"


class Endless(Client):
    """Its runs write a log until they are canceled, but for the first ones."""

    def __init__(self, shorter: int = 0) -> None:
        self.ended = threading.Event()
        self._shorter = [result_with("a.png", b"a")] * shorter

    def run(
        self, call: Call, deadline: Deadline | None = None, watch: Watch = QUIET
    ) -> PromptResult:
        assert deadline is not None
        if self._shorter:
            return self._shorter.pop()
        try:
            while True:
                watch.notify(Log("still running"))
                deadline.sleep(0.01)
        finally:
            time.sleep(0.1)  # as a server would take to hear of it
            self.ended.set()

    def request(self, call: Call) -> Mapping[str, JsonValue]:
        return {}


def test_a_stream_ends_with_its_loop(module: ModuleType) -> None:
    endless = Endless()
    events = module.WORKFLOW.stream(module.Parameters(), client=endless)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(anext(events))
    loop.close()
    assert endless.ended.wait(LONGEST)


def test_an_awaited_run_ends_with_its_loop(module: ModuleType) -> None:
    endless = Endless()
    loop = asyncio.new_event_loop()
    heard = asyncio.Event()

    async def main() -> asyncio.Task[object]:
        run = module.arun(
            module.Parameters(), client=endless, on_log=lambda _: heard.set()
        )
        task = loop.create_task(run)
        await heard.wait()
        return task

    task = loop.run_until_complete(main())
    loop.close()
    assert endless.ended.wait(LONGEST)
    assert not task.done()
    task.get_coro().close()


IN_A_LOOP = """
events = text_to_image.WORKFLOW.events(text_to_image.Parameters(), client=Endless())
next(events)
"""
AWAITED = """
loop = asyncio.new_event_loop()
events = text_to_image.WORKFLOW.stream(text_to_image.Parameters(), client=Endless())
loop.run_until_complete(anext(events))
"""


@pytest.mark.parametrize("program", [IN_A_LOOP, AWAITED], ids=["events", "stream"])
def test_a_program_that_ends_waits_for_no_run_that_it_left(program: str) -> None:
    start = f"""
import asyncio, sys
sys.path[:0] = {[str(GOLDEN), str(GOLDEN.parents[1])]}
import text_to_image
from tests.runtime.runs.test_abandoned import Endless
"""
    done = subprocess.run(
        [sys.executable, "-c", start + program + "print('the end')"],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    assert done.stdout == "the end\n"


def test_leaving_a_batch_in_asynchronous_code_leaves_no_task_behind(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    endless = Endless(shorter=1)

    async def first() -> None:
        batch = [module.Parameters()] * 3
        async for _ in module.WORKFLOW.aiter_many(batch, client=endless):
            break

    with caplog.at_level("ERROR", "asyncio"):
        asyncio.run(first())
        assert endless.ended.wait(LONGEST)
        wait_until(lambda: not any(map(_is_of_a_batch, threading.enumerate())))
        gc.collect()
    assert "async_generator" not in caplog.text


def _is_of_a_batch(thread: threading.Thread) -> bool:
    return thread.name.startswith("viewcomfy-items")
