"""Inputs that a choice brings: under which choices a field applies, and what it accepts there.

A field with branches may be None, which sends nothing. Under choices that bring no such input it
has to be None or its default, neither of which is sent. A choice that nobody knew when the module
was made excludes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from .inputs import When
from .types import (
    Choice,
    Integer,
    Number,
    ParameterType,
    Refused,
    accept,
    schema_of,
)

if TYPE_CHECKING:
    from ..json_types import JsonSchema, JsonValue
    from .fields import Field


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
        return {"when": when, "where": self.spoken(), **schema_of(self.type), **draws}

    def spoken(self) -> str:
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


def spoken(branches: Sequence[Branch]) -> str:
    """The choices under which any of the branches applies, in words."""
    names = {name for branch in branches for name in branch.when}
    if len(names) == 1:
        (name,) = names
        keys = dict.fromkeys(key for branch in branches for key in branch.when[name])
        return f"{name} is {_either(tuple(keys))}"
    return ", or where ".join(branch.spoken() for branch in branches)


_MOST_SPOKEN: Final = 4


def _either(keys: Sequence[str]) -> str:
    quoted = [f'"{key}"' for key in keys[:_MOST_SPOKEN]]
    if len(keys) > _MOST_SPOKEN:
        quoted = [*quoted[:-1], f"one of {len(keys) - _MOST_SPOKEN + 1} others"]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def branch_of(
    field: Field, values: Mapping[str, object], fields: Mapping[str, Field]
) -> Branch | None:
    """The branch of a field that a call's values choose; the field itself if a choice is
    unknown.
    """
    for branch in field.branches:
        if branch.holds(values):
            return branch
    selectors = {name for branch in field.branches for name in branch.when}
    if all(_is_known(values[name], fields[name].type) for name in selectors):
        return None
    return Branch({}, field.type)


def _is_known(value: object, kind: ParameterType) -> bool:
    return value is None or not isinstance(kind, Choice) or value in kind.options


def fault(field: Field, values: Mapping[str, object], branch: Branch | None) -> str:
    """What is wrong with a field's value under a call's choices; empty if nothing is."""
    value = values[field.name]
    if value is None:
        return ""
    if branch is None:
        if same(value, field.default):
            return ""
        return f"applies only where {spoken(field.branches)}: leave it out"
    try:
        accept(branch.type, value)
    except Refused as refused:
        return f"{refused}, where {branch.spoken()}" if branch.when else str(refused)
    return ""


def same(one: object, other: object) -> bool:
    """Whether two values are equal in JSON: 1 equals 1.0 and not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def rules(fields: Mapping[str, Field]) -> Iterator[JsonSchema]:
    """The branches' rules for a call, as JSON Schemas that must all hold."""
    alike: dict[str, list[Field]] = {}
    for field in fields.values():
        if field.branches:
            key = repr([each.when for each in field.branches])
            alike.setdefault(key, []).append(field)
    for members in alike.values():
        conditions = [_condition(each, fields) for each in members[0].branches]
        for index, condition in enumerate(conditions):
            if exact := _exact(members, index):
                yield {"if": condition, "then": exact}
    elsewhere: dict[str, tuple[JsonSchema, list[Field]]] = {}
    for members in alike.values():
        if condition := _elsewhere(members[0], fields):
            found = elsewhere.setdefault(repr(condition), (condition, []))
            found[1].extend(members)
    for condition, members in elsewhere.values():
        yield {**condition, "then": _unset(members)}


def _elsewhere(field: Field, fields: Mapping[str, Field]) -> JsonSchema:
    """The schema of calls that are known to choose none of a field's branches; empty if there are
    none.
    """
    names = dict.fromkeys(name for each in field.branches for name in each.when)
    others: dict[str, list[JsonValue]] = {}
    for name in names:
        kind = fields[name].type
        options = kind.options if isinstance(kind, Choice) else ()
        others[name] = [*options, *([None] if fields[name].nullable else [])]
    if len(others) == 1:
        ((name, known),) = others.items()
        brought = {key for each in field.branches for key in each.when[name]}
        rest = [key for key in known if key not in brought]
        return {"if": _chosen({name: rest}, fields)} if rest else {}
    brings = [_condition(each, fields) for each in field.branches]
    chosen = _chosen(others, fields)
    return {"if": {**chosen, "not": {"anyOf": brings} if brings[1:] else brings[0]}}


def _condition(branch: Branch, fields: Mapping[str, Field]) -> JsonSchema:
    return _chosen({name: [*keys] for name, keys in branch.when.items()}, fields)


def _chosen(
    when: Mapping[str, list[JsonValue]], fields: Mapping[str, Field]
) -> JsonSchema:
    """The schema in which each field has one of its values; an omitted field has its default."""
    stated = [name for name, keys in when.items() if fields[name].default not in keys]
    schema: JsonSchema = {
        "properties": {name: {"enum": keys} for name, keys in when.items()}
    }
    return schema | ({"required": stated} if stated else {})


def _exact(members: Sequence[Field], index: int) -> JsonSchema:
    """What the fields accept in one of their branches, where it is less than they accept
    elsewhere.
    """
    properties = {}
    required = []
    for field in members:
        branch = field.branches[index]
        if branch.type == field.type:
            continue
        properties[field.name] = nullable(schema_of(branch.type))
        if not field.required and fault(field, {field.name: field.default}, branch):
            required.append(field.name)
    if not properties:
        return {}
    return {"properties": properties} | ({"required": required} if required else {})


def _unset(members: Sequence[Field]) -> JsonSchema:
    """The schema in which the fields are None or keep their defaults."""
    return {
        "properties": {
            field.name: (
                {"type": "null"}
                if field.required or field.default is None
                else {"enum": [field.default, None]}
            )
            for field in members
        }
    }


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
