"""What the server says to a call that it does not take."""

from __future__ import annotations

from typing import Any


class Rejected(Exception):
    """A call that is refused: the HTTP status, what is wrong with it, and details of any JSON
    shape.
    """

    def __init__(
        self, status: int, message: str, details: Any = "", kind: str = "InvalidCall"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "errorMsg": message,
            "errorDetails": details,
            "errorType": kind,
        }
