"""Following a run's events in a loop, blocking or asynchronously."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import (
    ComfyUI,
    Event,
    ExecutionError,
    Log,
    NotFoundError,
    OutputReady,
    Preview,
    Progress,
    RunCancelledError,
    RunTimeoutError,
    ServerError,
    Timeout,
    ViewComfy,
    ViewComfyError,
    on_run_end,
)
from viewcomfy_runtime.testing import FakeClient

from ...helpers.comfy import IMAGES, comfy
from ...helpers.servers import Answer, Server, event, result, stream
from ...helpers.waiting import LONGEST, wait_until

LINES = ("loading", " 50%|#####     | 1/2 [00:01<00:01]", "done")


def client(server: Server) -> ViewComfy:
    return ViewComfy(server.url, "id", "secret-0123456789", retries=0)


def a_run() -> Answer:
    events = [event("log_message", each) for each in LINES]
    return stream(*events, event("prompt_result", result().body.decode()))


def test_the_events_come_in_order_and_the_result_is_last(module: ModuleType) -> None:
    with Server(a_run()) as server:
        heard = list(module.WORKFLOW.events(module.Parameters(), client=client(server)))
    assert [each.line for each in heard if isinstance(each, Log)] == list(LINES)
    assert Progress(1, 2) in heard
    assert isinstance(heard[-1], module.Result)


def test_what_the_run_raises_is_raised_in_the_loop(module: ModuleType) -> None:
    with Server(Answer(500)) as server:
        with pytest.raises(ServerError) as caught:
            list(
                module.WORKFLOW.events(
                    module.Parameters(steps=3), client=client(server)
                )
            )
    assert caught.value.parameters.steps == 3


def test_leaving_the_loop_cancels_the_run_at_the_server(module: ModuleType) -> None:
    with comfy(held=True) as found:
        events = module.WORKFLOW.events(module.Parameters(), client=ComfyUI(found.url))
        next(events)
        found.running.append(found.pending.pop())
        events.close()
        wait_until(lambda: found.interrupted)


def test_a_stream_is_the_same_for_asynchronous_code(module: ModuleType) -> None:
    async def heard() -> list[Any]:
        with Server(a_run()) as server:
            events = module.WORKFLOW.stream(module.Parameters(), client=client(server))
            return [each async for each in events]

    found = asyncio.run(heard())
    assert [each.line for each in found if isinstance(each, Log)] == list(LINES)
    assert isinstance(found[-1], module.Result)


def test_callbacks_may_be_coroutine_functions_where_somebody_awaits(
    module: ModuleType,
) -> None:
    heard: list[str] = []

    async def hear(line: str) -> None:
        await asyncio.sleep(0)
        heard.append(line)

    async def main() -> None:
        with Server(a_run()) as server:
            await module.arun(module.Parameters(), client=client(server), on_log=hear)

    asyncio.run(main())
    assert heard == list(LINES)


def test_a_coroutine_function_is_refused_where_nobody_could_await_it(
    module: ModuleType,
) -> None:
    async def hear(line: str) -> None:
        raise AssertionError("never called")

    with pytest.raises(TypeError, match="on_log is a coroutine function"):
        module.run(module.Parameters(), on_log=hear)


async def _never(*_: object) -> None:
    raise AssertionError("never called")


@pytest.mark.parametrize("callback", [_never, partial(_never), lambda *_: _never()])
@pytest.mark.parametrize("way", ["on_log", "on_progress", "job", "on_result", "hook"])
def test_a_callback_that_nobody_awaits_is_never_passed_over_in_silence(
    module: ModuleType, callback: Callable[..., object], way: str
) -> None:
    events: list[Event] = [Log("one"), Progress(1, 2)]
    fake = FakeClient(module.WORKFLOW, progress=events)
    parameters = module.Parameters()
    ways: dict[str, Callable[[], object]] = {
        "on_log": lambda: module.run(parameters, client=fake, on_log=callback),
        "on_progress": lambda: module.run(
            parameters, client=fake, on_progress=callback
        ),
        "job": lambda: module.submit(parameters, client=fake).result(on_log=callback),
        "on_result": lambda: module.run_many(
            [parameters], client=fake, on_result=callback
        ),
        "hook": lambda: on_run_end(_never),
    }
    with pytest.raises(TypeError, match="coroutine"):
        ways[way]()


@pytest.mark.parametrize("awaited", [False, True])
def test_what_a_callback_raises_ends_the_run(module: ModuleType, awaited: bool) -> None:
    def stop(line: str) -> None:
        raise LookupError(line)

    with Server(a_run()) as server, pytest.raises(LookupError, match="loading"):
        if awaited:
            asyncio.run(
                module.arun(module.Parameters(), client=client(server), on_log=stop)
            )
        else:
            module.run(module.Parameters(), client=client(server), on_log=stop)


def test_a_job_has_events_too_and_leaving_them_lets_it_run(module: ModuleType) -> None:
    with comfy(outputs=IMAGES, lasting=0.3) as found:
        job = module.submit(module.Parameters(), client=ComfyUI(found.url))
        for _ in job.events(timeout=LONGEST):
            break
        assert job.result(timeout=LONGEST).image[0].filename == "a.png"
        assert not found.interrupted


def test_a_job_is_awaited_asked_after_and_cancelled_in_a_loop(
    module: ModuleType,
) -> None:
    async def main() -> None:
        with comfy(outputs=IMAGES) as found:
            keeper = ComfyUI(found.url)
            job = await module.WORKFLOW.asubmit(module.Parameters(), client=keeper)
            made = await job.aresult(timeout=LONGEST)
            assert await job.astatus() == "success"
            await job.acancel()
            assert made.parameters.steps == 20

    asyncio.run(main())


@pytest.mark.usefixtures("patient_ends")
def test_a_comfyui_reports_files_before_the_end_and_previews(
    module: ModuleType,
) -> None:
    told = [
        {"type": "executing", "data": {"node": "3"}},
        {"type": "executed", "data": {"node": "9", "output": IMAGES["9"]}},
    ]
    with comfy(outputs=IMAGES, events=told, unheard=True) as found:
        heard = list(
            module.WORKFLOW.events(module.Parameters(), client=ComfyUI(found.url))
        )
    ready = [each for each in heard if isinstance(each, OutputReady)]
    assert [each.file.node for each in ready] == ["9"]


def test_previews_are_read_in_both_forms() -> None:
    from viewcomfy_runtime.clients.previews import preview_in

    plain = (1).to_bytes(4, "big") + (2).to_bytes(4, "big") + b"\x89PNG"
    assert preview_in(plain, "p") == Preview(b"\x89PNG", "image/png")
    about = b'{"node_id": "3", "prompt_id": "p", "image_type": "image/jpeg"}'
    marked = (
        (4).to_bytes(4, "big") + len(about).to_bytes(4, "big") + about + b"\xff\xd8"
    )
    assert preview_in(marked, "p") == Preview(b"\xff\xd8", "image/jpeg", "3")
    assert preview_in(marked, "another") is None
    assert preview_in(b"\x00\x00", "p") is None


def test_a_timeout_may_be_for_one_phase(module: ModuleType) -> None:
    with comfy(outputs=IMAGES, held=True) as found:
        start = time.monotonic()
        with pytest.raises(
            RunTimeoutError, match="waiting in the queue took longer than 0.3 s"
        ):
            module.run(
                module.Parameters(),
                client=ComfyUI(found.url),
                timeout=Timeout(LONGEST, queue=0.3),
            )
        assert time.monotonic() - start < LONGEST / 2


def test_every_error_says_whether_a_repeat_is_wise() -> None:
    from viewcomfy_runtime import ConnectionFailedError, RateLimitedError, http_status

    busy = RateLimitedError("busy at https://secret.example", retry_after=3)
    assert (busy.retryable, busy.may_have_run, http_status(busy)) == (True, False, 503)
    assert "secret.example" not in busy.public_message
    broken = ConnectionFailedError("gone")
    assert broken.may_have_run
    assert not ConnectionFailedError("gone", nothing_sent=True).may_have_run
    assert http_status(RunTimeoutError("late")) == 504
    assert http_status(KeyError()) == 500


def test_without_a_client_one_is_kept_for_the_process(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewcomfy_runtime.clients.environment import shared_client

    monkeypatch.setenv("COMFYUI_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("VIEWCOMFY_API_URL", raising=False)
    first = shared_client()
    assert shared_client() is first
    monkeypatch.setenv("COMFYUI_URL", "http://127.0.0.1:10")
    assert shared_client() is not first


def test_a_client_closes_with_its_block(module: ModuleType) -> None:
    before = threading.active_count()
    with Server(result()) as server:
        with client(server) as own:
            assert module.run(module.Parameters(), client=own).completed

        async def main() -> None:
            async with client(server) as own:
                await module.arun(module.Parameters(), client=own)

        asyncio.run(main())
    alarms = 1
    wait_until(lambda: threading.active_count() <= before + alarms)


@pytest.mark.parametrize(
    "theirs",
    [
        NotFoundError("an earlier file is gone", prompt_id="earlier"),
        ExecutionError("another run failed", prompt_id="earlier"),
        RunCancelledError("cancelled there", at_server=True, prompt_id="earlier"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("awaited", [False, True])
def test_an_error_about_another_run_ends_this_one_and_stays_about_the_other(
    module: ModuleType, theirs: ViewComfyError, awaited: bool
) -> None:
    def fail(_: object) -> None:
        raise theirs

    theirs.parameters = "another call"
    events = [{"type": "executing", "data": {"node": "3"}}]
    with comfy(events=events, unheard=True, lasting=2 * LONGEST) as found:
        client = ComfyUI(found.url)
        with pytest.raises(type(theirs)) as caught:
            if awaited:
                asyncio.run(
                    module.arun(module.Parameters(), client=client, on_log=fail)
                )
            else:
                module.run(module.Parameters(), client=client, on_log=fail)
        assert len(found.interrupted) == 1
    assert caught.value.prompt_id == "earlier"
    assert caught.value.parameters == "another call"
