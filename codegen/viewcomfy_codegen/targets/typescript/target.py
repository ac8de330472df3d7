"""The TypeScript target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...model import Module
from ..target import Earlier
from .module import typescript_module
from .reading import read_typescript


@dataclass(frozen=True, slots=True)
class TypeScript:
    """A module that contains its runtime, or imports it from `runtime`."""

    runtime: str | None = None
    name: str = "TypeScript"
    suffix: str = ".ts"
    reserved: frozenset[str] = frozenset()
    """Empty: a rule of its own turns each name into a property."""

    def render(self, module: Module) -> str:
        return typescript_module(module, self.runtime)

    def read(self, text: str, name: str) -> Earlier:
        return read_typescript(text, name)


TYPESCRIPT: Final = TypeScript()
