"""What names have in common whose inputs one parameter sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

_HALF: Final = re.compile(r"(?<![^_])(high|low)_noise(?![^_])")


def in_all(names: Iterable[str]) -> str:
    """The words of the first name that all names have, in its order."""
    spoken = [_phrases(name) for name in names]
    common = set(spoken[0]).intersection(*spoken[1:])
    return "_".join(word for word in spoken[0] if word in common)


def in_common(names: Iterable[str]) -> str:
    """The words with which all names end, else with which all begin; numbers say nothing by
    themselves.
    """
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
    """The words of a name, with a half of the noise in one piece: `noise` alone is neither."""
    return [each.replace("-", "_") for each in _HALF.sub(r"\1-noise", name).split("_")]
