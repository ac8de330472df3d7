"""Which type an entry of a view_comfy.json gives its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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


def entry_type(entry: Mapping[str, Any], value: Any) -> ParameterType | None:
    kind = entry.get("valueType")
    if kind == "select":
        found = entry.get("options")
        options = [
            each.get("value")
            for each in (found if isinstance(found, list) else ())
            if isinstance(each, dict)
        ]
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
    """What sort of plain value it is; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value) if isinstance(value, str | bool) else None


def _number(value: Any) -> int | float | None:
    """A finite number, also one that was written as text."""
    if isinstance(value, str):
        try:
            value = float(value.replace(",", "."))
        except ValueError:
            return None
        value = int(value) if value.is_integer() else value
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return value if known and value - value == 0 else None


def _is_whole(step: Any) -> bool:
    """Whether a slider's step keeps to whole numbers; one that says nothing does."""
    number = _number(step)
    return not isinstance(number, float) or number.is_integer()
