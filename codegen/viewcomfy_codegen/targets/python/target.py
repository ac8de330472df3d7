"""The Python target."""

from __future__ import annotations

from typing import Final, NamedTuple

from ...model import Module
from ...words import RESERVED
from ..target import Earlier
from .module import RUNTIME, python_module
from .reading import read_module


class Python(NamedTuple):
    """A module that imports the runtime from `runtime`: the installed package or the project's own
    copy.
    """

    runtime: str = RUNTIME
    name: str = "Python"
    suffix: str = ".py"
    reserved: frozenset[str] = RESERVED

    def render(self, module: Module) -> str:
        return python_module(module, self.runtime)

    def read(self, text: str, name: str) -> Earlier:
        return read_module(text, name)


PYTHON: Final = Python()
