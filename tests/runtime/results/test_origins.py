"""Errors that come after a run name it: the files of its result know where they are from."""

from __future__ import annotations

import asyncio
import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from viewcomfy_runtime import (
    ComfyUI,
    InvalidParametersError,
    NotFoundError,
    OutputFile,
    PromptResult,
    SaveError,
    ViewComfy,
    ViewComfyError,
)
from viewcomfy_runtime.testing import FakeClient, result_with

from ...helpers.servers import Answer, Server, result


async def _pieces(file: OutputFile) -> list[bytes]:
    return [piece async for piece in file.achunks()]


USES: dict[str, Callable[[OutputFile], object]] = {
    "read": lambda file: file.read(),
    "text": lambda file: file.text(),
    "chunks": lambda file: list(file.chunks()),
    "achunks": lambda file: asyncio.run(_pieces(file)),
    "copy_to": lambda file: file.copy_to(io.BytesIO()),
    "save": lambda file: file.save(Path("out")),
    "save_as": lambda file: file.save_as(Path("a.png")),
}


@pytest.mark.parametrize("use", USES)
def test_a_file_that_is_gone_names_its_run(
    module: ModuleType, use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    called = module.Parameters(steps=7, seed=None)
    with Server(Answer(404)) as store:
        file = {"filename": "a.png", "filepath": store.url + "/a.png"}
        with Server(result(prompt_id="p-7", outputs=[file])) as server:
            client = ViewComfy(server.url, "the-id", "the-secret", retries=0)
            made = module.run(called, client=client)
        with pytest.raises(NotFoundError) as caught:
            USES[use](made.outputs[0])
    assert caught.value.prompt_id == "p-7"
    assert caught.value.parameters is made.parameters
    assert caught.value.parameters.seed is not None
    assert caught.value.may_have_run


def test_a_call_that_is_not_valid_is_named_by_its_error(module: ModuleType) -> None:
    called = module.Parameters(steps=0)
    for use in (module.run, module.submit, module.WORKFLOW.events):
        with pytest.raises(InvalidParametersError) as caught:
            use(called, client=ComfyUI("http://127.0.0.1:9"))
        assert caught.value.parameters.steps == 0


@pytest.mark.parametrize(
    "save",
    [
        lambda made, folder: made.save(folder),
        lambda made, folder: made.outputs[0].save(folder),
        lambda made, folder: made.outputs[0].save_as(folder / "a.png"),
    ],
)
def test_a_disk_that_takes_no_file_names_the_run(
    module: ModuleType,
    tmp_path: Path,
    save: Callable[[PromptResult, Path], object],
) -> None:
    (tmp_path / "taken").write_bytes(b"a file")
    fake = FakeClient(module.WORKFLOW, [result_with("a.png", b"1", prompt_id="p-8")])
    made = module.run(module.Parameters(), client=fake)
    with pytest.raises(SaveError) as caught:
        save(made, tmp_path / "taken")
    assert caught.value.prompt_id == "p-8"
    assert caught.value.parameters is made.parameters


def test_a_batch_whose_files_cannot_be_saved_names_each_call(
    module: ModuleType, tmp_path: Path
) -> None:
    def save(parameters: object, made: PromptResult) -> None:
        raise OSError(28, "No space left on device")

    fake = FakeClient(module.WORKFLOW, [result_with("a.png", b"1", prompt_id="p-9")])
    calls = [module.Parameters(steps=steps) for steps in (1, 2)]
    for outcome in module.WORKFLOW.run_many(calls, client=fake, save=save):
        assert isinstance(outcome, SaveError)
        assert outcome.prompt_id == "p-9"
        assert outcome.parameters in calls


@pytest.mark.parametrize(
    "kept", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))]
)
def test_a_file_that_is_sent_away_takes_the_runs_name_along_and_not_its_call(
    module: ModuleType, kept: Callable[[OutputFile], OutputFile]
) -> None:
    broken = OutputFile("a.png", "image/png", data="not base64")
    made = result_with("b.png", b"2", prompt_id="p-1", outputs=(broken,))
    [file] = module.run(
        module.Parameters(), client=FakeClient(module.WORKFLOW, [made])
    ).outputs
    with pytest.raises(ViewComfyError) as caught:
        kept(file).read()
    assert caught.value.prompt_id == "p-1"
    assert caught.value.parameters is None
    assert kept(file) == file


def test_a_file_of_no_run_names_none() -> None:
    with pytest.raises(ViewComfyError) as caught:
        OutputFile("a.png", "image/png").read()
    assert (caught.value.prompt_id, caught.value.parameters) == (None, None)
