"""The events of a run, one class for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..texts import hide_secrets

if TYPE_CHECKING:
    from ..results.files import OutputFile


@dataclass(frozen=True, slots=True)
class Queued:
    """The server has accepted the run and not started it; `position` is 1 for the next run to
    start, None if unknown.
    """

    position: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A line of the run's log."""

    line: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a node has come: `value` of `total` steps; `node` is its id, if the server
    sends it.
    """

    value: int
    total: int
    node: str | None = None

    def __post_init__(self) -> None:
        hide_secrets(self, "node")


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of the unfinished result: its bytes, its MIME type, and the node that is running,
    if known.
    """

    data: bytes = field(repr=False)
    content_type: str
    node: str | None = None

    def __post_init__(self) -> None:
        hide_secrets(self, "content_type", "node")


@dataclass(frozen=True, slots=True)
class OutputReady:
    """A file is finished before the run ends; the result contains it again."""

    file: OutputFile


Event: TypeAlias = Queued | Log | Progress | Preview | OutputReady
"""The events that can precede a run's result."""
