"""What the author of a workflow said on the web page about
its inputs, its outputs and its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from viewcomfy_runtime.parameters.key import WireKey

from ..naming.surroundings import Surroundings


class Label(NamedTuple):
    """What somebody called a single input, and where, for people."""

    text: str
    origin: str


class Author(NamedTuple):
    """Labels by input, the outputs that App mode shows, in its order, what stands around each
    node, and where the nodes stand on the canvas.
    """

    labels: Mapping[WireKey, Label] = {}
    outputs: tuple[str, ...] = ()
    around: Mapping[str, Surroundings] = {}
    positions: Mapping[str, tuple[float, float]] = {}
