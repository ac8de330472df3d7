"""Summarizes what a conversion left out, assumed or couldn't follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ...errors import Diagnostic, place
from .document import BYPASSED, PageNode, Slot
from .subgraphs import Scope

_MOST: Final = 6
"""Maximum number of places listed in one line."""

_SERVER_HINT: Final = "pass --object-info with your ComfyUI's address to be sure"
_API_HINT: Final = "in ComfyUI, use File > Export (API) to have its own"


@dataclass(slots=True)
class Notes:
    """Collects notes while nodes are converted; each list contains places, such as `57:8
    (KSampler)`.
    """

    source: str
    muted: list[str] = field(default_factory=list)
    bypassed: list[str] = field(default_factory=list)
    page_nodes: list[str] = field(default_factory=list)
    page_inputs: list[str] = field(default_factory=list)
    broadcast: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    dated: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    single: list[Diagnostic] = field(default_factory=list)

    def unread_values(self, scope: Scope, node: PageNode) -> None:
        """Note a node whose last values belong to no known widget."""
        self.unread.append(_named(scope, node))

    def left_out(self, scope: Scope, node: PageNode) -> None:
        """Note a node that isn't sent to servers."""
        kinds = self.bypassed if node.mode == BYPASSED else self.muted
        kinds.append(_named(scope, node))

    def page_node(self, scope: Scope, node: PageNode) -> None:
        """Note a node that exists only on the page."""
        self.page_nodes.append(_named(scope, node))

    def inputs(
        self, kind: list[str], scope: Scope, node: PageNode, names: Iterable[str]
    ) -> None:
        """Add inputs of a node to one of the lists."""
        kind.extend(f"{_named(scope, node)} {name}" for name in names)

    def dangling(self, scope: Scope, node: PageNode, slot: Slot) -> None:
        """Note an input whose link leads to nothing in the file."""
        where = place(
            self.source, scope.id_of(node), node.class_type, "inputs", slot.name
        )
        self.single.append(
            Diagnostic(
                where,
                f"its link {slot.link} leads to no node in the file and is left out",
                "connect the input in ComfyUI and save again",
                "warning",
            )
        )

    def unlisted(self, scope: Scope, node: PageNode) -> None:
        """Note a node with links to inputs that the file doesn't list."""
        self.single.append(
            Diagnostic(
                place(self.source, scope.id_of(node), node.class_type),
                "the file doesn't list the inputs that it is linked to; they are left out",
                "save again with use-everywhere 5 or newer, or use File > Export (API)",
                "warning",
            )
        )

    def circle(self, scope: Scope, node: PageNode, slot: Slot) -> None:
        """Note an input whose link leads back to itself through nodes that only pass on their
        input.
        """
        where = place(
            self.source, scope.id_of(node), node.class_type, "inputs", slot.name
        )
        self.single.append(
            Diagnostic(
                where,
                "its link leads back to itself; the link is left out",
                "break the circle in ComfyUI and save again",
                "warning",
            )
        )

    def all(self) -> Iterator[Diagnostic]:
        """All notes, the most important first."""
        yield from self.single
        for class_type, where in self.unknown.items():
            yield Diagnostic(
                where,
                f"unknown class {class_type}; its widgets' names come from the file",
                _SERVER_HINT,
                "note",
            )
        for places, message, hint in self._summaries():
            if places:
                where = f"{self.source}: {_some(places)}"
                yield Diagnostic(where, message, hint, "note")

    def _summaries(self) -> Iterator[tuple[list[str], str, str | None]]:
        """Each list of places, with what happened there and a hint."""
        saved = "the text is kept as saved"
        picks = f"{saved}; the page picks one of {{a|b}} and drops comments"
        yield self.drawn, picks, _API_HINT
        yield self.dated, f"{saved}; the page inserts the date of each run", _API_HINT
        fills = "placeholders such as %KSampler.seed% are filled with the saved values"
        yield self.filled, fills, None
        lacks = "the file has no value; its class's default is used"
        rest = (
            "its last values are left out, since the catalog knows no widgets for them"
        )
        yield self.unread, rest, _SERVER_HINT
        yield self.assumed, lacks, "open the file in ComfyUI and save it again"
        listed = "linked as listed in the file for use-everywhere"
        yield self.broadcast, listed, None
        yield self.page_inputs, "left out, since only the web page uses it", None
        yield self.page_nodes, "left out, since only the web page has such nodes", None
        yield self.muted, "left out, since muted in ComfyUI", None
        yield self.bypassed, "left out, since bypassed in ComfyUI", None


def _named(scope: Scope, node: PageNode) -> str:
    title = node.title if scope.inside(node) is not None else node.class_type
    return f"node {scope.id_of(node)} ({title or 'subgraph'})"


def _some(places: list[str]) -> str:
    rest = len(places) - _MOST
    shown = ", ".join(places[:_MOST])
    return f"{shown} and {rest} more" if rest > 0 else shown
