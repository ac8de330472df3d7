"""The end of a `match` that names every case."""

from __future__ import annotations

from typing import NoReturn


def assert_never(value: NoReturn) -> NoReturn:
    """What a type checker proves is never reached; `typing` has the same from Python 3.11 on."""
    raise AssertionError(f"no case for {value!r}")
