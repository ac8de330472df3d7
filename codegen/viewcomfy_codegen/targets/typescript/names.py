"""The names in a TypeScript module: properties in camelCase, and types that don't clash with the
runtime's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Final

from ...model import Identifier

_RESERVED: Final = frozenset("""
    arguments as async await break case catch class const continue debugger default delete do else
    enum eval export extends false finally for from function get if implements import in instanceof
    interface let new null of package private protected public return set static super switch this
    throw true try type typeof undefined var void while with yield
    """.split())
"""Words that can't be bound by destructuring, or that would be misread."""

_OBJECT: Final = frozenset("""
    constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toJSON toLocaleString toString
    valueOf then prototype
    """.split())
"""Properties that every object has, or that other code calls on it."""

_RESULT: Final = frozenset("""
    promptId status completed executionTimeSeconds outputs prompt params logs extra images of
    textsOf save
    """.split())
"""Properties that every result has."""


PARTS: Final = ("FILES", "BRANCHING")
"""What not every workflow needs of the runtime: regions of its text, and the names by which modules
use them.
"""

_REGION: Final = re.compile(
    r"^// #region (\w+)\n\n(.*?)^// #endregion\n\n?", re.MULTILINE | re.DOTALL
)


def runtime(parts: Collection[str] = PARTS) -> str:
    """The text that all modules share, with these parts of what not all of them need."""
    text = Path(__file__).with_name("runtime.ts").read_text("utf-8")
    chosen = _REGION.sub(lambda part: part[2] if part[1] in parts else "", text)
    return chosen.rstrip("\n") + "\n"


@cache
def _runtime_types() -> frozenset[str]:
    """The types that the runtime declares or uses, which a module's own type of the same name would
    shadow.
    """
    return frozenset(re.findall(r"\b[A-Z]\w*", runtime()))


def parameter_properties(names: Iterable[str]) -> dict[str, Identifier]:
    """The properties of `Parameters` by the names in the schema."""
    return _properties(names, _RESERVED | _OBJECT)


def output_properties(names: Iterable[str]) -> dict[str, Identifier]:
    """The properties of `Result` by the names in the schema."""
    return _properties(names, _RESERVED | _OBJECT | _RESULT)


def _properties(
    names: Iterable[str], reserved: frozenset[str]
) -> dict[str, Identifier]:
    taken = set(reserved)
    found: dict[str, Identifier] = {}
    for name in names:
        base = _camel(name)
        free, number = base, 2
        if free in reserved:
            free = f"{base}_"
        while free in taken:
            free, number = f"{base}{number}", number + 1
        taken.add(free)
        found[name] = Identifier(free)
    return found


def _camel(name: str) -> str:
    first, *others = [part for part in name.split("_") if part] or ["value"]
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def type_names(names: Iterable[str]) -> dict[str, Identifier]:
    """Names for a module's own types."""
    taken = {*_runtime_types(), "Parameters", "Result", "WithoutDefault"}
    found: dict[str, Identifier] = {}
    for name in names:
        free, number = name, 2
        while free in taken:
            free = f"{name}Choice{number if number > 2 else ''}"
            number += 1
        taken.add(free)
        found[name] = Identifier(free)
    return found
