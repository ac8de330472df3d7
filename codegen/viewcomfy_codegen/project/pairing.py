"""Which parameter of a new schema is which one of an old schema: by the inputs that they set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from viewcomfy_runtime.parameters.key import WireKey

Schema: TypeAlias = Mapping[str, Any]

_Keys: TypeAlias = Mapping[str, tuple[str, ...]]


def paired_names(before: _Keys, after: _Keys) -> dict[str, str]:
    """The new name of each parameter that still exists, i.e. sets the same inputs or at least one
    of them.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()

    def pair(name: str, now: str | None) -> None:
        if now is not None and now not in taken and name not in found:
            found[name] = now
            taken.add(now)

    same = {frozenset(keys): name for name, keys in after.items()}
    holders = {key: name for name, keys in after.items() for key in keys}
    for name, keys in before.items():
        pair(name, same.get(frozenset(keys)))
    for name, keys in before.items():
        if not set(keys).isdisjoint(after.get(name, ())):
            pair(name, name)
    for name, keys in before.items():
        for key in keys:
            pair(name, holders.get(key))
    return {name: found[name] for name in before if name in found}


def keys_of(schema: Schema, renumbered: Mapping[str, str] | None) -> tuple[str, ...]:
    """The wire keys that a parameter sets, with current node ids. A node that was removed gets an
    id that no other has.
    """
    keys = schema.get("x-viewcomfy-key")
    found = []
    for key in keys if isinstance(keys, list) else [str(keys)]:
        wire = WireKey.parse(str(key))
        if wire is not None and renumbered is not None:
            key = WireKey(renumbered.get(wire.node, f"{wire.node} before"), wire.name)
        found.append(str(key))
    return tuple(found)


def properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield from objects(schema.get("properties") or {})


def objects(value: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    for name, each in value.items():
        if isinstance(each, dict):
            yield name, each
