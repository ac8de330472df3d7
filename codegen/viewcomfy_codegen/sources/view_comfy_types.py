"""The types that the entries of a view_comfy.json give their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_list, as_object
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Media,
    Number,
    ParameterType,
    Text,
)

TYPES: Final[Mapping[str, ParameterType]] = {
    "long-text": Text(multiline=True),
    "string": Text(),
    "text": Text(),
    "boolean": Flag(),
    "seed": Integer(random=True),
    "noise_seed": Integer(random=True),
    "rand_seed": Integer(random=True),
    "image": Media("image/*"),
    "image-mask": Media("image/*"),
    "video": Media("video/*"),
    "audio": Media("audio/*"),
}

UNTYPED: Final = frozenset({"number", "float", "int", "integer", "select", "slider"})
"""Types that say nothing beyond their bounds and options."""


def entry_type(entry: JsonObject, value: JsonValue) -> ParameterType | None:
    """The type that an entry gives its input, whose deployed value is `value`; None if it gives
    none.
    """
    kind = entry.get("valueType")
    if kind == "select":
        options = (
            as_object(each).get("value") for each in as_list(entry.get("options"))
        )
        texts = tuple(dict.fromkeys(each for each in options if isinstance(each, str)))
        return Choice(texts, open=False) if texts else None
    bounds = entry.get("slider") if kind == "slider" else entry.get("range")
    if isinstance(bounds, dict) and kind_of_value(value) is float:
        low, high = (_number(bounds.get(key)) for key in ("min", "max"))
        if low is not None or high is not None:
            whole = isinstance(value, int) and _is_whole(bounds.get("step"))
            return Integer(low, high) if whole else Number(low, high)
    return TYPES.get(kind) if isinstance(kind, str) else None


def kind_of_value(value: object) -> type[object] | None:
    """The kind of a plain value, with float for all numbers; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value) if isinstance(value, str | bool) else None


def _number(value: JsonValue) -> int | float | None:
    """A finite number, which may be written as text."""
    if isinstance(value, str):
        try:
            value = float(value.replace(",", "."))
        except ValueError:
            return None
        value = int(value) if value.is_integer() else value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if value - value == 0 else None


def _is_whole(step: JsonValue) -> bool:
    """Whether a slider's step keeps to whole numbers, as it does if unspecified."""
    number = _number(step)
    return not isinstance(number, float) or number.is_integer()
