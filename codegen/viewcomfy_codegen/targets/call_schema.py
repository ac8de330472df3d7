"""The form of a JSON Schema of calls, checked where one is read from a file: files are not
trusted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from viewcomfy_runtime.json_types import JsonObject

from ..errors import CodegenError, Diagnostic

_Schema = TypeVar("_Schema", bound=Mapping[str, Any])
_Form: TypeAlias = Callable[[object], bool]


def read_call_schema(text: str) -> JsonObject | None:
    """The JSON Schema in a text; None if it isn't JSON, or not a schema of an object at all."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_schema = isinstance(found, dict) and isinstance(found.get("properties"), dict)
    return found if is_schema else None


def checked_schema(schema: _Schema, name: str, *, usable: bool = False) -> _Schema:
    """The schema, if it has the form of those that are generated; `name` is its file's.

    `usable` schemas have names that a program can be written with. Raises CodegenError with the
    place of whatever is wrong.
    """
    faults = [
        Diagnostic(
            name,
            f"the JSON Schema is not one that viewcomfy-codegen generates: {place}",
            "generate it again from its workflow",
        )
        for place in (*_faults(schema), *(_misnamed(schema) if usable else ()))
    ]
    if faults:
        raise CodegenError(*faults)
    return schema


def _faults(schema: Mapping[str, Any]) -> Iterator[str]:
    """Where the schema differs in form from those that are generated."""
    try:
        json.dumps(schema, allow_nan=False)
    except ValueError:
        yield "it has a number that JSON can't represent"
    yield from _wrong(schema, "")
    for part in _NAMED:
        named = schema.get(part, {})
        if not isinstance(named, dict):
            yield part
            continue
        for name, each in named.items():
            if isinstance(each, dict):
                yield from _wrong(each, f"{part}.{name}")
            else:
                yield f"{part}.{name}"


def _misnamed(schema: Mapping[str, Any]) -> Iterator[str]:
    for part in (*_NAMED, "required"):
        named = schema.get(part)
        for name in named if isinstance(named, dict | list) else ():
            if not (isinstance(name, str) and name.isidentifier()):
                yield f"{part}.{name}"


def _wrong(schema: Mapping[str, Any], place: str) -> Iterator[str]:
    for keyword, value in schema.items():
        inside = f"{place}.{keyword}" if place else keyword
        form = _FORMS.get(keyword)
        if form is not None and not form(value):
            yield inside
        elif keyword in _ALTERNATIVES:
            for index, each in enumerate(value):
                yield from _wrong(each, f"{inside}[{index}]")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_option(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_list(form: _Form, value: object) -> bool:
    return isinstance(value, list) and all(map(form, value))


_are_texts: Final = partial(_is_list, _is_text)
_are_objects: Final = partial(_is_list, _is_object)


def _one_or_more(value: object) -> bool:
    return _is_text(value) or _are_texts(value)


_NAMED: Final = ("properties", "x-viewcomfy-outputs")
_ALTERNATIVES: Final = ("anyOf", "x-viewcomfy-branches")
_FORMS: Final[Mapping[str, _Form]] = {
    **dict.fromkeys(("title", "description", "pattern", "kind"), _is_text),
    **dict.fromkeys(("x-viewcomfy-media", "x-viewcomfy-group"), _is_text),
    **dict.fromkeys(("minimum", "maximum", "x-viewcomfy-step"), _is_number),
    **dict.fromkeys(("type", "x-viewcomfy-key"), _one_or_more),
    **dict.fromkeys(_ALTERNATIVES, _are_objects),
    "enum": partial(_is_list, _is_option),
    "required": _are_texts,
}
"""What keywords hold that programs read; others may hold any JSON."""
