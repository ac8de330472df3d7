"""Decides what in a server's answer counts as a fact: bounded, and neither prose nor a machine's
files.
"""

from __future__ import annotations

import json
import re
from typing import Final, TypeGuard

MOST_CHOICES: Final = 4096
LONGEST_NAME: Final = 400
"""Maximum length of names and choices, in characters, and of lists of choices."""

_FILE_NAME: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,11}$")
_LONGEST_DEFAULT: Final = 40
_LARGEST_DEFAULT: Final = 4000


def is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= LONGEST_NAME


def is_number(value: object) -> TypeGuard[int | float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < float("inf")
    )


def is_small(default: object) -> bool:
    """Whether a default is small enough to be kept."""
    if isinstance(default, str):
        return len(default) <= _LARGEST_DEFAULT
    if isinstance(default, list | dict):
        try:
            return len(json.dumps(default, allow_nan=False)) <= _LARGEST_DEFAULT
        except (ValueError, TypeError, RecursionError):
            return False
    return isinstance(default, bool) or is_number(default)


def is_fact(default: object) -> bool:
    """Whether a default is a property of the class rather than prose or a machine's file."""
    if isinstance(default, str):
        return len(default) <= _LONGEST_DEFAULT and not is_file_name(default)
    return True


def is_file_name(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_NAME
        and _FILE_NAME.search(value) is not None
    )
