"""Results that are too large for an answer, kept for a while so that they can be read later."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final
from urllib.parse import quote

from viewcomfy_runtime.results.files import OutputFile

_MOST_FILES: Final = 256
_MOST_BYTES: Final = 512 << 20


class KeptFiles:
    """Files by unguessable URIs; the oldest are dropped when there are too many."""

    def __init__(self, most: int = _MOST_FILES, size: int = _MOST_BYTES) -> None:
        self._files: OrderedDict[str, OutputFile] = OrderedDict()
        self._most = most
        self._size = size

    def add(self, file: OutputFile) -> str:
        """Keep a file and return the URI for reading it."""
        name = quote(file.filename, safe="")
        uri = f"viewcomfy://result/{secrets.token_urlsafe(16)}/{name}"
        self._files[uri] = file
        held = sum(map(_held, self._files.values()))
        while len(self._files) > self._most or (
            held > self._size and len(self._files) > 1
        ):
            _, oldest = self._files.popitem(last=False)
            held -= _held(oldest)
        return uri

    def get(self, uri: str) -> OutputFile | None:
        """The file with this URI; None if it never existed or was dropped."""
        return self._files.get(uri)


def _held(file: OutputFile) -> int:
    """Bytes of memory that a file's content takes."""
    return len(file.data or b"")
