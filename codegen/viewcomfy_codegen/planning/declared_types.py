"""The type that a class declares for an input, combined with the deployed value."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Option,
    ParameterType,
    Text,
)

from ..catalog import InputFacts
from ..naming.model_files import MODEL_FILE

_WIDEST: Final = 1e18
"""A float bound of at least this magnitude means that a widget has no bound."""

SWITCHES: Final = frozenset("""
    enable disable enabled disabled on off yes no true false none always never before after left
    right top bottom center up down horizontal vertical width height x y z red green blue alpha
    fixed randomize increment decrement
    """.split())
"""Choices that form a complete set (switches, sides, axes, channels). Any other list may grow."""

_OBJECTS: Final = frozenset({"BOUNDING_BOX", "COMPOSITOR", "CURVE"})

_LISTS: Final = frozenset({"BOUNDING_BOXES", "COLORS", "MULTICOMBO"})

_NUMBERS: Final = frozenset({"INT", "FLOAT"})


def declared_type(facts: InputFacts, value: object) -> ParameterType | None:
    """The type that a class declares for an input with this value; None for a link, or if the class
    leaves the type open.
    """
    if facts.upload is not None and not isinstance(value, list):
        return Media(facts.upload)
    if not facts.holds_value:
        is_number = type(value) in (int, float)
        takes_any = "," in facts.type and _NUMBERS.issuperset(facts.type.split(","))
        return Number() if is_number and takes_any else None
    match facts.value_type:
        case "INT":
            return Integer(_bound(facts.lo), _bound(facts.hi))
        case "FLOAT":
            low, high = _float_bound(facts.lo), _float_bound(facts.hi)
            whole = facts.whole and not isinstance(value, float)
            return Integer(low, high) if whole else Number(low, high)
        case "STRING":
            return Text(facts.multiline or (isinstance(value, str) and "\n" in value))
        case "BOOLEAN":
            return Flag()
        case "COLOR":
            return Text()
        case kind if kind in _OBJECTS:
            return Json("object")
        case kind if kind in _LISTS or facts.multiselect:
            return Json("array")
        case _:
            return choices_of(facts, value)


def _bound(bound: int | float | None) -> int | float | None:
    if isinstance(bound, float):
        if not abs(bound) < _WIDEST:
            return None
        return int(bound) if bound.is_integer() else bound
    return bound


def _float_bound(bound: int | float | None) -> int | float | None:
    """The bound of a float, which a class may also write as a whole number."""
    return None if bound is not None and abs(bound) >= _WIDEST else _bound(bound)


def choices_of(facts: InputFacts, value: object) -> ParameterType | None:
    options = facts.choices
    if facts.files or not options or _is_file_elsewhere(value, options):
        return Text()
    strings = tuple(option for option in options if isinstance(option, str))
    if len(strings) == len(options):
        # A single choice is what one machine happens to have.
        whole_list = len(strings) > 1 and not facts.incomplete
        closed = facts.closed or (
            whole_list and {each.casefold() for each in strings} <= SWITCHES
        )
        return Choice(_distinct(strings), open=not closed)
    whole = tuple(option for option in options if type(option) is int)
    if len(whole) == len(options):
        return Choice(_distinct(whole), open=not facts.closed)
    numbers = all(type(option) in (int, float) for option in options)
    return Number() if numbers else None


def _is_file_elsewhere(value: object, options: tuple[object, ...]) -> bool:
    """Whether the value is a model file and the choices are those of another machine."""
    return isinstance(value, str) and value not in options and is_model_file(value)


def is_model_file(value: object, facts: InputFacts | None = None) -> bool:
    """Whether a value names a model file: it looks like one, or its class lists files."""
    return isinstance(value, str) and (
        (facts is not None and facts.files) or MODEL_FILE.search(value) is not None
    )


def _distinct(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple(dict.fromkeys(options))
