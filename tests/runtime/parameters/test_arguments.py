"""Arguments of other types than those that are meant are refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_runtime import (
    URL,
    ComfyAPI,
    ComfyUI,
    InvalidParametersError,
    Stored,
    Upload,
    ViewComfy,
)
from viewcomfy_runtime.parameters.types import short
from viewcomfy_runtime.results.result import PromptResult

from ...helpers.cases import image_to_image
from ...helpers.support import module_of

ANY: Any = 5


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    return module_of(image_to_image(), tmp_path)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (Upload(b"x", ANY), "the file name of an Upload must be a string, not int"),
        (Upload(b"x", "a.png", ANY), "the type of an Upload must be a string, not int"),
        (Upload(ANY), "an Upload takes a Path, bytes, .* not int"),
        (Upload(Stored("x")), "an Upload takes a Path, bytes, .* not Stored"),  # type: ignore[arg-type]
    ],
)
def test_an_upload_is_made_of_a_file_and_texts(
    module: ModuleType, upload: Upload, words: str
) -> None:
    with pytest.raises(InvalidParametersError, match=words):
        module.WORKFLOW.to_wire(module.Parameters(image=upload))


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: ViewComfy("http://h", ANY, "the-secret"), "must be strings"),
        (lambda: ComfyUI("http://h", headers=ANY), "headers must be a mapping"),
        (lambda: ComfyUI("http://h", headers={"a": ANY}), "'a' and its value must be"),
        (lambda: ComfyUI("http://h", api_key_comfy_org=ANY), "must be a string"),
        (lambda: ComfyUI("http://h", session=ANY), "session must be a requests.Ses"),
        (lambda: ComfyUI("http://h", retries="x"), "retries must be a whole number"),  # type: ignore[arg-type]
        (lambda: ComfyAPI("http://h", api_key_comfy_org=ANY), "must be a string"),
        (lambda: ComfyAPI("http://h", labels=ANY), "labels must be a mapping"),
        (lambda: list(ComfyAPI("http://h").jobs(ANY)), "label must be a mapping"),
        (lambda: URL(ANY), "a URL must be a string, not 5"),
        (lambda: URL("http://h", max_bytes="x"), "max_bytes must be a whole number"),  # type: ignore[arg-type]
    ],
)
def test_what_a_client_is_made_of_has_its_types(
    use: Callable[[], object], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        use()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_concurrency": "8"}, "max_concurrency must be a whole number, not '8'"),
        ({"max_concurrency": 2.5}, "max_concurrency must be a whole number, not 2.5"),
        ({"attempts": "x"}, "attempts must be a whole number"),
        ({"save": 5}, "save must be a folder or a function, not 5"),
        ({"executor": 5}, "executor must be a concurrent.futures.Executor, not 5"),
    ],
)
def test_a_batch_has_its_types(
    module: ModuleType, options: dict[str, Any], words: str
) -> None:
    calls = [module.Parameters(image=b"x")]
    with pytest.raises(TypeError, match=words):
        list(module.WORKFLOW.iter_many(calls, client=ComfyUI("http://h"), **options))


def test_callbacks_are_functions(module: ModuleType) -> None:
    parameters, client = module.Parameters(image=b"x"), ComfyUI("http://h")
    with pytest.raises(TypeError, match="on_log must be a function, not 5"):
        module.run(parameters, client=client, on_log=5)
    with pytest.raises(TypeError, match="on_result must be a function, not 5"):
        module.run_many([parameters], client=client, on_result=5)


def test_a_call_is_the_modules_own(module: ModuleType) -> None:
    for use in (module.WORKFLOW.to_wire, module.WORKFLOW.to_json):
        with pytest.raises(TypeError, match=r"a call must be Parameters\(…\) of this"):
            use({})


@pytest.mark.parametrize(
    "pattern", ["{index:>9999999999}", "{index:{stem}}", "{stem!r}"]
)
def test_a_pattern_of_names_cannot_fill_the_memory(
    pattern: str, tmp_path: Path
) -> None:
    answer = {"prompt_id": "p", "outputs": [{"filename": "a.png", "data": "AAAA"}]}
    result = PromptResult.from_wire(answer, params={})
    with pytest.raises(ValueError, match="can only have a width"):
        result.save(tmp_path, name=pattern)
    [saved] = result.save(tmp_path, name="{stem}-{index:03}{ext}")
    assert saved.name == "a-001.png"


@pytest.mark.parametrize(
    ("value", "says"), [(object(), "an object"), (0j, "a complex")]
)
def test_a_value_that_is_not_json_is_named_by_its_class(
    value: object, says: str
) -> None:
    assert short(value) == says
