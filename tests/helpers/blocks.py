"""The blocks of code on a page of the documentation, and what it takes to run them."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the line of its first line there, and its text."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def run(self, names: dict[str, Any], instead: Mapping[str, str]) -> None:
        """Execute the block, which may await, with `names` in scope. `instead` replaces what
        cannot be used as it is printed: an address, the data of an image.
        """
        # Blank lines in front keep the page's line numbers in a traceback.
        text = "\n" * (self.line - 1) + replaced(self.text, instead)
        awaiting = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(text, str(ROOT / self.page), "exec", awaiting, dont_inherit=True)
        outcome = eval(code, names)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)

    def commands(self) -> list[tuple[str, str]]:
        """The commands of a console and what each printed."""
        parts = re.split(r"^\$ ", self.text, flags=re.M)
        found = (each.partition("\n") for each in parts if each)
        return [(command, printed) for command, _, printed in found]


def blocks(page: str, language: str) -> list[Block]:
    """The page's blocks in this language, in their order."""
    text = (ROOT / page).read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, each.start(3)) + 1, textwrap.dedent(each[3]))
        for each in _FENCE.finditer(text)
        if each[2] == language
    ]


def replaced(text: str, instead: Mapping[str, str]) -> str:
    for printed, used in instead.items():
        text = text.replace(printed, used)
    return text


def matches(printed: str, shown: str) -> bool:
    """Whether a program printed what a page shows, in which `…` stands for anything."""
    pattern = ".*".join(re.escape(each) for each in shown.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.S) is not None
