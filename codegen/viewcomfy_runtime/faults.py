"""What is wrong with single parameters and single nodes, as errors list it."""

from __future__ import annotations

from dataclasses import dataclass

from .texts import shown


@dataclass(frozen=True, slots=True)
class Fault:
    """A parameter whose value isn't valid, and what it must be."""

    parameter: str
    message: str

    def __post_init__(self) -> None:
        _clean(self, "parameter", "message")

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}"


@dataclass(frozen=True, slots=True)
class NodeFault:
    """A node, given by its id and class, that the server rejected or that failed.

    `input` is empty if the fault isn't about a single input, `parameter` if no parameter sets that
    input.
    """

    node: str
    class_type: str
    input: str
    message: str
    parameter: str = ""

    def __post_init__(self) -> None:
        _clean(self, "node", "class_type", "input", "message", "parameter")

    def __str__(self) -> str:
        about = f" ({self.class_type})" if self.class_type else ""
        place = f", inputs.{self.input}" if self.input else ""
        name = f"{self.parameter}: " if self.parameter else ""
        return f"{name}node {self.node}{about}{place}: {self.message}"


def _clean(fault: object, *names: str) -> None:
    """Remove secrets and terminal control sequences from a frozen dataclass's texts."""
    for name in names:
        object.__setattr__(fault, name, shown(getattr(fault, name)))
