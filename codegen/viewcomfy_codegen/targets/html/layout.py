"""Places the nodes of a graph in its drawing: as in the file, or in layers along the flow of
data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...model import GraphNode

WIDTH: Final = 220
HEAD: Final = 46
LINE: Final = 18
GAP: Final = 24
BETWEEN: Final = 72
"""Space between layers, for the links."""
PAD: Final = 18
"""Space between a frame and its contents."""
TITLE: Final = 24
"""Space above a frame's contents, for its title."""
WIDEST_GAP: Final = 90
"""Wider gaps in a drawing are closed."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node in the drawing, by its upper left corner."""

    node: GraphNode
    parameters: tuple[str, ...]
    x: float = 0
    y: float = 0

    @property
    def height(self) -> float:
        return HEAD + LINE * len(self.parameters) + (6 if self.parameters else 0)

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle around the nodes of a subgraph or a group."""

    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The drawing's boxes by node id, its frames, outer ones first, and its size."""

    boxes: Mapping[str, Box]
    frames: tuple[Frame, ...]
    width: float
    height: float


def laid_out(
    nodes: Sequence[GraphNode], parameters: Mapping[str, Sequence[str]]
) -> Layout:
    """The drawing of nodes, which are given in order of data flow; `parameters` are names by
    node.
    """
    boxes = [Box(node, tuple(parameters.get(node.id, ()))) for node in nodes]
    if boxes and all(node.position is not None for node in nodes):
        return _as_saved(boxes)
    return _in_layers(boxes)


def _as_saved(boxes: Iterable[Box]) -> Layout:
    """Each canvas as its author laid it out, with each subgraph's canvas in a frame below the
    others.
    """
    canvases: dict[str, list[Box]] = {}
    for box in boxes:
        canvases.setdefault(box.node.canvas, []).append(box)
    placed: dict[str, Box] = {}
    frames: list[Frame] = []
    top: float = 0
    for members in canvases.values():
        around = " / ".join(members[0].node.subgraphs)
        start = top + (TITLE + PAD if around else 0)
        own = _compressed(members, start)
        if around:
            frames.append(_frame(around, own, PAD))
        groups: dict[str, list[Box]] = {}
        for box in own:
            if box.node.group:
                groups.setdefault(box.node.group, []).append(box)
        frames += [_frame(title, each, 8) for title, each in groups.items()]
        placed |= {box.node.id: box for box in own}
        top = max(box.bottom for box in own) + 2 * GAP + PAD
    return _sized(placed, frames)


def _compressed(boxes: Sequence[Box], top: float) -> list[Box]:
    """The boxes without wide gaps between them."""
    places = [box.node.position or (0, 0) for box in boxes]
    across = _closed([x for x, _ in places], [WIDTH] * len(boxes))
    down = _closed([y for _, y in places], [box.height for box in boxes])
    return [
        replace(box, x=x, y=top + y)
        for box, x, y in zip(boxes, across, down, strict=True)
    ]


def _closed(starts: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Where each stretch starts once no gap is wider than `WIDEST_GAP`; the first starts at 0."""
    order = sorted(range(len(starts)), key=lambda index: starts[index])
    found = list(starts)
    reach = shift = starts[order[0]]
    for index in order:
        shift += max(0, starts[index] - reach - WIDEST_GAP)
        found[index] = starts[index] - shift
        reach = max(reach, starts[index] + sizes[index])
    return found


def _in_layers(boxes: Sequence[Box]) -> Layout:
    """Layers along the flow of data, with a band across them for each subgraph and group."""
    layer = _layers([box.node for box in boxes])
    bands: dict[tuple[str, ...], list[Box]] = {}
    for box in boxes:
        bands.setdefault(box.node.within, []).append(box)
    tops: dict[tuple[str, ...], float] = {}
    columns: dict[tuple[int, tuple[str, ...]], list[Box]] = {}
    for box in boxes:
        columns.setdefault((layer[box.node.id], box.node.within), []).append(box)
    heights: dict[tuple[str, ...], float] = {}
    for (_, band), members in columns.items():
        heights[band] = max(heights.get(band, 0), _stacked(members))
    top: float = 0
    for band in bands:
        tops[band] = top + (TITLE + PAD if band else 0)
        top = tops[band] + heights[band] + GAP + (PAD if band else 0)
    placed: dict[str, Box] = {}
    for (number, band), members in sorted(columns.items(), key=lambda each: each[0][0]):
        x = number * (WIDTH + BETWEEN)
        bottom = tops[band] + heights[band]
        placed |= {
            box.node.id: box for box in _column(members, placed, x, tops[band], bottom)
        }
    frames = [
        _frame(" / ".join(band), [placed[box.node.id] for box in members], PAD)
        for band, members in bands.items()
        if band
    ]
    return _sized(placed, frames)


def _layers(nodes: Sequence[GraphNode]) -> dict[str, int]:
    """The layer of each node: after all that it reads from. Nodes without inputs are placed next to
    their first reader.
    """
    found: dict[str, int] = {}
    readers: dict[str, int] = {}
    for node in nodes:
        before = [found[each] for each in node.sources if each in found]
        found[node.id] = 1 + max(before, default=-1)
    for node in nodes:
        for source in node.sources:
            own = found[node.id]
            readers[source] = min(readers.get(source, own), own)
    for node in nodes:
        if not node.sources and node.id in readers:
            found[node.id] = max(0, readers[node.id] - 1)
    return found


def _stacked(boxes: Sequence[Box]) -> float:
    return sum(box.height for box in boxes) + GAP * (len(boxes) - 1)


def _column(
    members: Sequence[Box],
    placed: Mapping[str, Box],
    x: float,
    top: float,
    bottom: float,
) -> Iterable[Box]:
    """A column's boxes, each as close to the height of its sources as the others allow."""

    def wished(box: Box) -> float:
        sources = [placed[each] for each in box.node.sources if each in placed]
        if not sources:
            return top
        middle = sum(each.y + each.height / 2 for each in sources) / len(sources)
        return middle - box.height / 2

    left = _stacked(members)
    cursor = top
    for box in sorted(members, key=wished):
        y = max(cursor, min(wished(box), bottom - left))
        yield replace(box, x=x, y=y)
        cursor = y + box.height + GAP
        left -= box.height + GAP


def _frame(title: str, boxes: Sequence[Box], pad: float) -> Frame:
    x = min(box.x for box in boxes) - pad
    y = min(box.y for box in boxes) - pad - TITLE + 6
    right = max(box.x for box in boxes) + WIDTH + pad
    bottom = max(box.bottom for box in boxes) + pad
    return Frame(title, x, y, right - x, bottom - y)


def _sized(boxes: Mapping[str, Box], frames: Sequence[Frame]) -> Layout:
    """Everything moved so that the drawing starts at its margin."""
    lefts = [*(box.x for box in boxes.values()), *(each.x for each in frames)]
    tops = [*(box.y for box in boxes.values()), *(each.y for each in frames)]
    x, y = PAD - min(lefts, default=0), PAD - min(tops, default=0)
    rights = [box.x + WIDTH for box in boxes.values()]
    rights += [each.x + each.width for each in frames]
    bottoms = [box.bottom for box in boxes.values()]
    bottoms += [each.y + each.height for each in frames]
    return Layout(
        {id: replace(box, x=box.x + x, y=box.y + y) for id, box in boxes.items()},
        tuple(replace(each, x=each.x + x, y=each.y + y) for each in frames),
        max(rights, default=0) + x + PAD,
        max(bottoms, default=0) + y + PAD,
    )
