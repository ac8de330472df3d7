"""Exhaustiveness checks for `match`."""

from __future__ import annotations

from typing import NoReturn


def assert_never(value: NoReturn) -> NoReturn:
    """Let a type checker verify that this is never reached. Python 3.11 has it in `typing`."""
    raise AssertionError(f"no case for {value!r}")
