"""Inputs that a choice brings: under which choices a field applies, and what it accepts there.

A field with branches may be None, which sends nothing. Under choices that bring no such input it
has to be None or its default, neither of which is sent. A choice that nobody knew when the module
was made excludes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from .inputs import When
from .types import Integer, Number, ParameterType, schema_of

if TYPE_CHECKING:
    from ..json_types import JsonSchema


class Branch(NamedTuple):
    """What a field accepts under some choices of other fields. A seed that `draws` is drawn there
    if it is None.
    """

    when: Mapping[str, tuple[str, ...]]
    type: ParameterType
    draws: bool = False

    def holds(self, values: Mapping[str, object]) -> bool:
        """Whether the values of a call make these choices."""
        return all(values[name] in keys for name, keys in self.when.items())

    def as_json(self) -> JsonSchema:
        """The choices, for programs and for people, what the field accepts there as a JSON Schema,
        and whether a seed is drawn.
        """
        when = {str(name): [*keys] for name, keys in self.when.items()}
        draws = {"draws": True} if self.draws else {}
        return {"when": when, "where": self.in_words(), **schema_of(self.type), **draws}

    def in_words(self) -> str:
        """The choices in words."""
        return " and ".join(
            f"{name} is {_either(keys)}" for name, keys in self.when.items()
        )


def branch_from(when: When, kind: ParameterType, exact: ParameterType | None) -> Branch:
    """The branch that an annotation describes for a field of type `kind`; `exact` is the type it
    names there.
    """
    found = exact or kind
    if isinstance(found, Integer | Number) and isinstance(kind, Integer | Number):
        low = kind.lo if when.ge is None else when.ge
        high = kind.hi if when.le is None else when.le
        found = replace(found, lo=low, hi=high)
    if isinstance(found, Integer):
        found = replace(found, random=isinstance(kind, Integer) and kind.random)
    choices = {name: tuple(keys) for name, keys in when.choices.items()}
    return Branch(choices, found, when.draws)


def in_words(branches: Sequence[Branch], word: str = "where") -> str:
    """The choices under which any of the branches applies, in words; `word` leads to them."""
    names = {name for branch in branches for name in branch.when}
    if len(names) == 1:
        (name,) = names
        keys = dict.fromkeys(key for branch in branches for key in branch.when[name])
        return f"{name} is {_either(tuple(keys))}"
    return f", or {word} ".join(branch.in_words() for branch in branches)


_MOST_NAMED: Final = 4


def _either(keys: Sequence[str]) -> str:
    quoted = [f'"{key}"' for key in keys[:_MOST_NAMED]]
    if len(keys) > _MOST_NAMED:
        quoted = [*quoted[:-1], f"one of {len(keys) - _MOST_NAMED + 1} others"]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def json_equal(one: object, other: object) -> bool:
    """Whether two values are equal in JSON: 1 equals 1.0 and not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            json_equal(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return one == other


def nullable(schema: JsonSchema) -> JsonSchema:
    """The schema of what `schema` accepts, or null."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    kind = schema.get("type")
    if isinstance(kind, str):
        return schema | {"type": [kind, "null"]}
    return schema
