"""Calls in an older Python program, read from its syntax tree; the program is never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..errors import CodegenError, Diagnostic
from .calls import ARGUMENTS, CallReader, OldCall


def calls_in_python(text: str, name: str) -> list[OldCall]:
    """The calls in a program, in order. Raises CodegenError if it isn't valid Python."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        reader = _Reader(text)
        reader.visit(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = (
            error.msg
            if isinstance(error, SyntaxError)
            else str(error) or type(error).__name__
        )
        hint = "give a program that Python can read"
        message = f"this is not a Python program: {reason}"
        raise CodegenError(Diagnostic(name, message, hint)) from None
    return [call for call in reader.calls if call.values or call.notes]


class _Reader(CallReader, ast.NodeVisitor):
    """Follows dictionaries of parameters from their creation to the call that takes them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        # Positions count bytes. `ast.get_source_segment` would split the text for each of them.
        self._lines = text.encode("utf-8", "replace").split(b"\n")

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scopes.append({})
        self.generic_visit(node)
        self._scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If | ast.For | ast.While) -> None:
        self._uncertain += 1
        self.generic_visit(node)
        self._uncertain -= 1

    visit_For = visit_If
    visit_While = visit_If

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assigned(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assigned(node.target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._altered(node.target, "is changed by what is already in it")
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._altered(target, "is removed again")
        self.generic_visit(node)

    def _altered(self, target: ast.expr, how: str) -> None:
        match target:
            case ast.Subscript(value=ast.Name(id=name)):
                call = self._known(name)
                if call is not None:
                    self._note(call, target.lineno, f"{self._code(target)} {how}")
            case _:
                pass

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case ast.Name(id=name), ast.Dict() if _is_parameters(value):
                self._collect(self._new(name, value.lineno), value)
            case ast.Subscript(value=ast.Name(id=name), slice=index), _:
                self._set(name, index, value)
            case _:
                pass

    def _set(self, name: str, index: ast.expr, value: ast.expr) -> None:
        call = self._known(name)
        if not isinstance(index, ast.Constant) or not isinstance(index.value, str):
            if call is not None:
                self._note(call, index.lineno, "the key is not a literal string")
            return
        if call is None and "-inputs-" in index.value:
            call = self._new(name, value.lineno)
        if call is not None:
            certain = not self._uncertain
            call.set(index.value, self._code(value), value.lineno, certain=certain)

    def visit_Call(self, node: ast.Call, waits: bool = False) -> None:
        match node.func:
            case ast.Attribute(value=ast.Name(id=name), attr="update"):
                call = self._known(name)
                if call is not None and len(node.args) == 1:
                    self._updated(call, node.args[0])
            case _:
                self._called(node, waits)
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        if isinstance(node.value, ast.Call):
            self.visit_Call(node.value, waits=True)
        else:
            self.generic_visit(node)

    def _updated(self, call: OldCall, value: ast.expr) -> None:
        if isinstance(value, ast.Dict):
            self._collect(call, value)
        else:
            self._note(
                call, value.lineno, f"{self._code(value)} may hold more parameters"
            )

    def _called(self, node: ast.Call, waits: bool) -> None:
        """Record the other arguments of a call that takes collected parameters."""
        for given in (*node.args, *(each.value for each in node.keywords)):
            call = self._known(given.id) if isinstance(given, ast.Name) else None
            if isinstance(given, ast.Dict) and _is_parameters(given) and given.keys:
                call = self._new("", given.lineno)
                self._collect(call, given)
            if call is None:
                continue
            for each in node.keywords:
                kind = ARGUMENTS.get((each.arg or "").lower())
                if kind is not None and not _is_none(each.value):
                    call.arguments[kind] = self._code(each.value)
            call.waits = call.waits or waits

    def _collect(self, call: OldCall, value: ast.Dict) -> None:
        for key, item in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                certain = not self._uncertain
                call.set(key.value, self._code(item), item.lineno, certain=certain)
            else:
                self._note(call, item.lineno, "the key is not a literal string")

    def _code(self, node: ast.expr) -> str:
        path = next(_opened(node), None)
        if path is not None:
            return f"Path({self._code(path)})"
        if node.end_lineno is None or node.end_col_offset is None:
            return ast.unparse(node)
        lines = self._lines[node.lineno - 1 : node.end_lineno]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode("utf-8", "replace")


def _is_parameters(value: ast.Dict) -> bool:
    """Whether a dictionary holds parameters: it is still empty, or has one of ViewComfy's keys."""
    keys = [key.value for key in value.keys if isinstance(key, ast.Constant)]
    return not value.keys or any("-inputs-" in str(key) for key in keys)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _opened(node: ast.expr) -> Iterator[ast.expr]:
    """The path of a file that is opened for reading; a generated module opens the file itself."""
    match node:
        case ast.Await(value=inner):
            yield from _opened(inner)
        case ast.Call(func=ast.Name(id="open"), args=[path, *_]):
            yield path
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="aiofiles" | "io"), attr="open"),
            args=[path, *_],
        ):
            yield path
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="Path"), args=[path]), attr="open"
            )
        ):
            yield path
        case _:
            pass
