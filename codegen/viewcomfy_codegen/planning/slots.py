"""Numbered or adjacent inputs of a node: empty slots, and tables."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping
from typing import Final

_NUMBER: Final = re.compile(r"\d{1,6}$")

_COUNT: Final = re.compile(r"num(?:ber)?_(?:of_)?(\w{1,40}?)s?")
"""The name of a number of slots: `num_loras` of `lora_1_name`, `lora_2_name`, …"""

_SLOT: Final = re.compile(r"([a-z]\w{0,40}?)_?(\d{1,3})_")

_SHORTEST_TABLE: Final = 8
"""At least this many numbers with one name form a table, such as the weights of a model's layers.
"""


class Slots:
    """What a node's values say about each other: which slots are empty, such as that of
    `lora2_strength` if `lora2_name` is None, and which numbers belong to a table.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        numbered = {name: _NUMBER.search(name) for name in values}
        self._stems_of_numbers = Counter(
            name[: found.start()] for name, found in numbered.items() if found
        )
        self._numbered = sorted(name for name, found in numbered.items() if found)
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

        self._slots = {
            found[1]: value
            for name, value in values.items()
            if type(value) is int and (found := _COUNT.fullmatch(name))
        }

    def is_count(self, name: str) -> bool:
        """Whether the input says how many slots of its node count."""
        if name.endswith("_count"):
            stem = name[: -len("count")]
            place = bisect_left(self._numbered, stem)
            return any(
                each.startswith(stem) for each in self._numbered[place : place + 1]
            )
        found = _COUNT.fullmatch(name)
        return found is not None and any(
            (slot := _SLOT.match(other)) and slot[1] == found[1]
            for other in self._values
        )

    def is_empty(self, name: str) -> bool:
        """Whether the input belongs to an empty slot."""
        if self._stems.of(name) is not None:
            return True
        slot = _SLOT.match(name)
        if slot is not None and slot[1] in self._slots:
            return int(slot[2]) > self._slots[slot[1]]
        number = _NUMBER.search(name)
        if number is None:
            return False
        count = self._counts.of(name)
        return number[0] in self._numbers or (
            count is not None and int(number[0]) > count
        )

    def is_in_table(self, name: str) -> bool:
        """Whether the input is one of many numbers that only their positions distinguish."""
        number = _NUMBER.search(name)
        if number is None or type(self._values[name]) not in (int, float):
            return False
        alike = self._stems_of_numbers[name[: number.start()]]
        return alike >= _SHORTEST_TABLE and not self._has_texts


class _Beginnings:
    """A map from prefixes to numbers that is searched with longer texts."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self._texts: list[str] = []
        for text in sorted(known):
            # A text that begins with another stands for the same slot.
            if not (self._texts and text.startswith(self._texts[-1])):
                self._texts.append(text)
        self._known = known

    def of(self, name: str) -> int | None:
        """The number of the prefix of `name`."""
        place = bisect_right(self._texts, name) - 1
        if place < 0 or not name.startswith(self._texts[place]):
            return None
        return self._known[self._texts[place]]
