"""What a workflow's author entered on ComfyUI's web page about its inputs, outputs and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from viewcomfy_runtime.parameters.key import WireKey

from ..naming.surroundings import Surroundings


class Label(NamedTuple):
    """The label that somebody gave an input, and a description of where."""

    text: str
    origin: str


class Author(NamedTuple):
    """Labels by input, the outputs that App mode shows, in its order, and the surroundings and
    canvas position of each node.
    """

    labels: Mapping[WireKey, Label] = {}
    outputs: tuple[str, ...] = ()
    around: Mapping[str, Surroundings] = {}
    positions: Mapping[str, tuple[float, float]] = {}
