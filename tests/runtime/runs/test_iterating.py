"""Batches whose outcomes a loop takes one by one, also in asynchronous code."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import PromptResult, RunTimeoutError, ServerError

from ...helpers.batches import calls, client, echo
from ...helpers.servers import Answer, Request, Server, result
from ...helpers.waiting import LONGEST

OUTPUT = {"filename": "fox.png", "content_type": "image/png", "data": "Zm94"}


def prompts(ended: list[tuple[Any, object]]) -> list[str]:
    return [parameters.positive_prompt for parameters, _ in ended]


def test_outcomes_come_as_they_end(module: ModuleType) -> None:
    second_came = threading.Event()

    def answer(request: Request) -> Answer:
        if request.params["6-inputs-text"] == "0":
            assert second_came.wait(LONGEST)
        return echo(request)

    with Server(answer) as server:
        ended = module.WORKFLOW.iter_many(calls(module, 2), client=client(server.url))
        first = next(ended)
        second_came.set()
        assert prompts([first, *ended]) == ["1", "0"]


def test_outcomes_come_in_the_order_of_the_calls_if_asked(module: ModuleType) -> None:
    second_ended = threading.Event()

    def answer(request: Request) -> Answer:
        if request.params["6-inputs-text"] == "0":
            assert second_ended.wait(LONGEST)
        return echo(request)

    def save(parameters: Any, _: object) -> None:
        if parameters.positive_prompt == "1":
            second_ended.set()

    with Server(answer) as server:
        ended = module.WORKFLOW.iter_many(
            calls(module, 2), client=client(server.url), ordered=True, save=save
        )
        assert prompts(list(ended)) == ["0", "1"]


def test_asynchronous_code_gets_each_with_its_result_or_error(
    module: ModuleType,
) -> None:
    async def ended() -> dict[str, object]:
        with Server(echo) as server:
            made = module.WORKFLOW.aiter_many(
                calls(module, 4), client=client(server.url)
            )
            return {each.positive_prompt: outcome async for each, outcome in made}

    found = asyncio.run(ended())
    assert sorted(found) == ["0", "1", "2", "3"]
    assert isinstance(found.pop("2"), ServerError)
    assert all(isinstance(each, PromptResult) for each in found.values())


def test_asynchronous_code_that_leaves_the_loop_starts_no_more(
    module: ModuleType,
) -> None:
    taken = []

    def more() -> Any:
        for each in calls(module, 50):
            taken.append(each)
            yield each

    async def first() -> None:
        with Server(echo) as server:
            ended = module.WORKFLOW.aiter_many(
                more(), client=client(server.url), max_concurrency=2
            )
            async for _ in ended:
                break
            await ended.aclose()

    asyncio.run(first())
    assert len(taken) < 10


@pytest.mark.parametrize(("attempts", "works"), [(1, False), (2, True)])
def test_a_call_that_certainly_did_not_run_is_tried_again_where_asked(
    module: ModuleType, attempts: int, works: bool
) -> None:
    asked = 0

    def busy_once(_: Request) -> Answer:
        nonlocal asked
        asked += 1
        return Answer(503) if asked == 1 else result()

    with Server(busy_once) as server:
        ended = module.WORKFLOW.iter_many(
            calls(module, 1), client=client(server.url), attempts=attempts
        )
        [(_, outcome)] = ended
    assert isinstance(outcome, PromptResult) is works
    assert outcome.attempt == attempts


def test_a_call_is_not_tried_again_once_its_time_is_over(module: ModuleType) -> None:
    busy = Answer(429, headers={"Retry-After": "20"})
    with Server(busy) as server:
        [(_, outcome)] = module.WORKFLOW.iter_many(
            calls(module, 1), client=client(server.url), attempts=3, timeout=0.5
        )
        assert len(server.requests) <= 1
    assert isinstance(outcome, RunTimeoutError)


@pytest.mark.parametrize(
    "options", [{"attempts": 0}, {"max_concurrency": -1}, {"attempts": "3"}]
)
def test_limits_are_whole_numbers_of_at_least_one(
    module: ModuleType, options: dict[str, Any]
) -> None:
    with pytest.raises((ValueError, TypeError), match=next(iter(options))):
        module.WORKFLOW.iter_many([], client=client("http://h"), **options)


def test_results_are_saved_in_a_folder_by_the_worker(
    module: ModuleType, tmp_path: Path
) -> None:
    with Server(result(outputs=[OUTPUT])) as server:
        list(
            module.WORKFLOW.iter_many(
                calls(module, 2), client=client(server.url), save=tmp_path
            )
        )
    saved = [each for each in tmp_path.rglob("*.png")]
    assert [each.read_bytes() for each in saved] == [b"fox", b"fox"]


def test_a_modules_own_function_tries_again_and_saves_too(
    module: ModuleType, tmp_path: Path
) -> None:
    def save(parameters: Any, made: PromptResult) -> Path:
        name = f"{parameters.positive_prompt}.png"
        return made.outputs[0].save_as(tmp_path / name)

    answers = [Answer(503), result(outputs=[OUTPUT])]
    with Server(*answers) as server:
        [outcome] = module.run_many(
            calls(module, 1), client=client(server.url), attempts=2, save=save
        )
    assert outcome.attempt == 2
    assert outcome.saved == (tmp_path / "0.png",)
    assert outcome.saved[0].read_bytes() == b"fox"
