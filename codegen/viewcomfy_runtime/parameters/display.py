"""The docstring and the repr of generated `Parameters` classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprlib import Repr

    from _typeshed import DataclassInstance

    from .fields import Field


class Help:
    """The docstring of `Parameters`, with the documentation of all fields, created when it is read.

    `help()` doesn't show the strings below the fields, and compiled modules don't contain them.
    """

    def __init__(self, fields: Callable[[], tuple[Field, ...]]) -> None:
        self._fields = fields

    def __get__(self, instance: object, owner: type) -> str:
        hints = owner.__annotations__
        lines = ["The values a call can set. Defaults are those of the workflow."]
        for field in self._fields():
            hint = hints[field.name].partition("[")[2].partition(",")[0]
            lines += ["", f"{field.name}: {hint}"]
            lines += [f"    {each}" for each in field.paragraphs("None")]
        return "\n".join(lines)


def short_repr(parameters: DataclassInstance) -> str:
    """A call on one line, in which long values are shortened."""
    from dataclasses import fields
    from reprlib import Repr

    short = Repr()
    short.maxstring = short.maxother = 80
    values = (
        f"{each.name}={_value(short, getattr(parameters, each.name))}"
        for each in fields(parameters)
    )
    return f"{type(parameters).__qualname__}({', '.join(values)})"


def _value(short: Repr, value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else short.repr(value)
