"""The JSON Schema of a call, with conditions for fields that depend on a choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .branches import Branch, nullable
from .conditions import fault
from .outputs import OutputNode
from .types import Choice, schema_of

if TYPE_CHECKING:
    from ..json_types import JsonSchema, JsonValue
    from .fields import Field

_ABOUT = "The values a call can set. Those that are left out keep the workflow's own."


def schema_of_fields(
    title: str, members: tuple[Field, ...], outputs: tuple[OutputNode, ...] = ()
) -> JsonSchema:
    """The JSON Schema (draft 2020-12) of a call with these fields and outputs."""
    conditions = list(_rules({member.name: member for member in members}))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": _ABOUT,
        "type": "object",
        "properties": {member.name: member.schema() for member in members},
        "required": [member.name for member in members if member.required],
        "additionalProperties": False,
        **({"allOf": conditions} if conditions else {}),
        "x-viewcomfy-outputs": {each.name: each.as_json() for each in outputs},
    }


def _rules(fields: Mapping[str, Field]) -> Iterator[JsonSchema]:
    """The conditions of the fields' branches, as JSON Schemas that must all hold."""
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
    """The schema of calls that choose none of a field's branches; empty if none are possible."""
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
    """The schema of the fields' values in one of their branches; empty if it adds nothing."""
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
