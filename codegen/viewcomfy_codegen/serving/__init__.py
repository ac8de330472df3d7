"""ViewComfy's API on this machine: what `viewcomfy-codegen serve` runs, and what tests embed.

Needs the extra `serve`.
"""

from __future__ import annotations

from .application import create_app
from .calls.recording import RecordedCall
from .deployments import Settings
from .embedding import LocalViewComfy, running
from .executors.executor import Artifact, Execution, Executor, Failed
from .rejection import Rejected
from .served import Served

__all__ = [
    "Artifact",
    "Execution",
    "Executor",
    "Failed",
    "LocalViewComfy",
    "RecordedCall",
    "Rejected",
    "Served",
    "Settings",
    "create_app",
    "running",
]
