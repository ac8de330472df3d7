"""What a request carries other than a form."""

from __future__ import annotations

import io
import json
from typing import Any


class JsonBody(io.BytesIO):
    """A value as JSON, with the header that says so."""

    content_type = "application/json"

    def __init__(self, value: Any) -> None:
        super().__init__(json.dumps(value, allow_nan=False).encode())
