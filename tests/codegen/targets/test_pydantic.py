"""`Parameters` as pydantic and FastAPI take it."""

from __future__ import annotations

import base64
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from ...helpers.cases import CASES
from ...helpers.support import module_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return module_of(CASES["image_to_image"](), tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def client(module: ModuleType) -> TestClient:
    app = FastAPI()

    def paint(parameters: Any) -> dict[str, Any]:
        params, files = module.WORKFLOW.to_wire(parameters)
        return {"params": params, "files": sorted(files)}

    paint.__annotations__["parameters"] = module.Parameters
    app.post("/paint")(paint)
    return TestClient(app)


def test_a_body_becomes_parameters(client: TestClient) -> None:
    answer = client.post(
        "/paint", json={"image": "data:image/png;base64,AAAA", "steps": 30.0}
    )
    assert answer.status_code == 200
    assert answer.json()["params"]["3-inputs-steps"] == 30
    assert answer.json()["files"] == ["10-inputs-image"]


@pytest.mark.parametrize(
    "fault",
    [
        {"image": "/etc/passwd"},
        {"seed": -1},
        {"seed": 2**64},
        {"steps": 0},
        {"steps": True},
        {"cfg": "high"},
        {"cfg": False},
        {"nonsense": 1},
    ],
)
def test_a_bad_value_is_a_422(client: TestClient, fault: dict[str, Any]) -> None:
    assert client.post("/paint", json={"image": "data:,x", **fault}).status_code == 422


def test_a_missing_file_is_a_422(client: TestClient) -> None:
    assert client.post("/paint", json={}).status_code == 422


def test_openapi_shows_bounds_files_and_sentences(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    properties = schemas["Parameters"]["properties"]
    assert (properties["denoise"]["minimum"], properties["denoise"]["maximum"]) == (
        0,
        1,
    )
    assert properties["image"]["pattern"] == "^data:"
    assert properties["steps"]["description"].startswith("Number of denoising steps.")


def test_python_values_may_be_files(module: ModuleType) -> None:
    adapter = TypeAdapter(module.Parameters)
    assert adapter.validate_python({"image": Path("me.png")}).image == Path("me.png")
    with pytest.raises(ValidationError):
        adapter.validate_python({"image": 3})


def test_a_dump_as_json_can_be_read_back(module: ModuleType) -> None:
    adapter = TypeAdapter(module.Parameters)
    dumped = adapter.dump_json(module.Parameters(image=b"\x89PNG\r\n\x1a\n"))
    uri = adapter.validate_json(dumped).image
    assert uri.startswith("data:image/png;base64,")
    assert base64.b64decode(uri.partition(",")[2]) == b"\x89PNG\r\n\x1a\n"


def test_a_bare_name_in_json_is_refused(module: ModuleType) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(module.Parameters).validate_json('{"image": "me.png"}')
