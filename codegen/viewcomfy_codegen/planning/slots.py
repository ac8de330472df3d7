"""Inputs that come in numbers or beside each other on a node: empty slots, and tables."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from typing import Final

_NUMBER: Final = re.compile(r"\d{1,6}$")

_SHORTEST_TABLE: Final = 8
"""So many numbers of one name are a table, such as the weights of a model's layers."""


class Slots:
    """What the values of a node say of each other: which slots hold nothing, such as that of
    `lora2_strength` beside a `lora2_name` of None, and which numbers are one of a table.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        numbered = {name: _NUMBER.search(name) for name in values}
        self._stems_of_numbers = Counter(
            name[: found.start()] for name, found in numbered.items() if found
        )
        self._has_texts = any(
            isinstance(value, str) and numbered[name] for name, value in values.items()
        )
        empty = [name for name, value in values.items() if value == "None"]
        stems = (name[: -len("_name")] for name in empty if name.endswith("_name"))
        self._stems = _Beginnings(dict.fromkeys(stems, 0))
        self._numbers = {found[0] for found in map(_NUMBER.search, empty) if found}
        self._counts = _Beginnings(
            {
                name[: -len("count")]: value
                for name, value in values.items()
                if type(value) is int and name.endswith("_count")
            }
        )

    def is_empty(self, name: str) -> bool:
        """Whether the input belongs to a slot that holds nothing."""
        if self._stems.of(name) is not None:
            return True
        number = _NUMBER.search(name)
        if number is None:
            return False
        count = self._counts.of(name)
        return number[0] in self._numbers or (
            count is not None and int(number[0]) > count
        )

    def is_in_table(self, name: str) -> bool:
        """Whether the input is one of many numbers that only their places tell apart."""
        number = _NUMBER.search(name)
        if number is None or type(self._values[name]) not in (int, float):
            return False
        alike = self._stems_of_numbers[name[: number.start()]]
        return alike >= _SHORTEST_TABLE and not self._has_texts


class _Beginnings:
    """Texts with what each stands for, found by what begins with one of them."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self._texts: list[str] = []
        for text in sorted(known):
            # One that begins with another stands for the same slot.
            if not (self._texts and text.startswith(self._texts[-1])):
                self._texts.append(text)
        self._known = known

    def of(self, name: str) -> int | None:
        """What the text stands for that `name` begins with."""
        place = bisect_right(self._texts, name) - 1
        if place < 0 or not name.startswith(self._texts[place]):
            return None
        return self._known[self._texts[place]]
