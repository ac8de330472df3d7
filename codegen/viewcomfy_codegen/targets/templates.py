"""Templates of all languages. They contain layout only, and no text of a workflow becomes code in
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


class Code(str):
    """Text that is rendered as it is: made by this package, never taken from a workflow."""

    __slots__ = ()


def environment(
    literal: Callable[[Any], Code], filters: Mapping[str, Callable[..., Code]]
) -> Environment:
    """A language's templates: everything that is neither Code nor an Identifier is rendered by
    `literal`.
    """
    found = Environment(
        loader=FileSystemLoader(_folders()),
        undefined=StrictUndefined,
        finalize=literal,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters.update(filters)
    return found


def _folders() -> list[Path]:
    """The templates' folders: in the installed package, or at the repository's root in a
    checkout.
    """
    package = Path(__file__).resolve().parents[1]
    return [package / "templates", package.parents[1] / "templates"]
