"""The targets, each imported when a file of its kind is requested."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from .target import Target

_HOMES: Final = {
    ".py": ".python.target:PYTHON",
    ".ts": ".typescript.target:TYPESCRIPT",
    ".schema.json": ".json_schema:JSON_SCHEMA",
    ".openapi.json": ".openapi:OPENAPI",
    ".md": ".rules:RULES",
    ".html": ".html.target:HTML",
}

SUFFIXES: Final = tuple(_HOMES)
"""The suffixes of files that can be written. Names are remembered from the first that exists."""


def target_of(name: str) -> Target | None:
    """The target for a file with this name; None if there is none."""
    suffix = next((each for each in SUFFIXES if name.endswith(each)), None)
    return None if suffix is None else _loaded(suffix)


def all_targets() -> tuple[Target, ...]:
    """Every target."""
    return tuple(map(_loaded, SUFFIXES))


def _loaded(suffix: str) -> Target:
    module, _, name = _HOMES[suffix].partition(":")
    found: Target = getattr(import_module(module, __package__), name)
    return found
