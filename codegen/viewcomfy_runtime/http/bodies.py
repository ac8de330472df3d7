"""Request bodies, and reading JSON from outside."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, Final, Protocol


class Body(Protocol):
    """The body of a request, which is read once."""

    @property
    def content_type(self) -> str: ...

    @property
    def len(self) -> int:
        """The length in bytes."""
        ...

    def read(self, size: int = -1, /) -> bytes: ...


class JsonBody(io.BytesIO):
    """A JSON body."""

    content_type = "application/json"

    def __init__(self, value: Any) -> None:
        content = json.dumps(value, allow_nan=False).encode()
        self.len = len(content)
        super().__init__(content)


NOT_JSON: Final = object()
"""Returned by `json_in` for text that isn't JSON."""


def json_in(
    text: str | bytes | bytearray,
    made: Callable[[dict[str, object]], object] | None = None,
) -> Any:
    """The JSON value of a text, or NOT_JSON; `made` converts each object in it.

    Nothing is raised, because the errors of `json` contain the whole text with its secrets, and so
    would any error raised while handling them.
    """
    try:
        return json.loads(text, object_hook=made)
    except (ValueError, RecursionError):
        return NOT_JSON
