"""The events of a run, one class for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..texts import hide_secrets

if TYPE_CHECKING:
    from ..results.files import OutputFile


@dataclass(frozen=True, slots=True)
class Queued:
    """The server accepted the run but hasn't started it; `position` is 1 for the next run to start,
    or None if unknown.
    """

    position: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A line of the run's log."""

    line: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A node's progress: `value` of `total` steps; `node` is its id, or None if unknown."""

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
    """A file that was finished before the end of the run; the result contains it too."""

    file: OutputFile


Event: TypeAlias = Queued | Log | Progress | Preview | OutputReady
"""The events that can precede a run's result."""
