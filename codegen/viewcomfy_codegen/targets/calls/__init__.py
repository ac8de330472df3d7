"""Sample calls to paste: in Python, TypeScript, as a curl command or JSON, each by one renderer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .call import SampleCall, example
from .javascript import typescript
from .python import async_python, python
from .wire import curl, json

LANGUAGES: Final[Mapping[str, Callable[[SampleCall], str]]] = {
    "python": python,
    "async": async_python,
    "curl": curl,
    "typescript": typescript,
    "json": json,
}
"""The renderers by the names that commands and the page use."""

TITLES: Final[Mapping[str, str]] = {
    "python": "Python",
    "async": "Python, async",
    "curl": "curl",
    "typescript": "TypeScript",
    "json": "JSON",
}
"""The languages' display names."""

__all__ = ["LANGUAGES", "TITLES", "SampleCall", "example"]
