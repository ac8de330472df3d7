"""A call goes out the same from TypeScript as from Python:
values by all their digits, and file parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from viewcomfy_codegen import generate
from viewcomfy_codegen.pipeline import TARGETS
from viewcomfy_codegen.targets.typescript.module import companion
from viewcomfy_codegen.targets.typescript.target import TypeScript
from viewcomfy_runtime import ViewComfy

from ....helpers.cases import CASES
from ....helpers.servers import Request, SentFile, Server, result
from ....helpers.shared import shared_files
from ....helpers.support import imported
from ....helpers.typescript import Runtime, bundled

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="


def _workflows() -> dict[str, bytes]:
    """Our own workflows, and the shared ones where they are there."""
    own = {name: json.dumps(case()).encode() for name, case in CASES.items()}
    files = shared_files("corpus/api/*.json")
    return own | {f"shared_{n}": each.read_bytes() for n, each in enumerate(files)}


@pytest.fixture(scope="module")
def node() -> Iterator[Runtime]:
    with Runtime() as runtime:
        yield runtime


def test_every_workflow_is_called_alike(node: Runtime, tmp_path: Path) -> None:
    target = TypeScript("./viewcomfy.mjs")
    made = {
        name: generate(data, name=name, targets=[*TARGETS, target]).files
        for name, data in _workflows().items()
    }
    texts = {name: files[f"{name}.ts"] for name, files in made.items()}
    modules = bundled({**texts, "viewcomfy": companion()}, tmp_path)
    with Server(result()) as server:
        for name, files in made.items():
            python = imported(files[f"{name}.py"], tmp_path, name)
            call = _call(python)
            ours = _sent_by_python(python, call, server)
            client = {"kind": "ViewComfy", "url": server.url, "token": "secret"}
            node.do(modules[name], "run", call=json.dumps(call), client=client)
            theirs = server.requests[-1]
            assert _told(theirs) == _told(ours), name


def _call(module: ModuleType) -> dict[str, Any]:
    """A call with every file given, and no seed left to
    chance; what a choice brings is left as it is.
    """
    properties = module.WORKFLOW.schema["properties"]
    return {
        name: _value(each)
        for name, each in properties.items()
        if "x-viewcomfy-branches" not in each
    }


def _value(schema: dict[str, Any]) -> Any:
    if "x-viewcomfy-media" in schema:
        return PNG
    if schema.get("default") is not None:
        return schema["default"]
    if "enum" in schema or "anyOf" in schema:
        return (schema.get("enum") or schema["anyOf"][0]["enum"])[0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    values = {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True}
    return {**values, "string": "x", "array": [], "object": {}}.get(str(kind))


def _sent_by_python(
    module: ModuleType, call: dict[str, Any], server: Server
) -> Request:
    client = ViewComfy(server.url, "id", "the-secret")
    module.run(module.WORKFLOW.parse(call), client=client)
    client.close()
    return server.requests[-1]


def _told(request: Request) -> dict[str, Any]:
    files = {
        key: each for key, each in request.parts.items() if isinstance(each, SentFile)
    }
    return {"params": request.params, "files": files}
