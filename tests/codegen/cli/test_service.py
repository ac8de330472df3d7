"""`service` writes a web service that works as written, and never over somebody's work."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from viewcomfy_codegen.targets.openapi import openapi_document

from ...helpers.cases import image_to_image
from ...helpers.commands import run
from ...helpers.services import CODE, KEY, serving_runs, written
from ...helpers.support import made, schema, text_to_image

LINTED = ("check", "--isolated", "--select", "E,F,W,I,B,UP", "--line-length", "100")


def service(source: Path, *options: str) -> Result:
    return run("service", source, "-o", source.parent / "service", *options)


def passes(folder: Path, *command: str) -> None:
    """Runs a module of Python in the folder of a service."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CODE), "MYPYPATH": str(CODE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "workflow", [pytest.param(text_to_image, marks=pytest.mark.heavy), image_to_image]
)
def test_its_own_tests_pass_as_written(workflow: Any, tmp_path: Path) -> None:
    folder = written(workflow(), tmp_path, "painter")
    passes(folder, "pytest", "-q", "-p", "no:cacheprovider")


def test_the_service_is_clean(tmp_path: Path) -> None:
    folder = written(image_to_image(), tmp_path, "cleaner")
    passes(folder, "ruff", *LINTED, "cleaner_service", "tests")
    passes(folder, "black", "--check", "-q", ".")
    passes(folder, "mypy", "--strict", "--config-file=", "cleaner_service", "tests")


def test_its_routes_are_those_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(text_to_image(), tmp_path, "router")
    monkeypatch.syspath_prepend(str(folder))
    app = importlib.import_module("router_service.app")
    settings = importlib.import_module("router_service.settings")
    served = app.create_app(settings.Settings("the-key")).openapi()["paths"]
    del served["/health"]
    own = json.loads(openapi_document({"router": schema(text_to_image())}))["paths"]
    methods = {"get", "post", "delete"}
    for path in served.keys() | own.keys():
        assert served[path].keys() & methods == own[path].keys() & methods
        for method in served[path].keys() & methods:
            told = own[path][method]["responses"].keys()
            assert told <= served[path][method]["responses"].keys()


def test_a_text_that_utf_8_lacks_is_replaced_in_its_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = "a \ud800 fox"
    folder = written(workflow, tmp_path, "odd_painter")
    monkeypatch.syspath_prepend(str(folder))
    app = importlib.import_module("odd_painter_service.app")
    settings = importlib.import_module("odd_painter_service.settings")
    document = app.create_app(settings.Settings("the-key")).openapi()
    assert "a ? fox" in json.dumps(document, ensure_ascii=False).encode().decode()


def test_a_service_is_written_once(tmp_path: Path) -> None:
    folder = written(text_to_image(), tmp_path, "painter")
    app = folder / "painter_service" / "app.py"
    app.write_text("mine", "utf-8")
    refused = service(tmp_path / "painter.json")
    assert refused.exit_code == 1 and "--force" in refused.stderr
    assert app.read_text("utf-8") == "mine"
    assert service(tmp_path / "painter.json", "--force").exit_code == 0
    assert app.read_text("utf-8") != "mine"


def test_a_generated_module_is_taken_as_it_is(tmp_path: Path) -> None:
    text = made(text_to_image()).files["made.py"]
    (tmp_path / "made.py").write_text(text, "utf-8", newline="\n")
    assert service(tmp_path / "made.py").exit_code == 0
    assert (tmp_path / "service" / "made.py").read_text("utf-8") == text


def test_a_module_without_its_workflow_is_refused(tmp_path: Path) -> None:
    text = made(text_to_image(), embed=False).files["made.py"]
    (tmp_path / "made.py").write_text(text, "utf-8")
    refused = service(tmp_path / "made.py")
    assert refused.exit_code == 1 and "give the workflow itself" in refused.stderr
    assert not (tmp_path / "service").exists()


@pytest.mark.heavy
def test_no_request_that_its_document_allows_breaks_it(tmp_path: Path) -> None:
    with serving_runs(image_to_image(), tmp_path, SERVICE_MAX_RUNNING="1000") as url:
        checks = ("--checks", "not_a_server_error")
        examples = ("--max-examples", "60", "--seed", "1")
        header = ("-H", f"X-API-Key: {KEY}")
        document = f"{url}/openapi.json"
        passes(
            tmp_path, "schemathesis.cli", "run", document, *header, *checks, *examples
        )
