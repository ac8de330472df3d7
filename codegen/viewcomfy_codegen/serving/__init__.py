"""A ViewComfy on this machine: what `viewcomfy-codegen serve` runs, and what tests embed. Needs the extra `serve`."""

from __future__ import annotations

from .app import Settings, create_app
from .executing import Execution, Executor, Failed, Output
from .served import Served

__all__ = [
    "Execution",
    "Executor",
    "Failed",
    "Output",
    "Served",
    "Settings",
    "create_app",
]
