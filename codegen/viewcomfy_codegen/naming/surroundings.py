"""What stands around a node where its author placed it."""

from __future__ import annotations

from typing import NamedTuple


class Surroundings(NamedTuple):
    """The names of the subgraphs that a node is in, the outermost first, and the title of the group
    that it lies in on the canvas.
    """

    subgraphs: tuple[str, ...] = ()
    group: str = ""
