"""Decoded JSON into a Workflow: what is no workflow in ComfyUI's API format is told apart and refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..errors import CodegenError, Diagnostic
from ..graph.workflow import Link, Node, Workflow, is_link, ordered
from .json_text import EXPORT_HINT, place, read_json

DEEPEST: Final = 50
"""How deeply a value may be nested: far more than any node's, far less than any decoder's limit."""


def read_workflow(data: bytes, source: str) -> tuple[Workflow, list[Diagnostic]]:
    """The workflow in `data`, and what its author should know; `source` names the file in messages.

    Raises CodegenError for what is no workflow in API format, telling apart what people export by mistake.
    """
    entries = _entries(read_json(data, source), source)
    errors: list[Diagnostic] = []
    notes: list[Diagnostic] = []
    nodes: dict[str, Node] = {}
    for id, entry in entries.items():
        if not isinstance(entry, dict) or "class_type" not in entry:
            notes += _note_on_leftover(id, entry, source)
            continue
        node, faults = _node(id, entry, source)
        errors += faults
        nodes[id] = node
    if errors:
        raise CodegenError(*errors)
    if not nodes:
        raise CodegenError(Diagnostic(source, "there is no node in it", EXPORT_HINT))
    notes += _dangling(nodes, source)
    order, cyclic = ordered(nodes)
    if cyclic:
        notes.append(_cycle(cyclic, source))
    return Workflow({id: nodes[id] for id in order}), notes


def _entries(document: Any, source: str) -> dict[str, Any]:
    """The nodes by id within the document; the formats that people take for a workflow are told apart."""
    if isinstance(document, dict) and isinstance(document.get("prompt"), dict):
        if "class_type" not in document["prompt"]:
            document = document["prompt"]
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        message = f"this is JSON, but {kind} where a workflow has nodes by id"
    elif isinstance(document.get("nodes"), list) and "links" in document:
        message = (
            "this workflow was saved for ComfyUI's web page; the API format is needed"
        )
    elif document.get("file_type") == "view_comfy":
        raise CodegenError(
            Diagnostic(
                source,
                "this is a view_comfy.json, ViewComfy's description of an app",
                "pass the workflow_api.json that it was made from",
            )
        )
    else:
        return document
    raise CodegenError(Diagnostic(source, message, EXPORT_HINT))


def _note_on_leftover(id: str, entry: Any, source: str) -> Iterator[Diagnostic]:
    if isinstance(entry, dict) and "inputs" in entry:
        yield Diagnostic(
            place(source, id, None),
            "looks like a node but has no class_type; it is left out",
            "remove it, or export the workflow again",
            "note",
        )


def _node(id: str, entry: dict[str, Any], source: str) -> tuple[Node, list[Diagnostic]]:
    class_type, inputs, meta = (
        entry["class_type"],
        entry.get("inputs", {}),
        entry.get("_meta"),
    )
    faults: list[Diagnostic] = []
    if not isinstance(class_type, str) or not class_type:
        message = "class_type must be the name of a node class"
        faults.append(Diagnostic(place(source, id, None), message, EXPORT_HINT))
    if not isinstance(inputs, dict):
        message = "inputs must be an object of names and values"
        faults.append(Diagnostic(place(source, id, class_type), message, EXPORT_HINT))
        inputs = {}
    links = {name: _link(value) for name, value in inputs.items() if is_link(value)}
    values = {name: value for name, value in inputs.items() if name not in links}
    for name, value in values.items():
        if isinstance(value, dict | list) and _too_deep(value):
            where = place(source, id, class_type, "inputs", name)
            message = f"the value is nested more than {DEEPEST} levels deep"
            faults.append(Diagnostic(where, message, "simplify it in ComfyUI"))
    title = meta.get("title") if isinstance(meta, dict) else None
    node = Node(
        id,
        str(class_type),
        title if isinstance(title, str) else "",
        values,
        links,
        entry,
    )
    return node, faults


def _link(value: list[Any]) -> Link:
    return Link(value[0], int(value[1]))


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


def _dangling(nodes: dict[str, Node], source: str) -> Iterator[Diagnostic]:
    for node in nodes.values():
        for name, link in node.links.items():
            if link.node not in nodes:
                yield Diagnostic(
                    place(source, node.id, node.class_type, "inputs", name),
                    f"is linked to node {link.node}, which is not in the workflow",
                    "ComfyUI will refuse to run this; connect the input and export again",
                    "warning",
                )


def _cycle(nodes: list[str], source: str) -> Diagnostic:
    some = ", ".join(nodes[:5]) + (", …" if len(nodes) > 5 else "")
    return Diagnostic(
        source,
        f"the links of some nodes form a circle (among {some})",
        "ComfyUI will refuse to run this; break the circle and export again",
        "warning",
    )
