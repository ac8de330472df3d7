"""Reads the fields of a generated class from its syntax tree."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from viewcomfy_runtime.parameters.branches import Branch, branch_from
from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.fields import REQUIRED, Field
from viewcomfy_runtime.parameters.inputs import Input, When
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


class FieldReader:
    """Reads the fields of a class, with the types that their annotations name."""

    def __init__(self, aliases: Mapping[str, ast.expr]) -> None:
        self._aliases = aliases

    def fields(
        self, parameters: ast.ClassDef, about: Mapping[str, About]
    ) -> Iterator[Field]:
        body = parameters.body
        for statement, following in zip(body, [*body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign) and isinstance(
                statement.target, ast.Name
            ):
                name = statement.target.id
                found = about.get(name) or About(_doc(following))
                yield self._field(name, statement, found)

    def _field(self, name: str, statement: ast.AnnAssign, about: About) -> Field:
        annotation = statement.annotation
        if not (
            isinstance(annotation, ast.Subscript)
            and _name(annotation.value) == "Annotated"
            and isinstance(annotation.slice, ast.Tuple)
        ):
            raise ValueError(f"{name} is not Annotated")
        hint, *metadata = annotation.slice.elts
        calls = [each for each in metadata if isinstance(each, ast.Call)]
        inputs = tuple(_input(each) for each in calls if _name(each.func) != "When")
        whens = [each for each in calls if _name(each.func) == "When"]
        if not inputs:
            raise ValueError(f"{name} has no Input")
        default = REQUIRED if statement.value is None else _value(statement.value)
        kind = self._type(hint, inputs[0])
        if whens and isinstance(kind, Integer):
            kind = replace(kind, random=any(_draws(each) for each in whens))
        branches = tuple(self._branch(each, kind) for each in whens)
        return Field(name, kind, inputs, default, about, branches)

    def _branch(self, call: ast.Call, kind: ParameterType) -> Branch:
        said = {str(each.arg): _value(each.value) for each in call.keywords}
        when = When(ast.literal_eval(call.args[0]), None, **said)
        bound = Input("", "", when.ge, when.le)
        exact = [self._type(each, bound) for each in call.args[1:]]
        return branch_from(when, kind, exact[0] if exact else None)

    def _type(self, hint: ast.expr, bound: Input) -> ParameterType:
        members = list(self._members(hint))
        others = [each for each in members if _name(each) != "None"]
        if isinstance(others[0], ast.Subscript) and _name(others[0]) == "Literal":
            is_open = len(others) > 1
            return Choice(_options(others[0]), is_open, bound.place)
        kind = _plain_type(others[0], bound)
        if len(others) < len(members):
            match kind:
                case Integer():
                    return replace(kind, random=True)
                case Media():
                    return replace(kind, optional=True)
        return kind

    def _members(self, hint: ast.expr) -> Iterator[ast.expr]:
        """The types that a union joins."""
        if isinstance(hint, ast.Name) and hint.id in self._aliases:
            yield from self._members(self._aliases[hint.id])
        elif isinstance(hint, ast.BinOp):
            yield from self._members(hint.left)
            yield from self._members(hint.right)
        else:
            yield hint


def _plain_type(hint: ast.expr, bound: Input) -> ParameterType:
    match _name(hint):
        case "int":
            return Integer(bound.ge, bound.le)
        case "float":
            return Number(bound.ge, bound.le)
        case "str":
            return Text(bound.multiline)
        case "bool":
            return Flag()
        case "File":
            return Media(bound.media)
        case "list":
            return Json("array")
        case "dict":
            return Json("object")
        case "Any":
            return Json()
    raise ValueError(f"{ast.unparse(hint)} is not a type that parameters have")


def _draws(call: ast.Call) -> bool:
    return any(each.arg == "draws" for each in call.keywords)


def _name(node: ast.expr) -> str:
    """A type's name without its arguments."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Constant) and node.value is None:
        return "None"
    return node.id if isinstance(node, ast.Name) else ""


def _options(node: ast.expr) -> tuple[Any, ...]:
    assert isinstance(node, ast.Subscript)
    found = ast.literal_eval(node.slice)
    return found if isinstance(found, tuple) else (found,)


def _input(call: ast.Call) -> Input:
    if _name(call.func) != "Input":
        raise ValueError(f"{ast.unparse(call)} is not an Input")
    return Input(
        *(_value(each) for each in call.args),
        **{str(each.arg): _value(each.value) for each in call.keywords},
    )


def _value(node: ast.expr) -> Any:
    """A literal, a power of two minus one as bounds are written, or the value of a
    default_factory.
    """
    if isinstance(node, ast.Call) and _name(node.func) == "field":
        factory = node.keywords[0].value
        if isinstance(factory, ast.Lambda):
            return ast.literal_eval(factory.body)
    if isinstance(node, ast.Constant):
        return node.value
    text = ast.unparse(node)
    power = re.fullmatch(r"(-?)2 ?\*\* ?(\d{1,3})(?: - 1)?", text)
    if power:
        value: int = 2 ** int(power[2]) - (1 if text.endswith("- 1") else 0)
        return -value if power[1] else value
    return ast.literal_eval(node)


def _doc(statement: ast.stmt | None) -> str:
    if (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    ):
        return inspect.cleandoc(statement.value.value)
    return ""
