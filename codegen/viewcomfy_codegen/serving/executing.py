"""What runs a served workflow: the interface between the server and whatever makes the files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from viewcomfy_runtime.parameters.key import WireKey

from ..graph.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a node made."""

    filename: str
    content_type: str
    content: bytes
    node: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How an executor without models goes through its steps: seconds for each, and the step at
    which it fails, if any.
    """

    step_time: float = 0.0
    fail_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """How far a node has come: `value` of `total` steps."""

    node: str
    value: int
    total: int


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a node's image looks like so far."""

    node: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Execution:
    """One run: the workflow with the call's values in it, and the files that came with the call.

    `values` are those of the call alone, by wire key. `tell` takes the lines of the log, steps and
    glimpses; `watched` says whether anybody hears of the latter two.
    """

    workflow: Workflow
    values: Mapping[str, Any]
    files: Mapping[WireKey, Path]
    tell: Callable[[str | Step | Glimpse], object]
    pace: Pace | None = None
    watched: bool = False
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _callbacks: list[Callable[[], object]] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the run any longer."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Wait so long, or until nobody waits for the run any longer."""
        self._cancelled.wait(seconds)

    def cancel(self) -> None:
        """Tell the executor that nobody waits any longer."""
        self._cancelled.set()
        for callback in self._callbacks:
            callback()

    def when_cancelled(self, callback: Callable[[], object]) -> None:
        """Have `callback` called once nobody waits any longer; at once where that is so already."""
        self._callbacks.append(callback)
        if self.cancelled:
            callback()


class Failed(Exception):
    """A run that failed: what ComfyUI's `execution_error` holds.

    `kind` is the exception's class, as ComfyUI names it.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str = "",
        class_type: str = "",
        kind: str = "Exception",
    ) -> None:
        super().__init__(message)
        self.details: dict[str, str] = {
            "node_id": node,
            "node_type": class_type,
            "exception_type": kind,
            "exception_message": message,
        }


class Executor(Protocol):
    """Runs workflows, any number at once, each in a thread of its own."""

    def stored(self, folder: Path | None) -> frozenset[str] | None:
        """The names of the files that workflows may load without a call sending them.

        None where the executor judges the values of a call itself, by raising Rejected.
        """
        ...

    def execute(self, execution: Execution) -> list[Artifact]:
        """The files that the run made.

        Raises Failed, or Rejected for a call that cannot be run at all.
        """
        ...
