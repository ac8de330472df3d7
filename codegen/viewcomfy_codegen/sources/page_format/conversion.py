"""Converts a web page's document to the API format: the nodes that servers run, with their values
and links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from viewcomfy_runtime.json_types import ApiNode, ApiWorkflow, JsonObject, JsonValue
from viewcomfy_runtime.parameters.key import WireKey

from ...catalog import NodeFacts
from ...errors import CodegenError, Diagnostic, place
from ...planning.author import Author
from ..api_format import DEEPEST
from .app_mode import app_of
from .curation import Curation
from .document import BYPASSED, MUTED, PageDocument, PageGraph, PageNode, Slot
from .flow import Flow, Written
from .group_nodes import Expanded, expanded, is_group_node
from .linking import BROADCAST, beyond
from .notes import Notes
from .placeholders import FILE_NAME, Placeholders, is_dated
from .promotion import Promotion
from .subgraphs import UUID, Scope, exported, refuse_endless
from .unknown_classes import Ambiguous, Widgets
from .virtual import BROADCASTING, VIRTUAL
from .widgets import widgets_of

Lookup = Callable[[str], NodeFacts | None]


@dataclass(frozen=True, slots=True)
class Converted:
    """A workflow in API format, notes about its conversion, and what its author wrote on the page.

    `app` are the inputs that App mode shows, in order; None if the file has no app.
    """

    graph: ApiWorkflow
    notes: tuple[Diagnostic, ...]
    author: Author
    app: tuple[WireKey, ...] | None = None


def convert(document: PageDocument, facts: Lookup) -> Converted:
    """The workflow in API format, as ComfyUI's page would export it.

    Raises CodegenError listing everything that can't be converted without guessing.
    """
    found = expanded(document, facts)
    refuse_endless(found.document)
    return _Conversion(found, facts).run()


class _Conversion:
    def __init__(self, found: Expanded, facts: Lookup) -> None:
        self._document = document = found.document
        self._faults = list(found.faults)
        self._facts = facts
        self._root = Scope(document, document.root)
        self._values: dict[PageNode, Widgets] = {}
        self._beyond: dict[PageGraph, dict[str, list[tuple[int, str]]]] = {}
        self._promotion = Promotion(self._widgets)
        self._flow = Flow(facts, self._promotion.value)
        self._notes = Notes(document.source)
        self._placeholders = Placeholders(self._every_node, self._known_values)

    def run(self) -> Converted:
        graph: ApiWorkflow = {}
        for scope, node in exported(self._root):
            if node.class_type in VIRTUAL:
                self._notes.page_node(scope, node)
                if _is_unlisted(scope.graph, node):
                    self._notes.unlisted(scope, node)
            elif node.mode in (MUTED, BYPASSED):
                self._notes.left_out(scope, node)
            elif is_group_node(node) and scope.outer is None:
                continue  # The problem has already been reported.
            elif (fault := self._unfit(scope, node)) is not None:
                self._faults.append(fault)
            else:
                graph[scope.id_of(node)] = self._node(scope, node)
        if self._faults:
            raise CodegenError(*self._faults)
        for each in self._flow.dangling:
            self._notes.dangling(*each)
        for each in self._flow.circles:
            self._notes.circle(*each)
        curation = Curation(self._root, graph)
        app = app_of(self._document, curation, graph)
        self._notes.single += app.notes if app is not None else ()
        author = Author(
            curation.labels(frozenset(app.inputs) if app is not None else ()),
            tuple(app.outputs) if app is not None else (),
            curation.around(),
            curation.positions(),
        )
        return Converted(
            graph,
            tuple(self._notes.all()),
            author,
            tuple(app.inputs) if app is not None else None,
        )

    def _node(self, scope: Scope, node: PageNode) -> ApiNode:
        facts = self._facts(node.class_type)
        widgets = self._widgets(node)
        own = {**widgets.values, **self._promotion.over(scope, node, widgets)}
        self._fill(scope, node, own)
        inputs = {name: _sent(value) for name, value in own.items()}
        linked = set()
        for slot in (*node.inputs, *self._unlisted(scope, node)):
            origin = self._flow.origin(scope, node, slot)
            if origin is None:
                continue
            linked.add(slot.name)
            if slot.link is not None and slot.link.startswith(BROADCAST):
                self._notes.inputs(self._notes.broadcast, scope, node, [slot.name])
            if isinstance(origin, Written):
                inputs[slot.name] = _sent(origin.value)
            else:
                inputs[slot.name] = [origin.node, origin.output]
        self._note(scope, node, widgets, linked)
        title = node.title or (facts.name if facts is not None else node.class_type)
        return {
            "inputs": inputs,
            "class_type": node.class_type,
            "_meta": {"title": title},
        }

    def _fill(self, scope: Scope, node: PageNode, values: JsonObject) -> None:
        """Replace the placeholders in a file name prefix with the values they refer to."""
        text = values.get(FILE_NAME)
        if not isinstance(text, str):
            return
        values[FILE_NAME] = filled = self._placeholders.filled(text)
        if filled != text:
            self._notes.inputs(self._notes.filled, scope, node, [FILE_NAME])
        if is_dated(filled):
            self._notes.inputs(self._notes.dated, scope, node, [FILE_NAME])

    def _every_node(self) -> Iterator[PageNode]:
        for graph in (self._document.root, *self._document.definitions.values()):
            yield from graph.nodes.values()

    def _known_values(self, node: PageNode) -> JsonObject:
        try:
            return self._widgets(node).values
        except Ambiguous:
            return {}

    def _unlisted(self, scope: Scope, node: PageNode) -> list[Slot]:
        """The inputs that the file doesn't list although links end at them."""
        graph = scope.graph
        if graph not in self._beyond:
            self._beyond[graph] = beyond(graph)
        ends = self._beyond[graph].get(node.id, ())
        slots = self._flow.slots(scope, node) if ends else []
        return [
            replace(slots[index], link=link)
            for index, link in ends
            if index < len(slots) and slots[index].link is None
        ]

    def _note(
        self, scope: Scope, node: PageNode, widgets: Widgets, linked: set[str]
    ) -> None:
        """Record notes about the node."""
        notes = self._notes
        notes.inputs(notes.page_inputs, scope, node, widgets.page_only)
        for kind, names in (
            (notes.assumed, widgets.assumed),
            (notes.drawn, widgets.drawn),
        ):
            free = (name for name in names if name not in linked)
            notes.inputs(kind, scope, node, free)
        facts = self._facts(node.class_type)
        if widgets.unread and not (facts is not None and facts.output_node):
            notes.unread_values(scope, node)
        if facts is None:
            where = place(self._document.source, scope.id_of(node), node.class_type)
            notes.unknown.setdefault(node.class_type, where)

    def _widgets(self, node: PageNode) -> Widgets:
        """The values of a node's widgets, cached because a subgraph can be used repeatedly. Raises
        Ambiguous.
        """
        if node not in self._values:
            self._values[node] = widgets_of(node, self._facts(node.class_type))
        return self._values[node]

    def _unfit(self, scope: Scope, node: PageNode) -> Diagnostic | None:
        """Why the node can't be converted; None if it can."""
        where = place(self._document.source, scope.id_of(node), node.class_type)
        if UUID.fullmatch(node.class_type):
            return Diagnostic(
                where,
                "the file lacks the definition of this subgraph",
                "open it in ComfyUI, and save or export it again",
            )
        if is_group_node(node):
            return Diagnostic(
                where,
                "group nodes within subgraphs are not converted",
                "open it in ComfyUI, and use File > Export (API)",
            )
        try:
            self._widgets(node)
        except Ambiguous:
            if self._facts(node.class_type) is None:
                of = f" (from {node.pack})" if node.pack else ""
                message = (
                    f"no catalog has this class{of}, and the file doesn't name its "
                    "values"
                )
                has = "that has the class"
            else:
                message = "the file has another version of the class than the catalog"
                has = "that has this version"
            hint = (
                f"pass --object-info with the URL of a ComfyUI {has}, or object_info in "
                "pyproject.toml (`viewcomfy-codegen catalog update URL` keeps its "
                "answer), or save the workflow there with File > Export (API), or pass "
                "an image that it made instead"
            )
            return Diagnostic(where, message, hint)
        return None


def _is_unlisted(graph: PageGraph, node: PageNode) -> bool:
    """Whether links end at inputs of the node that the file doesn't list."""
    return (
        node.class_type in BROADCASTING
        and not graph.broadcasts
        and node.mode not in (MUTED, BYPASSED)
        and any(slot.link is not None for slot in node.inputs)
    )


def _sent(value: JsonValue) -> JsonValue:
    """A value as the page sends it: lists are wrapped to distinguish them from links, and whole
    numbers have no fraction.
    """
    plain = _plain(value)
    return {"__value__": plain} if isinstance(plain, list) else plain


def _plain(value: JsonValue, depth: int = 0) -> JsonValue:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if depth > DEEPEST:
        return (
            value  # Rejected later, with its location, like any value nested this deep.
        )
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each, depth + 1) for key, each in value.items()}
    return value
