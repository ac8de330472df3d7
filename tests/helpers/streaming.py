"""Calls to a deployment whose log is heard."""

from __future__ import annotations

from viewcomfy_runtime import Call, PromptResult, ViewComfy
from viewcomfy_runtime.calls.call import Watch
from viewcomfy_runtime.http.deadlines import Deadline

from .servers import Server, event

SECRET = "s3cr3t-0123456789"
CALL = Call({"6-inputs-text": "a fox"})


def client(server: Server, retries: int = 0) -> ViewComfy:
    """A client that tries everything once."""
    return ViewComfy(server.url, "the-id", SECRET, retries=retries)


def heard(server: Server, timeout: float = 10) -> tuple[PromptResult, list[str]]:
    """The result of a call, and the lines that were heard."""
    lines: list[str] = []
    found = client(server).run(CALL, Deadline(timeout), Watch(on_log=lines.append))
    return found, lines


def log(*lines: str) -> list[bytes]:
    """Events that tell these lines."""
    return [event("log_message", line) for line in lines]
