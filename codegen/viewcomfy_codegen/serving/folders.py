"""Temporary folders of the server."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from tempfile import TemporaryDirectory


class TemporaryFolder:
    """A folder that is created when it is first needed, and never again once it is removed. Safe to
    use from several threads.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folder: TemporaryDirectory[str] | None = None
        self._removed = False
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """Where it is. Raises CancelledError once it is removed: runs may outlast the server."""
        with self._lock:
            if self._removed:
                raise asyncio.CancelledError
            if self._folder is None:
                self._folder = TemporaryDirectory(
                    prefix=self._prefix, ignore_cleanup_errors=True
                )
            return Path(self._folder.name)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        with self._lock:
            self._removed = True
            if self._folder is not None:
                self._folder.cleanup()
