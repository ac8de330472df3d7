"""Text that a terminal would obey if anybody printed it."""

from __future__ import annotations

import json

from .support import node

HOSTILE = "\x1b]0;owned\x07\x9b31m\u202egnp.exe\udcff"


def hostile_workflow() -> str:
    """A workflow that says so in every place, as JSON."""
    workflow = {"1": node("Mine" + HOSTILE, HOSTILE, level=3, **{HOSTILE: "x"})}
    return json.dumps(workflow)


def is_harmless(text: str) -> bool:
    """Whether a terminal would print this and do nothing else."""
    return all(char.isprintable() or char == "\n" for char in text)
