"""The HTML page as a target."""

from __future__ import annotations

from typing import Final

from ...model import Module
from ..target import Earlier, Target
from .page import html_page


class _Html:
    name = "HTML page"
    suffix = ".html"
    reserved: frozenset[str] = frozenset()

    def render(self, module: Module) -> str:
        return html_page([module])

    def read(self, text: str, name: str) -> Earlier | None:
        """None: a page may show several workflows, and names are remembered from modules."""
        return None


HTML: Final[Target] = _Html()
