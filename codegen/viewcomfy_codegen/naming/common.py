"""What the names of inputs that share a parameter have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

_PHRASE: Final = re.compile(r"(?<![^_])((?:high|low)_noise|stage_[a-z0-9])(?![^_])")


_PART: Final = re.compile(r"([^\W\d_]+)_\d+_(?=\D)")


def of_parts(names: Iterable[str], noun: Iterable[str]) -> list[str]:
    """The names, without the numbered word of a part if all begin with one that isn't the noun of
    what has them: `part_1_seed`, but not `lora_1_strength`.
    """
    held = list(names)
    parts = {part[1] if (part := _PART.match(name)) else "" for name in held}
    if len(parts) > 1 or not parts.isdisjoint(("", *noun)):
        return held
    return [_PART.sub("", name, count=1) for name in held]


def in_all(names: Iterable[str]) -> str:
    """The words of the first name that all names contain, in its order."""
    spoken = [_phrases(name) for name in names]
    common = set(spoken[0]).intersection(*spoken[1:])
    return "_".join(word for word in spoken[0] if word in common)


def in_common(names: Iterable[str]) -> str:
    """The words with which all names end, or else begin; numbers alone don't count."""
    spoken = [_phrases(name) for name in names]
    for ends in (-1, 1):
        common = spoken[0][::ends]
        for other in spoken[1:]:
            pairs = zip(common, other[::ends], strict=False)
            common = [
                one for one, _ in takewhile(lambda each: each[0] == each[1], pairs)
            ]
        if any(not each.isdecimal() for each in common) and common:
            return "_".join(common[::ends])
    return ""


def _phrases(name: str) -> list[str]:
    """The words of a name, where `high_noise`, `low_noise` and `stage_b` count as one word."""
    joined = _PHRASE.sub(lambda found: found[0].replace("_", "-"), name)
    return [each.replace("-", "_") for each in joined.split("_")]
