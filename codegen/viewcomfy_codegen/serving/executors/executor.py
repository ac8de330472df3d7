"""The interface between the server and the executors that run workflows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from viewcomfy_runtime.json_types import JsonObject, JsonValue
from viewcomfy_runtime.parameters.key import WireKey

from ...graph.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a node made."""

    filename: str
    content_type: str
    content: bytes
    node: str


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of an executor without models: seconds per step, and the step at which it fails, if
    any.
    """

    step_time: float = 0.0
    fail_at: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The progress of a node: `value` of `total` steps."""

    node: str
    value: int
    total: int


@dataclass(frozen=True, slots=True)
class PreviewImage:
    """A preview of a node's image."""

    node: str
    content_type: str
    content: bytes


RunEvent: TypeAlias = str | Step | PreviewImage
"""What a run reports: a line of its log, a step, or a preview."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One run: the workflow with the call's values, and the call's files.

    `values` are those of the call alone, by wire key. `report` takes what happens; `watched` says
    whether steps and previews have listeners. `partner_key` pays for partner nodes.
    """

    workflow: Workflow
    values: Mapping[str, JsonValue]
    files: Mapping[WireKey, Path]
    report: Callable[[RunEvent], object]
    pace: Pace | None = None
    watched: bool = False
    partner_key: str | None = field(default=None, repr=False)
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _callbacks: list[Callable[[], object]] = field(default_factory=list)

    @property
    def cancelled(self) -> bool:
        """Whether the run was canceled."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for so many seconds, or until the run is canceled."""
        self._cancelled.wait(seconds)

    def cancel(self) -> None:
        """Cancel the run."""
        self._cancelled.set()
        for callback in self._callbacks:
            callback()

    def when_cancelled(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the run is canceled; at once if it already is."""
        self._callbacks.append(callback)
        if self.cancelled:
            callback()


class Failed(Exception):
    """A failed run, as described by ComfyUI's `execution_error`.

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
        self.details: JsonObject = {
            "node_id": node,
            "node_type": class_type,
            "exception_type": kind,
            "exception_message": message,
        }


class Executor(Protocol):
    """Runs workflows, any number at a time, each in its own thread."""

    def stored(self, folder: Path | None) -> frozenset[str] | None:
        """The names of the files that workflows may load without the call sending them.

        None if the executor checks a call's values itself, by raising Rejected.
        """
        ...

    def execute(self, execution: Execution) -> list[Artifact]:
        """The files that the run made. Raises Failed, or Rejected for a call that cannot be run at
        all.
        """
        ...
