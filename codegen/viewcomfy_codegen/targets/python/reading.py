"""Reads generated modules as data: their source is parsed and never executed, since files are not
trusted.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.docs import About
from viewcomfy_runtime.parameters.fields import Field
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.outputs import OutputNode
from viewcomfy_runtime.parameters.schemas import schema_of_fields

from ...errors import CodegenError, Diagnostic
from ..call_schema import checked_schema
from ..checksums import MARK
from ..target import Earlier
from .reading_fields import FieldReader


def read_module(text: str, name: str) -> Earlier:
    """What a module with this source contains. Raises CodegenError for a module that was not
    generated, or can't be read.
    """
    with _readable(name, generated=MARK in text):
        try:
            return _earlier(name, *_pieces(text.replace("\r\n", "\n")))
        except SyntaxError:
            return _earlier(name, text)


@contextlib.contextmanager
def _readable(name: str, *, generated: bool = True) -> Iterator[None]:
    """Whatever is wrong with a module's contents raises CodegenError."""
    try:
        yield
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
            f"this module can't be read any more: {str(error) or type(error).__name__}"
            if generated
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


def _earlier(name: str, text: str, groups: Iterable[str] = ()) -> Earlier:
    """The module's contents; `groups` are the parameters' fields if `text` lacks them."""
    tree = ast.parse(text)
    assigned = {
        each.target.id: each.value
        for each in tree.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and each.value is not None
    }
    said = _arguments(assigned.get("WORKFLOW"))
    about = json.loads(str(said.get("about") or "{}"))
    abouts = {
        field: About.from_json(each)
        for field, each in about.get("parameters", {}).items()
    }
    outputs = tuple(
        OutputNode.from_json(output, each)
        for output, each in about.get("outputs", {}).items()
    )
    reader = FieldReader(assigned)
    fields = tuple(
        field
        for each in (map(ast.parse, groups) if groups else [tree])
        for field in reader.fields(_parameters(each), abouts)
    )
    title, fallback = str(said["title"]), said.get("fallback")
    return Earlier(
        {_keys(each): each.name for each in fields},
        {each.node: each.name for each in outputs},
        lambda: _described(title, fields, outputs, name),
        _graph(said.get("graph")),
        fields,
        fallback if isinstance(fallback, dict) else {},
    )


def _described(
    title: str, fields: tuple[Field, ...], outputs: tuple[OutputNode, ...], name: str
) -> JsonObject:
    """The JSON Schema of the module's calls. Raises CodegenError for fields that contradict one
    another.
    """
    with _readable(name):
        return checked_schema(schema_of_fields(title, fields, outputs), name)


def _arguments(workflow: ast.expr | None) -> dict[str, object]:
    """The arguments of the module's WORKFLOW that describe it."""
    if not isinstance(workflow, ast.Call):
        raise LookupError("there is no WORKFLOW in it")
    return {
        str(each.arg): ast.literal_eval(each.value)
        for each in workflow.keywords
        if each.arg in ("title", "about", "graph", "fallback")
    }


def _keys(field: Field) -> tuple[WireKey, ...]:
    return tuple(WireKey(each.node, each.name) for each in field.inputs)


def _parameters(tree: ast.Module) -> ast.ClassDef:
    for each in tree.body:
        if isinstance(each, ast.ClassDef) and each.name == "Parameters":
            return each
    raise LookupError("there is no class Parameters in it")


def _graph(text: object) -> JsonObject | None:
    found = json.loads(text) if isinstance(text, str) else None
    return found if isinstance(found, dict) else None
