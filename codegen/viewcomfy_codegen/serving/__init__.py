"""ViewComfy's API on this machine: what `viewcomfy-codegen serve` runs, and what tests embed.

Needs the extra `serve`.
"""

from __future__ import annotations

from .application import create_app
from .desk import Settings
from .embedding import LocalViewComfy, running
from .executing import Artifact, Execution, Executor, Failed
from .recording import RecordedCall
from .refusing import Rejected
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
