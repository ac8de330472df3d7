"""The last case of a `match` that covers every case."""

from __future__ import annotations

from typing import NoReturn


def assert_never(value: NoReturn) -> NoReturn:
    """A type checker proves that this is never reached; `typing` has the same from Python
    3.11 on.
    """
    raise AssertionError(f"no case for {value!r}")
