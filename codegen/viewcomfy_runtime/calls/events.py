"""What happens to a run while it goes on, one class for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ..results.files import OutputFile


@dataclass(frozen=True, slots=True)
class Queued:
    """The server has the run and has not started it;
    `position` is 1 for the next one, None where unknown.
    """

    position: int | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A line of the run's log."""

    line: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a node has come:

    `value` of `total` steps; `node` is its id, where the server says.
    """

    value: int
    total: int
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """An image of the unfinished result: its bytes and MIME
    type, and the node that works on it, where known.
    """

    data: bytes = field(repr=False)
    content_type: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class OutputReady:
    """A file is finished before the run is; the result has it again."""

    file: OutputFile


Event: TypeAlias = Queued | Log | Progress | Preview | OutputReady
"""What happens to a run before its result."""
