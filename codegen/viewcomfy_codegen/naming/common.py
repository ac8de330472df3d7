"""What the names of inputs that share a parameter have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

_PHRASE: Final = re.compile(r"(?<![^_])((?:high|low)_noise|stage_[a-z0-9])(?![^_])")


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
