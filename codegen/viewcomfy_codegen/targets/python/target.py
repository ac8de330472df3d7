"""Python as a target."""

from __future__ import annotations

from typing import Final

from ...model import Module
from ...words import RESERVED
from ..target import Earlier, Target
from .module import python_module
from .reading import read_module


class _Python:
    name = "Python"
    suffix = ".py"
    reserved = RESERVED

    def render(self, module: Module) -> str:
        return python_module(module)

    def read(self, text: str, name: str) -> Earlier:
        return read_module(text, name)


PYTHON: Final[Target] = _Python()
