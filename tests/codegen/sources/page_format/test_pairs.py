"""Real workflows saved by ComfyUI's page, compared with the page's own exports."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen.catalog import Catalog, with_object_info
from viewcomfy_codegen.sources.page_format.conversion import convert
from viewcomfy_codegen.sources.page_format.reading import read_document

from ....helpers.shared import shared_file, shared_files

PAIRS = shared_files("pairs/official/*.gui.json") + shared_files(
    "pairs/small/*.gui.json"
)


@cache
def server() -> Catalog:
    """What the server of the page that made the pairs said of its classes."""
    info = shared_file("object_info/comfyui-0.33.0.json")
    return with_object_info(json.loads(info.read_bytes()))


@cache
def differences() -> Callable[[Any, Any], list[Any]]:
    """What tells two workflows in API format apart, but for what only the page uses."""
    path = shared_file("pairs/compare.py")
    spec = importlib.util.spec_from_file_location("compare", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Any, Any], list[Any]] = module.differences
    return found


def theirs(page: Path) -> Any:
    name = page.name.replace(".gui.json", ".api.json")
    return json.loads(page.with_name(name).read_bytes())


def converted(document: Mapping[str, Any], page: Path) -> dict[str, Any]:
    return convert(read_document(document, page.name), server().node).graph


def every_node(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    inner = document.get("definitions", {}).get("subgraphs", [])
    return [node for graph in (document, *inner) for node in graph["nodes"]]


@pytest.mark.parametrize("page", PAIRS, ids=lambda path: path.name)
def test_a_conversion_equals_the_page_s_export(page: Path) -> None:
    document = json.loads(page.read_bytes())
    assert differences()(converted(document, page), theirs(page)) == []


@pytest.mark.parametrize("page", PAIRS[::7], ids=lambda path: path.name)
def test_names_of_values_are_not_needed_where_the_class_is_known(page: Path) -> None:
    document = json.loads(page.read_bytes())
    for node in every_node(document):
        node.pop("widgets_values_named", None)
    assert differences()(converted(document, page), theirs(page)) == []


@pytest.mark.parametrize("page", PAIRS[::7], ids=lambda path: path.name)
def test_without_facts_a_file_is_converted_rightly_or_refused(page: Path) -> None:
    from viewcomfy_codegen import CodegenError

    document = json.loads(page.read_bytes())
    try:
        graph = convert(read_document(document, page.name), lambda _: None).graph
    except CodegenError as error:
        assert all(each.hint for each in error.diagnostics)
    else:
        # What the class has gained since the file was saved, the file cannot tell.
        found = differences()(graph, theirs(page))
        assert {kind for kind, *_ in found} <= {"input missing"}
