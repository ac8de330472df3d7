"""The server's error for calls that it rejects."""

from __future__ import annotations

from typing import Any

from viewcomfy_runtime.json_types import JsonObject


class Rejected(Exception):
    """A rejected call: the HTTP status, the message, and details of any JSON type."""

    def __init__(
        self, status: int, message: str, details: Any = "", kind: str = "InvalidCall"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: JsonObject = {
            "errorMsg": message,
            "errorDetails": details,
            "errorType": kind,
        }
