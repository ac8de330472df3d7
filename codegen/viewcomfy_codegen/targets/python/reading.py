"""Generated modules read back as data: their source is parsed and never run, since a file is no reason to trust it."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from viewcomfy_runtime.parameters.fields import REQUIRED, Field, schema_of_fields
from viewcomfy_runtime.parameters.inputs import Input
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
from ...project.checksums import MARK


@dataclass(frozen=True, slots=True)
class ReadModule:
    """What a generated module says: its parameters, and the workflow that it carries, if it does."""

    title: str
    fields: tuple[Field, ...]
    graph: dict[str, Any] | None

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its calls."""
        return schema_of_fields(self.title, self.fields)


def read_module(text: str, name: str) -> ReadModule:
    """The module with this source. Raises CodegenError for one that was not generated, or cannot be read any more."""
    try:
        tree = ast.parse(text)
        reader = _Reader(tree)
        return ReadModule(reader.title, tuple(reader.fields()), reader.graph)
    except (SyntaxError, ValueError, LookupError, TypeError, RecursionError) as error:
        known = MARK in text
        message = (
            f"this module cannot be read any more: {error}"
            if known
            else "this is no module that viewcomfy-codegen generated"
        )
        raise CodegenError(
            Diagnostic(name, message, "generate it again from its workflow")
        ) from None


class _Reader:
    """The parts of a generated module's syntax tree."""

    def __init__(self, tree: ast.Module) -> None:
        self._class = next(
            each
            for each in (*tree.body, None)
            if isinstance(each, ast.ClassDef)
            and each.name == "Parameters"
            or each is None
        ) or _missing("class Parameters")
        self._aliases = {
            each.target.id: each.value
            for each in tree.body
            if isinstance(each, ast.AnnAssign)
            and isinstance(each.target, ast.Name)
            and each.value is not None
        }
        workflow = self._aliases.get("WORKFLOW")
        if not isinstance(workflow, ast.Call):
            raise LookupError("there is no WORKFLOW in it")
        self._workflow = {
            each.arg: ast.literal_eval(each.value)
            for each in workflow.keywords
            if each.arg in ("title", "graph")
        }

    @property
    def title(self) -> str:
        return str(self._workflow["title"])

    @property
    def graph(self) -> dict[str, Any] | None:
        text = self._workflow.get("graph")
        found = json.loads(text) if isinstance(text, str) else None
        return found if isinstance(found, dict) else None

    def fields(self) -> Iterator[Field]:
        body = self._class.body
        for statement, following in zip(body, [*body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign) and isinstance(
                statement.target, ast.Name
            ):
                yield self._field(statement.target.id, statement, _doc(following))

    def _field(self, name: str, statement: ast.AnnAssign, doc: str) -> Field:
        annotation = statement.annotation
        if not (
            isinstance(annotation, ast.Subscript)
            and _name(annotation.value) == "Annotated"
        ):
            raise ValueError(f"{name} is not Annotated")
        assert isinstance(annotation.slice, ast.Tuple)
        hint, *metadata = annotation.slice.elts
        inputs = tuple(_input(each) for each in metadata if isinstance(each, ast.Call))
        if not inputs:
            raise ValueError(f"{name} has no Input")
        default = REQUIRED if statement.value is None else _value(statement.value)
        return Field(name, self._type(hint, inputs[0]), inputs, default, doc)

    def _type(self, hint: ast.expr, bound: Input) -> ParameterType:
        if isinstance(hint, ast.Name) and hint.id in self._aliases:
            hint = self._aliases[hint.id]
        if isinstance(hint, ast.BinOp):
            left, right = hint.left, _name(hint.right)
            if _name(left) == "int" and right == "None":
                return Integer(bound.ge, bound.le, random=True)
            if _name(left) == "File":
                return Media(bound.media, optional=True)
            return Choice(_options(left), open=True)
        if isinstance(hint, ast.Subscript) and _name(hint.value) == "Literal":
            return Choice(_options(hint), open=False)
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


def _missing(what: str) -> ast.ClassDef:
    raise LookupError(f"there is no {what} in it")


def _name(node: ast.expr) -> str:
    """A type's name, without what it holds."""
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
    """A literal, a power less one as bounds are written, or the value that a default_factory gives."""
    if isinstance(node, ast.Call) and _name(node.func) == "field":
        factory = node.keywords[0].value
        if isinstance(factory, ast.Lambda):
            return ast.literal_eval(factory.body)
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
