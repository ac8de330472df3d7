"""Changes between two JSON Schemas of a workflow's calls, and whether they break callers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any, Final, NamedTuple, TypeAlias

from viewcomfy_runtime.json_types import JsonObject

from .pairing import Schema, keys_of, objects, paired_names, properties

_MISSING: Final = object()


class Change(NamedTuple):
    """One change of one parameter; `breaking` if a valid call may now be invalid, or mean something
    else.
    """

    kind: str
    parameter: str
    message: str
    breaking: bool

    def __str__(self) -> str:
        return f"breaking: {self.message}" if self.breaking else self.message

    def as_json(self) -> JsonObject:
        return self._asdict()


def changes_between(
    old: Schema, new: Schema, renumbered: Mapping[str, str] | None = None
) -> list[Change]:
    """The changes from one call schema to another.

    `renumbered` are the new ids of nodes by their old ones, without nodes that were removed; None
    if ids are unchanged.
    """
    old, new = _with_set(old), _with_set(new)
    shown = {name: keys_of(each, None) for name, each in properties(old)}
    before = {name: keys_of(each, renumbered) for name, each in properties(old)}
    after = {name: keys_of(each, None) for name, each in properties(new)}
    holders = {key: name for name, keys in after.items() for key in keys}
    pairs = paired_names(before, after)
    gone = [name for name in before if name not in pairs]
    paired = set(pairs.values())
    come = [name for name in after if name not in paired]
    return [
        *(_gone(name, shown[name]) for name in gone),
        *(_come(name, after[name], new) for name in come),
        *(
            change
            for name, now in pairs.items()
            for change in (
                *_keys_changed(now, before[name], shown[name], after[now], holders),
                *_changed(old, name, new, now, pairs),
            )
        ),
        *_outputs_changed(old, new, renumbered),
    ]


def _with_set(schema: Schema) -> Schema:
    """The schema, with the names that it requires as a set, since each is looked up in it."""
    return {**schema, "required": frozenset(schema.get("required", ()))}


def _outputs_changed(
    old: Schema, new: Schema, renumbered: Mapping[str, str] | None
) -> Iterator[Change]:
    """Outputs that were added, removed, renamed or changed. Reports nothing for schemas without
    outputs.
    """
    first, second = old.get("x-viewcomfy-outputs"), new.get("x-viewcomfy-outputs")
    if not isinstance(first, dict) or not isinstance(second, dict):
        return
    names = {str(each.get("node")): name for name, each in objects(second)}
    left = dict(names)
    for name, each in objects(first):
        node = str(each.get("node"))
        id = node if renumbered is None else renumbered.get(node, "")
        now = left.pop(id, None)
        if now is None:
            message = f"output {name} was removed (node {node})"
            yield Change("output removed", name, message, True)
            continue
        if now != name:
            message = f"output {name} was renamed to {now}"
            yield Change("output renamed", name, message, True)
        one, other = each.get("kind"), second[now].get("kind")
        if one != other:
            message = f"kind of output {now}: {one} → {other}"
            yield Change("output retyped", now, message, True)
    for id, name in left.items():
        yield Change("output added", name, f"output {name} is new (node {id})", False)


def _gone(name: str, keys: Iterable[str]) -> Change:
    return Change("removed", name, f"{name} was removed ({', '.join(keys)})", True)


def _come(name: str, keys: Iterable[str], new: Schema) -> Change:
    required = name in new.get("required", ())
    what = "is new and required" if required else "is new"
    return Change("added", name, f"{name} {what} ({', '.join(keys)})", required)


def _keys_changed(
    name: str,
    old: tuple[str, ...],
    shown: tuple[str, ...],
    new: tuple[str, ...],
    holders: Mapping[str, str],
) -> Iterator[Change]:
    """Inputs that a parameter of several inputs no longer sets, or sets in addition; `holders` are
    the parameters that set each input now.
    """
    before, after = frozenset(old), frozenset(new)
    for key, own in zip(old, shown, strict=True):
        if key not in after:
            other = f", which {holders[key]} now sets" if key in holders else ""
            message = f"{name} no longer sets {own}{other}"
            yield Change("split", name, message, True)
    for key in new:
        if key not in before:
            yield Change("shared", name, f"{name} now also sets {key}", False)


def _changed(
    old: Schema, name: str, new: Schema, now: str, pairs: Mapping[str, str]
) -> Iterator[Change]:
    first, second = old["properties"][name], new["properties"][now]
    if name != now:
        yield Change("renamed", name, f"{name} was renamed to {now}", True)
    before, after = _branches(first, pairs), _branches(second, {})
    if before:
        yield from _branches_changed(now, before, after, second)
    else:
        if after:
            selectors = dict.fromkeys(each for made in after for each, _ in made)
            message = f"{now} now depends on {' and '.join(selectors)}"
            yield Change("branches", now, message, True)
        yield from _type_changed(now, first, second)
    was, is_ = name in old.get("required", ()), now in new.get("required", ())
    if was != is_:
        message = f"{now} is {'now' if is_ else 'no longer'} required"
        yield Change("required" if is_ else "optional", now, message, is_)
    one, other = first.get("default", _MISSING), second.get("default", _MISSING)
    if not was and not is_ and (one, type(one)) != (other, type(other)):
        message = f"default of {now}: {_short(one)} → {_short(other)}"
        yield Change("default", now, message, False)


def _type_changed(name: str, first: Schema, second: Schema) -> Iterator[Change]:
    if _kind(first) != _kind(second):
        wider = _kind(first) == "integer" and _kind(second) == "number"
        message = f"type of {name}: {_kind(first)} → {_kind(second)}"
        yield Change("retyped", name, message, not wider)
    else:
        yield from _bounds(name, first, second)
        yield from _choices(name, first, second)


_Choices: TypeAlias = tuple[tuple[str, str], ...]
"""The name of each parameter that chooses, and its choice."""

_MOST_BRANCHES: Final = 1000


def _branches(schema: Schema, renamed: Mapping[str, str]) -> dict[_Choices, Schema]:
    """What a parameter accepts under each of the choices that it depends on; empty if it depends on
    none.
    """
    found: dict[_Choices, Schema] = {}
    branches = schema.get("x-viewcomfy-branches")
    for branch in branches if isinstance(branches, list) else ():
        when = branch.get("when") if isinstance(branch, dict) else None
        if not isinstance(when, dict):
            continue
        ways = [
            [(renamed.get(name, name), str(key)) for key in keys]
            for name, keys in sorted(when.items())
            if isinstance(keys, list)
        ]
        for choices in islice(product(*ways), _MOST_BRANCHES):
            found.setdefault(tuple(sorted(choices)), branch)
    return found


def _branches_changed(
    name: str,
    before: Mapping[_Choices, Schema],
    after: Mapping[_Choices, Schema],
    whole: Schema,
) -> Iterator[Change]:
    """How a parameter changed under the same choices; `whole` is what it accepts if it has no
    branches now.
    """
    for choices, one in before.items():
        where = _spoken(choices)
        other = after.get(choices) if after else whole
        if other is None:
            message = f"{name} no longer applies when {where}"
            yield Change("branches", name, message, True)
        else:
            for change in _type_changed(f"{name} where {where}", one, other):
                yield change._replace(parameter=name)
    for choices in after:
        if choices not in before:
            message = f"{name} now also applies when {_spoken(choices)}"
            yield Change("branches", name, message, False)


def _spoken(choices: _Choices) -> str:
    return " and ".join(
        f"{name} is {json.dumps(key, ensure_ascii=False)}" for name, key in choices
    )


def _kind(schema: Schema) -> str:
    """What a schema accepts, in a word or two; a choice is of texts or of numbers."""
    if "x-viewcomfy-media" in schema:
        return f"file ({schema['x-viewcomfy-media']})"
    options = _options(schema)
    if options is not None:
        return "integer" if all(isinstance(each, int) for each in options) else "string"
    kind = schema.get("type", _type_of_open(schema))
    if isinstance(kind, list):
        return "/".join(each for each in map(str, kind) if each != "null")
    return str(kind or "any JSON")


def _type_of_open(schema: Schema) -> object:
    """The type of the values that an open choice accepts beside its own; None for another
    schema.
    """
    alternatives = schema.get("anyOf")
    for each in alternatives if isinstance(alternatives, list) else ():
        if isinstance(each, dict) and each.get("type") not in (None, "null"):
            return each["type"]
    return None


def _options(schema: Schema) -> list[Any] | None:
    """The options of a closed choice."""
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _bounds(name: str, first: Schema, second: Schema) -> Iterator[Change]:
    for key in ("minimum", "maximum"):
        one, other = first.get(key), second.get(key)
        if one == other:
            continue
        narrower = other is not None and (
            one is None or (other > one if key == "minimum" else other < one)
        )
        was, now = ("none" if each is None else each for each in (one, other))
        yield Change("bounds", name, f"{key} of {name}: {was} → {now}", narrower)


def _choices(name: str, first: Schema, second: Schema) -> Iterator[Change]:
    one, other = _options(first), _options(second)
    if one == other:
        return
    if other is None:
        yield Change("choices", name, f"{name} now accepts any value", False)
    elif one is None:
        message = f"{name} now accepts only the listed choices"
        yield Change("choices", name, message, True)
    else:
        before, after = dict.fromkeys(one), dict.fromkeys(other)
        removed = [each for each in before if each not in after]
        added = [each for each in after if each not in before]
        if removed:
            message = f"{name} no longer accepts {_list(removed)}"
            yield Change("choices", name, message, True)
        if added:
            message = f"{name} now also accepts {_list(added)}"
            yield Change("choices", name, message, False)


def _list(values: list[Any]) -> str:
    shown = ", ".join(map(repr, values[:5]))
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"


def _short(value: Any) -> str:
    if value is _MISSING:
        return "none"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
