"""App mode: the inputs and outputs that a workflow's author
chose to show to users, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from viewcomfy_runtime.parameters.key import WireKey

from ...errors import Diagnostic
from .curation import Curation
from .document import PageDocument, PageNode, mapping, node_id, sequence
from .subgraphs import UUID, Scope
from .virtual import PRIMITIVE

_HINT: Final = "choose it again in ComfyUI's App mode, and save"


@dataclass(slots=True)
class App:
    """The inputs that an app shows, the nodes of its outputs, and those of either that the workflow
    does not have.
    """

    inputs: list[WireKey] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)


def app_of(document: PageDocument, curation: Curation, graph: Any) -> App | None:
    """The app that the file describes; None if there is none."""
    data = mapping(document.extra.get("linearData"))
    inputs, outputs = sequence(data.get("inputs")), sequence(data.get("outputs"))
    if not inputs and not outputs:
        return None
    scopes = list(curation.scopes())
    app = App()
    for entry in inputs:
        ids, widget = _input(entry)
        found = list(_keys(scopes, curation, ids, widget))
        if not found:
            name = f"{':'.join(ids)} {widget}"
            app.notes.append(_missing(document, f"the input {name}"))
        app.inputs += [key for key in found if key not in app.inputs]
    for entry in outputs:
        ids = _parts(entry if not isinstance(entry, list) else (entry or [None])[0])
        nodes = [scope.id_of(node) for scope, node in _nodes(scopes, ids)]
        known = [id for id in nodes if id in graph and id not in app.outputs]
        if not nodes:
            app.notes.append(_missing(document, f"the output {':'.join(ids)}"))
        app.outputs += known
    return app


def _missing(document: PageDocument, what: str) -> Diagnostic:
    return Diagnostic(
        document.source,
        f"App mode shows {what}, which the workflow has no value or node for",
        _HINT,
        "note",
    )


def _input(entry: Any) -> tuple[list[str], str]:
    """A node's id, in its parts, and the name of a widget: apart, or at the end of the id."""
    parts = sequence(entry) or [entry]
    ids = _parts(parts[0])
    widget = parts[1] if len(parts) > 1 and isinstance(parts[1], str) else None
    if len(ids) > 1 and widget in (None, ids[-1]):
        return ids[:-1], ids[-1]
    return ids, widget or ""


def _parts(id: Any) -> list[str]:
    """The path of ids, without the workflow's own before it."""
    parts = (node_id(id) or "").split(":")
    return parts[1:] if len(parts) > 1 and UUID.fullmatch(parts[0]) else parts


def _nodes(scopes: list[Scope], ids: list[str]) -> Iterator[tuple[Scope, PageNode]]:
    """The nodes with an id: by its whole path, or else by its last part wherever such a node is
    used.
    """
    path = ":".join(ids)
    for whole in (True, False):
        found = [
            (scope, node)
            for scope in scopes
            if (node := _node(scope, ids[-1])) is not None
            and (not whole or scope.id_of(node) == path)
        ]
        if found:
            yield from found
            return


def _node(scope: Scope, id: str) -> PageNode | None:
    return scope.graph.nodes.get(scope.graph.renumbered.get(id, id))


def _keys(
    scopes: list[Scope], curation: Curation, ids: list[str], widget: str
) -> Iterator[WireKey]:
    """The inputs that a widget sets: its node's own, or those behind a subgraph's input or a
    primitive.
    """
    for scope, node in _nodes(scopes, ids):
        inner = scope.inside(node)
        if inner is not None:
            yield from curation.fed(inner, widget)
        elif node.class_type == PRIMITIVE:
            for link in scope.graph.links.values():
                target = scope.graph.nodes.get(link.target)
                if link.origin == node.id and target is not None:
                    yield from _written(scope, curation, target, link.target_slot)
        elif curation.holds(key := WireKey(scope.id_of(node), widget)):
            yield key


def _written(
    scope: Scope, curation: Curation, target: PageNode, slot: int
) -> Iterator[WireKey]:
    """The inputs that a primitive writes into at the end of a link."""
    if not 0 <= slot < len(target.inputs):
        return
    name = target.inputs[slot].name
    inner = scope.inside(target)
    if inner is not None:
        yield from curation.fed(inner, name)
    elif curation.holds(key := WireKey(scope.id_of(target), name)):
        yield key
