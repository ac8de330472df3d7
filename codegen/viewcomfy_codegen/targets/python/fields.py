"""The fields of a module's `Parameters`: each one's hint, its annotation and its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from viewcomfy_runtime.exhaustive import assert_never
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
)

from ...model import BASIC, Identifier, Parameter
from ..templates import Code
from .rendering import (
    MARGIN,
    WIDTH,
    call,
    fits,
    laid_out,
    literal,
    span,
    text_lines,
)

_POWERS: Final[Mapping[int | float, str]] = {
    2**bits - 1: f"2**{bits} - 1" for bits in (31, 32, 53, 63, 64)
}


def declaration(parameter: Parameter, hint: str) -> Code:
    """The field's line or lines: the annotation is split if the whole does not fit."""
    name = parameter.name
    inputs = [
        *(("Input", _input(parameter, i)) for i in range(len(parameter.inputs))),
        *(("When", each) for each in whens_of(parameter)),
    ]
    flat_inputs = [f"{name}({', '.join(arguments)})" for name, arguments in inputs]
    head = f"{name}: Annotated[{', '.join([hint, *flat_inputs])}]"
    value = "" if parameter.required else f" = {_default(parameter.default, MARGIN, 0)}"
    if fits(head + value, MARGIN):
        return Code(head + value)
    contained = isinstance(parameter.default, list | dict)
    # Black measures a line that it splits before it closes up the powers in it.
    powers = sum(_powers(arguments) for _, arguments in inputs)
    used = MARGIN + 2 * powers + len(" = (")
    pieces = [] if parameter.required else text_lines(parameter.default, 8)
    body = "".join(f"        {piece}\n" for piece in pieces)
    if pieces and not contained and fits(head, used):
        return Code(f"{head} = (\n{body}    )")
    arguments = [hint] + [
        call(each, arguments, 8, 8, 1 + 2 * _powers(arguments))
        for each, arguments in inputs
    ]
    opened = "".join(f"        {argument},\n" for argument in arguments)
    before = len("    ] = ")
    if pieces[1:]:
        value = f" = (\n{body}    )"
    elif pieces:
        value = f" = {_default(parameter.default, MARGIN, before)}"
    return Code(f"{name}: Annotated[\n{opened}    ]{value}")


def is_sure(parameter: Parameter, hint: str) -> bool:
    """Whether the layout is certain to be black's: all widths that it depends on are known."""
    targets = (text for each in parameter.inputs for text in (each.node, each.name))
    whens = [f"When({', '.join(each)})" for each in whens_of(parameter)]
    low, high = span("".join((parameter.name, hint, *targets, *whens)))
    if low != high or not all(fits(each, 10) for each in whens):
        return False
    least, most = span("" if parameter.required else literal(parameter.default))
    return least == most or (
        least > WIDTH and not isinstance(parameter.default, list | dict)
    )


def field_hint(parameter: Parameter, aliases: Mapping[Choice, Identifier]) -> str:
    hint = _hint(parameter.type, aliases)
    nullable = parameter.branches and hint != "Any" and not hint.endswith("None")
    return f"{hint} | None" if nullable else hint


def _hint(kind: ParameterType, aliases: Mapping[Choice, Identifier]) -> str:
    match kind:
        case Text():
            return "str"
        case Integer(random=random):
            return "int | None" if random else "int"
        case Number():
            return "float"
        case Flag():
            return "bool"
        case Choice(options, open_):
            other = "int" if isinstance(options[0], int) else "str"
            hint = aliases.get(kind) or f"Literal[{', '.join(map(literal, options))}]"
            return f"{hint} | {other}" if open_ else hint
        case Media(optional=optional):
            return "File | None" if optional else "File"
        case Json(shape):
            return {"any": "Any", "array": "list[Any]", "object": "dict[str, Any]"}[
                shape
            ]
        case _:
            assert_never(kind)


def _input(parameter: Parameter, index: int) -> list[str]:
    """The arguments of one `Input`."""
    target = parameter.inputs[index]
    arguments: list[str] = [literal(target.node), literal(target.name)]
    match parameter.type:
        case Integer(lo, hi) | Number(lo, hi):
            bounds = (("ge", lo), ("le", hi))
            arguments += [
                f"{name}={_bound(bound)}" for name, bound in bounds if bound is not None
            ]
        case Text(multiline=True):
            arguments.append("multiline=True")
        case Media(media):
            arguments.append(f"media={literal(media)}")
        case Choice(_, _, place) if place:
            arguments.append(f"place={literal(place)}")
        case _:
            pass
    if parameter.group != BASIC:
        arguments.append(f"group={literal(parameter.group)}")
    return arguments


def whens_of(parameter: Parameter) -> list[list[str]]:
    """The arguments of each `When`. What a branch accepts is stated only if it differs from what
    the field accepts elsewhere.
    """
    found = []
    for branch in parameter.branches:
        choices = {str(name): list(keys) for name, keys in branch.when.items()}
        arguments: list[str] = [literal(choices)]
        kind, own = branch.type, parameter.type
        numeric = isinstance(kind, Integer | Number)
        if type(kind) is not type(own) or not (numeric or kind == own):
            arguments.append(_hint(_without_none(kind), {}))
        if isinstance(kind, Integer | Number):
            low, high = getattr(own, "lo", None), getattr(own, "hi", None)
            bounds = (("ge", kind.lo, low), ("le", kind.hi, high))
            arguments += [
                f"{name}={_bound(bound)}"
                for name, bound, widest in bounds
                if bound is not None and bound != widest
            ]
        if branch.draws:
            arguments.append("draws=True")
        found.append(arguments)
    return found


def _without_none(kind: ParameterType) -> ParameterType:
    return replace(kind, random=False) if isinstance(kind, Integer) else kind


def _bound(bound: int | float) -> str:
    """A bound as people write it: the largest numbers of a word as powers of two."""
    return _POWERS.get(bound) or literal(bound)


def _powers(arguments: list[str]) -> int:
    return sum(
        "**" in argument for argument in arguments if argument[:3] in ("ge=", "le=")
    )


def _default(value: Any, indent: int, before: int) -> str:
    """The default behind the equals sign, `before` characters into its line."""
    if not isinstance(value, list | dict):
        return literal(value)
    head = "field(default_factory=lambda: "
    flat = f"{head}{literal(value)})"
    if fits(flat, before):
        return flat
    inner = indent + 4
    start = inner + len("default_factory=lambda: ")
    body = laid_out(value, inner, start, 0)
    return f"field(\n{' ' * inner}default_factory=lambda: {body}\n{' ' * indent})"
