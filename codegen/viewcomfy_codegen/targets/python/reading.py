"""Reads generated modules as data: their source is parsed and never executed, since files are not
trusted.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from viewcomfy_runtime.parameters.branches import Branch, branch_from
from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.fields import REQUIRED, Field, schema_of_fields
from viewcomfy_runtime.parameters.inputs import Input, When
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.outputs import OutputNode
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

from ...errors import CodegenError, Diagnostic
from ..checksums import MARK
from ..target import Earlier


def read_module(text: str, name: str) -> Earlier:
    """What a module with this source contains. Raises CodegenError for a module that was not
    generated, or can't be read.
    """
    try:
        try:
            return _earlier(*_pieces(text.replace("\r\n", "\n")))
        except SyntaxError:
            return _earlier(text)
    except (
        AttributeError,
        LookupError,
        MemoryError,
        RecursionError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:
        message = (
            f"this module can't be read any more: {error or type(error).__name__}"
            if MARK in text
            else "not a module that viewcomfy-codegen generated"
        )
        raise CodegenError(
            Diagnostic(name, message, "generate it again from its workflow")
        ) from None


_PARAMETERS: Final = re.compile(r"^class Parameters:$", re.MULTILINE)
_FIELD: Final = re.compile(r"^    [^\W\d]\w*: Annotated\[", re.MULTILINE)
_OUTSIDE: Final = re.compile(r"^\S", re.MULTILINE)
_AT_ONCE: Final = 200
"""Fields that are parsed together: the syntax tree of a class takes fifty times the memory of its
text.
"""


def _pieces(text: str) -> tuple[str, Iterable[str]]:
    """The module without its parameters' fields, and the fields, a few at a time.

    If a docstring has a line that looks like a field, a piece ends within it and is not valid
    Python.
    """
    head = _PARAMETERS.search(text)
    end = _OUTSIDE.search(text, head.end()) if head else None
    if head is None or end is None:
        return text, ()
    stop = end.start()
    fields = _FIELD.finditer(text, head.end(), stop)
    starts = [each.start() for each in fields][::_AT_ONCE]
    if len(starts) < 2:
        return text, ()
    groups = zip(starts, [*starts[1:], stop], strict=True)
    rest = f"{text[: starts[0]]}    pass\n{text[stop:]}"
    return rest, (f"class Parameters:\n{text[start:end]}" for start, end in groups)


def _earlier(text: str, groups: Iterable[str] = ()) -> Earlier:
    """The module's contents; `groups` are the parameters' fields if `text` lacks them."""
    tree = ast.parse(text)
    assigned = {
        each.target.id: each.value
        for each in tree.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and each.value is not None
    }
    workflow = assigned.get("WORKFLOW")
    if not isinstance(workflow, ast.Call):
        raise LookupError("there is no WORKFLOW in it")
    said = {
        str(each.arg): ast.literal_eval(each.value)
        for each in workflow.keywords
        if each.arg in ("title", "about", "graph", "fallback")
    }
    about = json.loads(str(said.get("about") or "{}"))
    told = {
        name: About.from_json(each)
        for name, each in about.get("parameters", {}).items()
    }
    outputs = tuple(
        OutputNode.from_json(name, each)
        for name, each in about.get("outputs", {}).items()
    )
    reader = _Reader(assigned)
    fields = tuple(
        field
        for each in (map(ast.parse, groups) if groups else [tree])
        for field in reader.fields(_parameters(each), told)
    )
    title = str(said["title"])
    return Earlier(
        {
            tuple(WireKey(at.node, at.name) for at in each.inputs): each.name
            for each in fields
        },
        {each.node: each.name for each in outputs},
        lambda: schema_of_fields(title, fields, outputs),
        _graph(said.get("graph")),
        fields,
        dict(said.get("fallback") or {}),
    )


def _parameters(tree: ast.Module) -> ast.ClassDef:
    for each in tree.body:
        if isinstance(each, ast.ClassDef) and each.name == "Parameters":
            return each
    raise LookupError("there is no class Parameters in it")


def _graph(text: object) -> dict[str, Any] | None:
    found = json.loads(text) if isinstance(text, str) else None
    return found if isinstance(found, dict) else None


class _Reader:
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
                told = about.get(name) or About(_doc(following))
                yield self._field(name, statement, told)

    def _field(self, name: str, statement: ast.AnnAssign, about: About) -> Field:
        annotation = statement.annotation
        if not (
            isinstance(annotation, ast.Subscript)
            and _name(annotation.value) == "Annotated"
        ):
            raise ValueError(f"{name} is not Annotated")
        assert isinstance(annotation.slice, ast.Tuple)
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
    raise ValueError(f"{ast.unparse(hint)} is no type of a parameter")


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
        raise ValueError(f"{ast.unparse(call)} is no Input")
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
