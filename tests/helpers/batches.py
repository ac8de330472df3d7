"""A server for many calls."""

from __future__ import annotations

from .servers import Answer, Request, result


def echo(request: Request) -> Answer:
    """A result that tells which call it is for; the third call fails."""
    text = request.params["6-inputs-text"]
    return Answer(500) if text == "2" else result(prompt_id=text)
