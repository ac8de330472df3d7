"""What requests carry other than a form, and how JSON that came from outside is read."""

from __future__ import annotations

import io
import json
from typing import Any, Final


class JsonBody(io.BytesIO):
    """A value as JSON, with the header that says so."""

    content_type = "application/json"

    def __init__(self, value: Any) -> None:
        super().__init__(json.dumps(value, allow_nan=False).encode())


NOT_JSON: Final = object()
"""What `json_in` gives for a text that isn't JSON."""


def json_in(text: str | bytes | bytearray) -> Any:
    """The value that a text is in JSON, or NOT_JSON.

    It raises nothing: the errors of `json` hold the whole text, secrets included, and whatever is
    raised while they are handled holds them.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON
