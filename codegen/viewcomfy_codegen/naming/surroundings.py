"""Where on the canvas a workflow's author placed a node."""

from __future__ import annotations

from typing import NamedTuple


class Surroundings(NamedTuple):
    """The names of the subgraphs that contain a node, outermost first, and the title of its group
    on the canvas.
    """

    subgraphs: tuple[str, ...] = ()
    group: str = ""
