"""What is said to the user: a place, a message and a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to tell the user, for instance `workflow_api.json: node 12 (KSampler), inputs.seed`."""

    location: str
    message: str
    hint: str | None = None
    severity: Literal["error", "warning", "note"] = "error"

    def __str__(self) -> str:
        prefix = "" if self.severity == "error" else f"{self.severity}: "
        text = f"{self.location}: {prefix}{self.message}"
        text = "".join(
            char if char.isprintable() else ascii(char)[1:-1] for char in text
        )
        return f"{text}\nhint: {self.hint}" if self.hint else text


class CodegenError(Exception):
    """Input that nothing can be generated from; `diagnostics` says why, all of it at once."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(str(each) for each in diagnostics))
        self.diagnostics = diagnostics
