"""Documents and texts that were damaged at random, as by a bad merge or a bad intent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from random import Random
from typing import Any, Final

_VALUES: Final[list[Any]] = [
    *(None, True, False, 0, -1, 2**64, 10**400, 0.1, 1e308, float("nan")),
    *("", " ", "x", "\ud800", "\x1b[31m\x9b\u202e", '"""', "0,5", "1e999", "a" * 3000),
    *([], {}, [[]], [None, "x"], {"": None}, {"a": {"b": [1]}}, ["1", 0]),
    *("INT", "COMBO", "IMAGE", "*", "../..", float("inf"), -(10**400)),
]
_PIECES: Final = [
    *("", '"', "(", ")", "[", "]", "{", "}", ",", "None", "not ", "\\", "=", "|", ":"),
    *("9" * 5000, "\x00", "**", "lambda: ", 'f"{1}"', 'b"x"', "...", "1j", "/*", "`"),
]


def mutated(
    chance: Random, document: Any, times: int = 3, values: Sequence[Any] = ()
) -> Any:
    """The document with so many of its parts lost, moved, repeated or replaced, by `values` too."""
    found = deepcopy(document)
    for _ in range(times):
        places = [place for place in _places(found, ()) if place]
        if not places:
            break
        *way, last = chance.choice(places)
        parent = _at(found, way)
        match chance.randrange(5):
            case 0:
                del parent[last]
            case 1:
                parent[last] = deepcopy(_at(found, chance.choice(places)))
            case 2 if isinstance(parent, list):
                parent.insert(last, deepcopy(parent[last]))
            case 2:
                parent[chance.choice(["", "x", "seed", "__proto__"])] = parent.pop(last)
            case _:
                parent[last] = deepcopy(chance.choice([*_VALUES, *values]))
    return found


def mutated_text(chance: Random, text: str, times: int = 2) -> str:
    """The text with so many of its lines lost, repeated, moved or damaged."""
    lines = text.split("\n")
    for _ in range(times):
        at = chance.randrange(len(lines))
        line = lines[at]
        here = chance.randint(0, len(line))
        match chance.randrange(4):
            case 0:
                lines[at] = line[:here] + line[here + chance.randint(1, 20) :]
            case 1:
                lines.insert(chance.randrange(len(lines)), line)
            case 2:
                lines.insert(chance.randrange(len(lines)), lines.pop(at))
            case _:
                lines[at] = line[:here] + chance.choice(_PIECES) + line[here:]
    return "\n".join(lines)


def _places(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield way
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for step, each in inner:
        yield from _places(each, (*way, step))


def _at(value: Any, way: Any) -> Any:
    for step in way:
        value = value[step]
    return value
