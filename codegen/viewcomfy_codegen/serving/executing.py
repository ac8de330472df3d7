"""What runs a served workflow: the interface between the server and whatever makes the files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..workflow import Workflow


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a node made."""

    filename: str
    content_type: str
    content: bytes
    node: str


@dataclass(frozen=True, slots=True)
class Execution:
    """One run: the workflow with the call's values in it, and the files that came with the call, by wire key.

    `values` are those of the call alone. `tell` takes the lines of the log; `cancelled` is set once nobody waits any more.
    """

    workflow: Workflow
    values: Mapping[str, Any]
    files: Mapping[str, Path]
    tell: Callable[[str], object]
    cancelled: threading.Event = field(default_factory=threading.Event)


class Failed(Exception):
    """A run that failed: what ComfyUI's `execution_error` holds."""

    def __init__(self, message: str, *, node: str = "", class_type: str = "") -> None:
        super().__init__(message)
        self.details = {
            "node_id": node,
            "node_type": class_type,
            "exception_message": message,
        }


class Executor(Protocol):
    """Runs workflows, any number at once, each in a thread of its own."""

    def execute(self, execution: Execution) -> list[Output]:
        """The files that the run made. Raises Failed."""
        ...
