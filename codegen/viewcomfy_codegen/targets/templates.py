"""Templates of every language: layout alone, in which no
text of a workflow becomes code by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


class Code(str):
    """Text that stands in the output as it is: it was made
    by this package, never taken from a workflow.
    """

    __slots__ = ()


def environment(
    literal: Callable[[Any], Code], filters: Mapping[str, Callable[..., Code]]
) -> Environment:
    """A language's templates: what is neither Code nor an
    Identifier renders as `literal` has it.
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
    """Where templates are: in the package once installed,
    at the repository's root in a checkout.
    """
    package = Path(__file__).resolve().parents[1]
    return [package / "templates", package.parents[1] / "templates"]
