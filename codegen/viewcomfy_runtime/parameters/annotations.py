"""Reads the fields of a generated `Parameters` class from its annotations."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from .branches import Branch, branch_from
from .docs import About
from .fields import Field
from .inputs import Input, When
from .types import (
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
from .uploads import FILE_MARK


def fields_of(parameters: type[Any], about: Mapping[str, About]) -> tuple[Field, ...]:
    """The fields of a generated dataclass, in its order.

    Raises TypeError for a field whose annotation has no Input or an unsupported type.
    """
    names = getattr(sys.modules.get(parameters.__module__), "__dict__", {})
    lists = {
        name: _Choices(get_args(each))
        for name, each in names.items()
        if get_origin(each) is Literal
    }
    hints = get_type_hints(parameters, {**names, **lists}, include_extras=True)
    return tuple(
        _field(
            each.name, hints[each.name], _default(each), about.get(each.name, About())
        )
        for each in fields(parameters)
    )


class _Choices:
    """Stands for a Literal while annotations are read.

    `typing` caches Literals regardless of the order of their options, so that the order might be
    that of another module.
    """

    def __init__(
        self, options: tuple[Option, ...], others: tuple[object, ...] = ()
    ) -> None:
        self.options = options
        self.others = others

    def __or__(self, other: object) -> _Choices:
        return _Choices(self.options, (*self.others, other))

    def __call__(self) -> None:
        """Python 3.10 requires that the type inside Annotated is callable."""


def _default(each: dataclasses.Field[object]) -> object:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


def _field(name: str, hint: object, default: object, about: About) -> Field:
    base, metadata = _unwrapped(hint)
    inputs = tuple(item for item in metadata if isinstance(item, Input))
    whens = [item for item in metadata if isinstance(item, When)]
    if not inputs:
        raise TypeError(f"{name}: its annotation has no Input")
    kind = _type_of(base, metadata, inputs[0])
    if kind is None:
        raise TypeError(f"{name}: {hint} isn't a parameter's type")
    if whens and isinstance(kind, Integer):
        kind = replace(kind, random=any(each.draws for each in whens))
    branches = tuple(_branch(each, kind) for each in whens)
    return Field(name, kind, inputs, default, about, branches)


def _branch(when: When, kind: ParameterType) -> Branch:
    exact = None
    if when.type is not None:
        exact = _type_of(when.type, (), Input("", "", when.ge, when.le))
    return branch_from(when, kind, exact)


def _unwrapped(hint: object) -> tuple[object, tuple[object, ...]]:
    if get_origin(hint) is Annotated:
        base, *metadata = get_args(hint)
        return base, tuple(metadata)
    return hint, ()


def _type_of(
    base: object, metadata: tuple[object, ...], bound: Input
) -> ParameterType | None:
    if isinstance(base, _Choices):
        is_open = bool({int, str} & {*base.others})
        return Choice(base.options, is_open, bound.place)
    if FILE_MARK in metadata:
        return Media(bound.media)
    members = get_args(base) if get_origin(base) in (Union, UnionType) else (base,)
    others = [member for member in members if member is not NoneType]
    if len(others) < len(members):
        return _optional(others[0], bound)
    if get_origin(base) is Literal:
        return Choice(get_args(base), open=False, place=bound.place)
    if base is bool:
        return Flag()
    if base is int:
        return Integer(bound.ge, bound.le)
    if base is float:
        return Number(bound.ge, bound.le)
    if base is str:
        return Text(bound.multiline)
    if base is Any:
        return Json()
    if get_origin(base) is list:
        return Json("array")
    return Json("object") if get_origin(base) is dict else None


def _optional(base: object, bound: Input) -> ParameterType | None:
    base, metadata = _unwrapped(base)
    match kind := _type_of(base, metadata, bound):
        case Integer():
            return replace(kind, random=True)
        case Media():
            return replace(kind, optional=True)
        case _:
            return kind
