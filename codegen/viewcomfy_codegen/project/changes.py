"""What changed for the callers of a workflow between two of its JSON Schemas, and whether it breaks their calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from viewcomfy_runtime.parameters.key import WireKey

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one parameter; `breaking` where a call that was right may be wrong now, or mean something else."""

    kind: str
    parameter: str
    message: str
    breaking: bool

    def __str__(self) -> str:
        mark = "breaking: " if self.breaking else ""
        return f"{mark}{self.parameter} {self.message}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def changes_between(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    renumbered: Mapping[str, str] | None = None,
) -> list[Change]:
    """The changes from one schema of calls to another; `renumbered` are the new ids of nodes by their old ones."""
    before = {_keys(each, renumbered or {}): name for name, each in _properties(old)}
    after = {_keys(each, {}): name for name, each in _properties(new)}
    return [
        *_gone(old, before, after),
        *_come(new, before, after),
        *(
            change
            for keys, name in before.items()
            if keys in after
            for change in _changed(old, name, new, after[keys])
        ),
    ]


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, each in (schema.get("properties") or {}).items():
        if isinstance(each, dict):
            yield name, each


def _keys(schema: Mapping[str, Any], renumbered: Mapping[str, str]) -> tuple[str, ...]:
    keys = schema.get("x-viewcomfy-key")
    found = []
    for key in keys if isinstance(keys, list) else [str(keys)]:
        wire = WireKey.parse(str(key))
        if wire is not None:
            node = renumbered.get(wire.node, wire.node)
            key = WireKey(node, wire.name)
        found.append(str(key))
    return tuple(found)


def _gone(
    old: Mapping[str, Any], before: Mapping[Any, str], after: Mapping[Any, str]
) -> Iterator[Change]:
    for keys, name in before.items():
        if keys not in after:
            yield Change("removed", name, f"is removed ({', '.join(keys)})", True)


def _come(
    new: Mapping[str, Any], before: Mapping[Any, str], after: Mapping[Any, str]
) -> Iterator[Change]:
    for keys, name in after.items():
        if keys not in before:
            required = name in new.get("required", ())
            what = "is new and required" if required else "is new"
            yield Change("added", name, f"{what} ({', '.join(keys)})", required)


def _changed(
    old: Mapping[str, Any], name: str, new: Mapping[str, Any], now: str
) -> Iterator[Change]:
    first, second = old["properties"][name], new["properties"][now]
    if name != now:
        yield Change("renamed", name, f"is called {now} now", True)
    if _kind(first) != _kind(second):
        wider = _kind(first) == "integer" and _kind(second) == "number"
        message = f"takes {_kind(second)} instead of {_kind(first)}"
        yield Change("retyped", now, message, not wider)
    else:
        yield from _bounds(now, first, second)
        yield from _choices(now, first, second)
    was, is_ = name in old.get("required", ()), now in new.get("required", ())
    if was != is_:
        message = "is required now" if is_ else "is not required any more"
        yield Change("required" if is_ else "optional", now, message, is_)
    one, other = first.get("default", _MISSING), second.get("default", _MISSING)
    if not was and not is_ and (one, type(one)) != (other, type(other)):
        message = f"is {_short(other)} by default, not {_short(one)}"
        yield Change("default", now, message, False)


def _kind(schema: Mapping[str, Any]) -> str:
    """What a schema takes, in a word or two; choices are texts or numbers of which only some are taken."""
    if "x-viewcomfy-media" in schema:
        return f"a file ({schema['x-viewcomfy-media']})"
    options = _options(schema)
    if options is not None:
        return "integer" if all(isinstance(each, int) for each in options) else "string"
    kind = schema.get("type")
    if isinstance(kind, list):
        return "/".join(each for each in map(str, kind) if each != "null")
    return str(kind or "any JSON")


def _options(schema: Mapping[str, Any]) -> list[Any] | None:
    """The choices that are all there are."""
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _bounds(
    name: str, first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[Change]:
    for key, word in (("minimum", "least"), ("maximum", "most")):
        one, other = first.get(key), second.get(key)
        if one == other:
            continue
        now = "no bound" if other is None else other
        before = "no bound" if one is None else one
        narrower = other is not None and (
            one is None or (other > one if key == "minimum" else other < one)
        )
        yield Change("bounds", name, f"has {now} as its {word}, not {before}", narrower)


def _choices(
    name: str, first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[Change]:
    one, other = _options(first), _options(second)
    if one == other:
        return
    if other is None:
        yield Change("choices", name, "takes any choice now", False)
    elif one is None:
        yield Change("choices", name, "takes only the listed choices now", True)
    else:
        removed = [each for each in one if each not in other]
        added = [each for each in other if each not in one]
        if removed:
            yield Change("choices", name, f"takes {_list(removed)} no more", True)
        if added:
            yield Change("choices", name, f"takes {_list(added)} too", False)


def _list(values: list[Any]) -> str:
    shown = ", ".join(map(str, values[:5]))
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"


def _short(value: Any) -> str:
    if value is _MISSING:
        return "not set"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"
