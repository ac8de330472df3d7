"""Workflows as ComfyUI's web page saves them, built node by node."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pytest

from viewcomfy_codegen import CodegenError, Diagnostic
from viewcomfy_codegen.sources.page_format.conversion import Converted, convert
from viewcomfy_codegen.sources.page_format.reading import read_document

from .page_classes import CATALOG, CLASSES

_OUTPUTS: Final = {name: each["output"] for name, each in CLASSES.items()}
_LINK_KEYS: Final = (
    "id",
    "origin_id",
    "origin_slot",
    "target_id",
    "target_slot",
    "type",
)


class Page:
    """A graph as the page saves it: the workflow itself, or the definition of a subgraph."""

    def __init__(self, name: str = "", numbers: Page | None = None) -> None:
        self.name = name
        self.nodes: list[dict[str, Any]] = []
        self.links: list[list[Any]] = []
        self.ports: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        self.definitions: list[Page] = []
        self.extra: dict[str, Any] = {}
        self._numbers: list[int] = numbers._numbers if numbers is not None else [0]

    def add(
        self,
        class_type: str,
        *values: Any,
        takes: Mapping[str, Any] | None = None,
        widgets: Mapping[str, Any] | None = None,
        id: Any = None,
        outputs: Iterable[str] | None = None,
        **fields: Any,
    ) -> Any:
        """A node with its widgets' values in their places; gives its id.

        `takes` are inputs with what they are linked to: a node's id, or a node's id and the number
        of its output. `widgets` are the same for widgets that are linked, or None for such that are
        not.
        """
        node_id = id if id is not None else len(self.nodes) + 1
        kinds = list(
            outputs if outputs is not None else _OUTPUTS.get(class_type, ["*"])
        )
        node: dict[str, Any] = {
            "id": node_id,
            "type": class_type,
            "mode": 0,
            "inputs": [],
            "outputs": [{"name": kind, "type": kind, "links": []} for kind in kinds],
            "properties": {},
            "widgets_values": list(values),
            **fields,
        }
        self.nodes.append(node)
        for given, is_widget in ((takes or {}, False), (widgets or {}, True)):
            for name, origin in given.items():
                self._take(node, name, origin, is_widget)
        return node_id

    def _take(
        self, node: dict[str, Any], name: str, origin: Any, is_widget: bool
    ) -> None:
        slot: dict[str, Any] = {
            "name": name,
            "type": self._kind(node, name),
            "link": None,
        }
        if is_widget:
            slot["widget"] = {"name": name}
        node["inputs"].append(slot)
        if origin is not None:
            at, output = origin if isinstance(origin, tuple) else (origin, 0)
            slot["link"] = self.link(at, output, node["id"], len(node["inputs"]) - 1)

    def _kind(self, node: dict[str, Any], name: str) -> str:
        described = CLASSES.get(node["type"], {}).get("input", {})
        for section in described.values():
            if name in section:
                kind = section[name][0]
                return kind if isinstance(kind, str) else "COMBO"
        return "IMAGE" if name.startswith("images.") else "*"

    def link(self, origin: Any, output: int, target: Any, slot: int) -> int:
        """A link; gives its number."""
        self._numbers[0] += 1
        self.links.append([self._numbers[0], origin, output, target, slot, "*"])
        return self._numbers[0]

    def subgraph(self, name: str) -> Page:
        """The definition of a subgraph."""
        inner = Page(name, self)
        self.definitions.append(inner)
        return inner

    def port(
        self, name: str, kind: str = "*", label: str | None = None
    ) -> tuple[int, int]:
        """An input of this subgraph, to be taken by the nodes in it."""
        entry = {"name": name, "type": kind, **({"label": label} if label else {})}
        self.ports.append(entry)
        return -10, len(self.ports) - 1

    def result(self, node: Any, output: int = 0, kind: str = "*") -> None:
        """An output of this subgraph."""
        self.results.append({"name": f"out{len(self.results)}", "type": kind})
        self.link(node, output, -20, len(self.results) - 1)

    @property
    def uuid(self) -> str:
        """What nodes that stand for this subgraph have as their type."""
        return f"{self.name:0>8}-0000-4000-8000-000000000000"

    @property
    def document(self) -> dict[str, Any]:
        """The JSON value that the page saves."""
        found: dict[str, Any] = {
            "nodes": self.nodes,
            "links": self.links,
            "version": 0.4,
        }
        if self.extra:
            found["extra"] = self.extra
        every = list(self._all())
        if every:
            found["definitions"] = {"subgraphs": [each._definition for each in every]}
        return found

    def _all(self) -> Iterable[Page]:
        for each in self.definitions:
            yield each
            yield from each._all()

    @property
    def _definition(self) -> dict[str, Any]:
        return {
            "id": self.uuid,
            "name": self.name,
            "nodes": self.nodes,
            "links": [dict(zip(_LINK_KEYS, each, strict=True)) for each in self.links],
            "inputs": self.ports,
            "outputs": self.results,
            "extra": self.extra,
        }

    @property
    def data(self) -> bytes:
        """The file."""
        return json.dumps(self.document).encode()

    def converted(self) -> Converted:
        """The workflow in API format, and what there is to say."""
        return converted(self.document)


def converted(document: Mapping[str, Any]) -> Converted:
    """The workflow in API format that a page's file becomes, by the tests' own classes."""
    return convert(read_document(document, "page.json"), CATALOG.node)


def inputs(document: Mapping[str, Any] | Page) -> dict[str, dict[str, Any]]:
    """The inputs of every exported node by its id."""
    found = document.converted() if isinstance(document, Page) else converted(document)
    return {id: node["inputs"] for id, node in found.graph.items()}


def notes(page: Page) -> list[str]:
    """What converting a page's workflow has to say, line by line."""
    return [str(each) for each in page.converted().notes]


def refused(document: Any) -> tuple[Diagnostic, ...]:
    """The errors of a workflow that cannot be converted, each with a remedy."""
    with pytest.raises(CodegenError) as caught:
        converted(document.document if isinstance(document, Page) else document)
    found = caught.value.diagnostics
    assert all(each.hint and each.severity == "error" for each in found)
    return found
