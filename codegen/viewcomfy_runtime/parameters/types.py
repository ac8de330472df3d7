"""The types of parameters: the JSON Schema of each, and the values that it accepts.

The generator and the annotations of generated modules use the same types, so that the JSON Schema
file, `WORKFLOW.schema`, `WORKFLOW.parse` and `run` can't disagree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NoReturn, TypeAlias

from .files import Upload, is_link
from .uploads import File, is_file

if TYPE_CHECKING:
    from ..json_types import JsonSchema, JsonValue

Bound: TypeAlias = int | float | None
Option: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Text:
    """Text; with `multiline`, an editor should offer more than one line."""

    multiline: bool = False


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within [lo, hi]; with `random`, None draws a random one for each run."""

    lo: Bound = None
    hi: Bound = None
    random: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number within [lo, hi]."""

    lo: Bound = None
    hi: Bound = None


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `options` or, if `open`, any other value of the same type.

    `place` is another input of the node, if any, which receives the option's index, from 0.
    """

    options: tuple[Option, ...]
    open: bool = True
    place: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A file that is uploaded; `media` is a MIME pattern such as `image/*`."""

    media: str = "*/*"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value, either of any type or of the given one."""

    shape: Literal["any", "array", "object"] = "any"


ParameterType: TypeAlias = Text | Integer | Number | Flag | Choice | Media | Json


def kind_of(kind: ParameterType) -> str:
    """The type as one word that programs can compare.

    `text`, `multiline`, `int`, `float`, `bool`, `choice` (only the listed values), `open choice`,
    `file:image` and similar (`file:*` for any file), `json`.
    """
    match kind:
        case Text(multiline):
            return "multiline" if multiline else "text"
        case Integer():
            return "int"
        case Number():
            return "float"
        case Flag():
            return "bool"
        case Choice(_, open_):
            return "open choice" if open_ else "choice"
        case Media(media, _):
            return f"file:{media.partition('/')[0]}"
        case Json():
            return "json"


class InvalidValueError(ValueError):
    """A value that its parameter's type doesn't accept."""


def schema_of(kind: ParameterType) -> JsonSchema:
    """The JSON Schema (draft 2020-12) of one type."""
    match kind:
        case Text():
            return {"type": "string"}
        case Integer(lo, hi, random):
            return {"type": ["integer", "null"] if random else "integer"} | _bounds(
                lo, hi
            )
        case Number(lo, hi):
            return {"type": "number"} | _bounds(lo, hi)
        case Flag():
            return {"type": "boolean"}
        case Choice(options, open_):
            enum: JsonSchema = {"enum": list(options)}
            return (
                {"anyOf": [enum, {"type": _OPTION_TYPES[_option_type(options)]}]}
                if open_
                else enum
            )
        case Media(media, optional):
            return {
                "type": ["string", "null"] if optional else "string",
                "pattern": "^data:",
                "x-viewcomfy-media": media,
            }
        case Json(shape):
            return {} if shape == "any" else {"type": shape}


def accept(kind: ParameterType, value: object) -> JsonValue | File:
    """`value` as it is sent for `kind`; a float without a fraction becomes an integer if needed.

    Raises InvalidValueError for exactly the values that the JSON Schema of the type rejects.
    """
    match kind:
        case Text():
            return value if isinstance(value, str) else _reject("text", value)
        case Integer(lo, hi, random):
            if value is None and random:
                return None
            wanted = "a whole number or null" if random else "a whole number"
            return _within(_integer(value, wanted), lo, hi)
        case Number(lo, hi):
            return _within(_number(value), lo, hi)
        case Flag():
            return value if isinstance(value, bool) else _reject("true or false", value)
        case Choice(options, open_):
            return _choice(value, options, open_)
        case Media(_, optional):
            if is_file(value) or (value is None and optional):
                return value
            if isinstance(value, str) and is_link(value):
                raise InvalidValueError(
                    "a string must be a data: URI, so that a caller can't have files fetched;"
                    f" for a file at a URL pass URL({short(value)})"
                )
            if isinstance(value, str):
                raise InvalidValueError(
                    "a plain string must be a data: URI, never a path;"
                    f" for a file on disk pass Path({short(value)})"
                )
            return _reject(
                "a file (Path, bytes, binary file object, Upload, URL or data: URI)",
                value,
            )
        case Json(shape):
            return _json(value, shape)


def _bounds(lo: Bound, hi: Bound) -> JsonSchema:
    return {
        name: bound
        for name, bound in (("minimum", lo), ("maximum", hi))
        if bound is not None
    }


_OPTION_TYPES: Final = {str: "string", int: "integer"}


def _option_type(options: tuple[Option, ...]) -> type[str] | type[int]:
    return int if options and isinstance(options[0], int) else str


def _integer(value: object, wanted: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    _reject(wanted, value)


def _number(value: object) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    _reject("a finite number", value)


def _within(value: int | float, lo: Bound, hi: Bound) -> int | float:
    if lo is not None and value < lo:
        _reject(f"at least {bound_text(lo)}", value)
    if hi is not None and value > hi:
        _reject(f"at most {bound_text(hi)}", value)
    return value


def bound_text(bound: int | float) -> str:
    """A bound as text; whole numbers have no fraction in any target language."""
    return str(int(bound) if isinstance(bound, float) and bound.is_integer() else bound)


def _choice(value: object, options: tuple[Option, ...], open_: bool) -> Option:
    if _option_type(options) is int:
        number = _integer(value, "a whole number")
        if open_ or number in options:
            return number
    elif isinstance(value, str):
        if open_ or value in options:
            return value
    elif open_:
        _reject("text", value)
    _reject("one of " + ", ".join(short(option) for option in options), value)


def _json(value: object, shape: str) -> JsonValue:
    if shape == "array" and not isinstance(value, list | tuple):
        _reject("a list", value)
    if shape == "object" and not isinstance(value, dict):
        _reject("an object", value)
    try:
        copy: JsonValue = json.loads(json.dumps(value, allow_nan=False))
        return copy
    except (TypeError, ValueError, RecursionError):
        _reject("a JSON value", value)


def _reject(wanted: str, value: object) -> NoReturn:
    raise InvalidValueError(f"must be {wanted}, not {short(value)}")


def short(value: object) -> str:
    """`value` for a message: as JSON of limited length."""
    if isinstance(value, bytes | Upload):
        return type(value).__name__
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        name = type(value).__name__
        return f"{'an' if name[0] in 'AEIOUaeio' else 'a'} {name}"
    return text if len(text) <= 80 else text[:77] + "..."
