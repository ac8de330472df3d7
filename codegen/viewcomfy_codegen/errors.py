"""Diagnostics and errors for users: a location, a message and a hint."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

_JOINERS: Final = "\u200c\u200d"
"""Characters that many scripts and emoji need: not printable to Python, harmless to a terminal."""


def visible(text: str) -> str:
    """`text` on one line, with control characters, bidirectional marks and surrogates written as
    escapes.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in _JOINERS else ascii(char)[1:-1]
        for char in text
    )


class Diagnostic(NamedTuple):
    """One message to the user, located for instance at `workflow_api.json: node 12 (KSampler),
    inputs.seed`.
    """

    location: str
    message: str
    hint: str | None = None
    severity: Literal["error", "warning", "note"] = "error"

    def __str__(self) -> str:
        prefix = "" if self.severity == "error" else f"{self.severity}: "
        text = visible(f"{self.location}: {prefix}{self.message}")
        return f"{text}\nhint: {visible(self.hint)}" if self.hint else text


class CodegenError(Exception):
    """Nothing can be generated from the input; `diagnostics` lists every reason."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(str(each) for each in diagnostics))
        self.diagnostics = diagnostics


def place(source: str, node: str, class_type: object, *path: str) -> str:
    """A node, or something within it, as messages name it."""
    named = f" ({class_type})" if isinstance(class_type, str) else ""
    inside = f", {'.'.join(path)}" if path else ""
    return f"{source}: node {node}{named}{inside}"
