"""A server for many calls."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from viewcomfy_runtime import ViewComfy

from .local import ID, SECRET
from .servers import Answer, Request, result


def client(url: str) -> ViewComfy:
    """A client that tries everything once."""
    return ViewComfy(f"{url}/made", ID, SECRET, retries=0)


def calls(module: ModuleType, count: int) -> list[Any]:
    """Calls with the prompts 0, 1, 2 …"""
    return [module.Parameters(positive_prompt=str(n)) for n in range(count)]


def echo(request: Request) -> Answer:
    """A result that tells which call it is for; the third call fails."""
    text = request.params["6-inputs-text"]
    return Answer(500) if text == "2" else result(prompt_id=text)
