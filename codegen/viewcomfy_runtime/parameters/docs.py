"""The sentences that stand under the attributes of a class, read from its source."""

from __future__ import annotations

import ast
import inspect


def attribute_docs(cls: type) -> dict[str, str]:
    """The attribute docstrings of `cls` by name, each on one line; none where the source is not there."""
    try:
        source = inspect.getsource(inspect.getmodule(cls) or cls)
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            return _docs(node)
    return {}


def _docs(node: ast.ClassDef) -> dict[str, str]:
    docs: dict[str, str] = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = " ".join(text.split())
            case _:
                pass
    return docs
