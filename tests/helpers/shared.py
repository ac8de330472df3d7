"""Real workflows and real servers' answers, which a
checkout doesn't carry; VIEWCOMFY_SHARED names their folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_files(pattern: str) -> list[Path]:
    """The shared files that match `pattern`, such as
    `corpus/api/*.json`, in order; none where there is no such folder.
    """
    folder = os.environ.get("VIEWCOMFY_SHARED")
    return sorted(Path(folder).glob(pattern)) if folder else []


def shared_file(path: str) -> Path:
    """One shared file or folder; the test is skipped where it isn't there."""
    found = shared_files(path)
    if not found:
        pytest.skip(f"VIEWCOMFY_SHARED has no {path}")
    return found[0]
