"""A multipart form that reports when it has been sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests_toolbelt import MultipartEncoder


class Encoder(MultipartEncoder):  # type: ignore[misc]  # untyped there
    """A multipart form that calls `sent` once it has been read to its end."""

    def __init__(
        self, parts: list[tuple[str, Any]], sent: Callable[[], object] | None
    ) -> None:
        super().__init__(parts)
        self._sent = sent

    def read(self, size: int = -1) -> bytes:
        data: bytes = super().read(size)
        if not data and self._sent is not None:
            self._sent()
        return data
