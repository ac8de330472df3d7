"""Reads workflows in ComfyUI's API format, and recognizes what people pass by mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeGuard, cast

from viewcomfy_runtime.json_types import ApiNode, JsonObject
from viewcomfy_runtime.parameters.key import WireKey

from ..errors import CodegenError, Diagnostic, place
from ..graph.workflow import Link, Node, Workflow, ordered
from .json_text import EXPORT_HINT, SOURCE_HINT, Repeated, decoded, flaws, repeated

DEEPEST: Final = 50
"""How deeply a value may be nested: much deeper than any node's values, and well below any
decoder's limit.
"""


def read_workflow(data: bytes, source: str) -> tuple[Workflow, list[Diagnostic]]:
    """The workflow in `data`, as `workflow_of` reads it once it is decoded."""
    return workflow_of(*decoded(data, source), source)


def workflow_of(
    document: object, flawed: bool, source: str
) -> tuple[Workflow, list[Diagnostic]]:
    """The workflow in a decoded document, and diagnostics for its author; `source` names the file
    in messages.

    `flawed` tells whether the document contains `Unkept` or `Repeated` values. Only the nodes'
    classes and inputs are checked, not what others wrote around them. Raises CodegenError for other
    documents, with a hint for what people export by mistake.
    """
    entries = _entries(document, source)
    errors: list[Diagnostic] = []
    if isinstance(entries, Repeated):
        errors += [repeated(source, key) for key in entries.keys_repeated]
    notes: list[Diagnostic] = []
    nodes: dict[str, Node] = {}
    for id, entry in entries.items():
        if not is_node(entry):
            notes += _note_on_leftover(id, entry, source)
            continue
        if flawed:
            errors += _flaws(id, entry, source)
            entry = _kept(entry)
        node, faults, doubts = _node(id, entry, entries, source)
        errors += faults
        notes += doubts
        nodes[id] = node
    if errors:
        raise CodegenError(*errors)
    if not nodes:
        raise CodegenError(_no_node(entries, source))
    notes += _dangling(nodes, source)
    order, cyclic = ordered(nodes)
    if cyclic:
        notes.append(_cycle(cyclic, source))
    return Workflow({id: nodes[id] for id in order}), notes


def _no_node(entries: Mapping[str, object], source: str) -> Diagnostic:
    """The message for a document without nodes; ViewComfy's flattened parameters are recognized."""
    if any(WireKey.parse(key) is not None for key in entries):
        message = "these are the flattened parameters of a workflow, not the workflow"
        hint = (
            "generate from the workflow_api.json that they were made from;"
            " `viewcomfy-codegen migrate` rewrites calls with their keys"
        )
        return Diagnostic(source, message, hint)
    if "$schema" in entries:
        return Diagnostic(source, "this is a JSON Schema, not a workflow", SOURCE_HINT)
    return Diagnostic(source, "this is not a workflow: it has no nodes", EXPORT_HINT)


def is_node(entry: object) -> TypeGuard[JsonObject]:
    """Whether an entry of a workflow is a node."""
    return isinstance(entry, dict) and "class_type" in entry


def holds_nodes(document: object) -> bool:
    """Whether a document has a node among its entries."""
    return isinstance(document, dict) and any(map(is_node, document.values()))


_WRAPPERS: Final = ("prompt", "output", "workflow", "input")


def without_wrappers(document: object) -> object:
    """The nodes by id, without the wrappers of servers and pages; the document itself if it has
    none.

    Known are `{"prompt": …}`, `{"output": …, "workflow": …}` and `{"input": {"workflow": …}}`.
    """
    return _inner(document) if isinstance(document, dict) else document


def _inner(document: JsonObject, depth: int = 3) -> JsonObject:
    if not depth or holds_nodes(document):
        return document
    inner = [
        _inner(found, depth - 1)
        for key in _WRAPPERS
        if isinstance(found := document.get(key), dict)
    ]
    return next(filter(holds_nodes, inner), inner[0] if inner else document)


def _entries(document: object, source: str) -> JsonObject:
    """The nodes by id in the document. Formats that people mistake for a workflow are
    recognized.
    """
    document = without_wrappers(document)
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


_JUDGED: Final = ("class_type", "inputs")


def _flaws(id: str, entry: JsonObject, source: str) -> Iterator[Diagnostic]:
    """What could not be represented in the relevant parts of a node."""

    def located(path: tuple[str, ...]) -> str:
        return place(source, id, entry["class_type"], *path)

    if isinstance(entry, Repeated):
        for key in entry.keys_repeated:
            if key in _JUDGED:
                yield repeated(located(()), key)
    yield from flaws({key: entry[key] for key in _JUDGED if key in entry}, located)


def _kept(entry: JsonObject) -> JsonObject:
    """The node without irrelevant parts that JSON cannot represent: ComfyUI itself saves
    `"is_changed": [NaN]`.
    """
    return {
        key: value
        for key, value in entry.items()
        if key in _JUDGED or not any(flaws(value, ".".join))
    }


def _note_on_leftover(id: str, entry: object, source: str) -> Iterator[Diagnostic]:
    if isinstance(entry, dict) and "inputs" in entry:
        yield Diagnostic(
            place(source, id, None),
            "looks like a node but has no class_type; it is left out",
            "remove it, or export the workflow again",
            "note",
        )


def _node(
    id: str, entry: JsonObject, entries: JsonObject, source: str
) -> tuple[Node, list[Diagnostic], list[Diagnostic]]:
    """The node, its errors and its diagnostics."""
    class_type, inputs = entry["class_type"], entry.get("inputs", {})
    faults: list[Diagnostic] = []
    if not isinstance(class_type, str) or not class_type:
        message = "class_type must be the name of a node class"
        faults.append(Diagnostic(place(source, id, None), message, EXPORT_HINT))
    if not isinstance(inputs, dict):
        message = "inputs must be an object of names and values"
        faults.append(Diagnostic(place(source, id, class_type), message, EXPORT_HINT))
        inputs = {}
    links, values, numbered = _sorted_out(inputs, entries)
    for name, value in values.items():
        if isinstance(value, dict | list) and _too_deep(value):
            where = place(source, id, class_type, "inputs", name)
            message = f"the value is nested more than {DEEPEST} levels deep"
            faults.append(Diagnostic(where, message, "simplify it in ComfyUI"))
    raw = cast("ApiNode", entry)  # Faults of its shape are reported.
    node = Node(id, str(class_type), _title(entry), values, links, raw)
    return node, faults, list(_numbered(node, numbered, source))


def _title(entry: JsonObject) -> str:
    meta = entry.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) else ""


def _sorted_out(
    inputs: JsonObject, entries: JsonObject
) -> tuple[dict[str, Link], JsonObject, list[str]]:
    """The links and the values among a node's inputs, and the names of links that have a number in
    place of the node's id.
    """
    links: dict[str, Link] = {}
    values: JsonObject = {}
    numbered: list[str] = []
    for name, value in inputs.items():
        match value:
            case [str(node), int(output) | float(output)]:
                links[name] = Link(node, int(output))
            case [int(node), int(output)] if _is_meant(node, output, entries):
                numbered.append(name)
                links[name] = Link(str(node), output)
            case _:
                values[name] = value
    return links, values, numbered


def _is_meant(node: int, output: int, entries: JsonObject) -> bool:
    """Whether two numbers were meant as a link."""
    numbers = not isinstance(node, bool) and not isinstance(output, bool)
    return numbers and min(node, output) >= 0 and is_node(entries.get(str(node)))


def _numbered(node: Node, links: Iterable[str], source: str) -> Iterator[Diagnostic]:
    for name in links:
        link = node.links[name]
        yield Diagnostic(
            place(source, node.id, node.class_type, "inputs", name),
            f"is linked to a number, [{link.node}, {link.output}], which ComfyUI takes for a value",
            f'write the node\'s id as text, ["{link.node}", {link.output}]',
            "warning",
        )


def _too_deep(value: object) -> bool:
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
