"""Calls in an older TypeScript program, read from its syntax tree; the program is never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..errors import CodegenError, Diagnostic
from .calls import ARGUMENTS, CallReader, OldCall

if TYPE_CHECKING:
    from tree_sitter import Node

_CONDITIONS: Final = frozenset(
    {"if_statement", "for_statement", "for_in_statement", "while_statement"}
)
_FUNCTIONS: Final = frozenset(
    {
        "function_declaration",
        "arrow_function",
        "method_definition",
        "function_expression",
    }
)


def calls_in_typescript(text: str, name: str) -> list[OldCall]:
    """The calls in a program, in order. Raises CodegenError if the extra `migrate` isn't
    installed.
    """
    try:
        import tree_sitter_typescript
        from tree_sitter import Language, Parser
    except ImportError as error:
        message = f"reading TypeScript needs {error.name}, which is not installed"
        hint = 'pip install "viewcomfy-codegen[migrate]"'
        raise CodegenError(Diagnostic(name, message, hint)) from None
    kind = (
        tree_sitter_typescript.language_tsx
        if name.endswith("x")
        else tree_sitter_typescript.language_typescript
    )
    tree = Parser(Language(kind())).parse(text.encode("utf-8", "replace"))
    reader = _Reader()
    reader.read(tree.root_node)
    return [call for call in reader.calls if call.values or call.notes]


class _Reader(CallReader):
    """Follows objects of parameters from their creation to the call that takes them."""

    def read(self, root: Node) -> None:
        """Read a tree, without recursion, since a program may be nested to any depth."""
        waiting: list[tuple[Node, bool]] = [(root, False)]
        while waiting:
            node, leaving = waiting.pop()
            if leaving:
                self._leave(node)
                continue
            self._enter(node)
            waiting.append((node, True))
            waiting += [(child, False) for child in reversed(node.named_children)]

    def _enter(self, node: Node) -> None:
        if node.type in _FUNCTIONS:
            self._scopes.append({})
        elif node.type in _CONDITIONS:
            self._uncertain += 1
        elif node.type == "variable_declarator":
            self._declared(node.child_by_field_name("name"), node)
        elif node.type == "assignment_expression":
            self._assigned(node)
        elif node.type == "augmented_assignment_expression":
            left = node.child_by_field_name("left")
            self._altered(left, "is changed by what is already in it")
        elif node.type == "unary_expression" and node.children[0].type == "delete":
            self._altered(node.child_by_field_name("argument"), "is removed again")
        elif node.type == "call_expression":
            self._called(node)

    def _leave(self, node: Node) -> None:
        if node.type in _FUNCTIONS:
            self._scopes.pop()
        elif node.type in _CONDITIONS:
            self._uncertain -= 1

    def _declared(self, name: Node | None, node: Node) -> None:
        value = _bare(node.child_by_field_name("value"))
        if name is None or value is None or value.type != "object":
            return
        keys = [key for key, _ in _pairs(value)]
        if not keys or any("-inputs-" in (key or "") for key in keys):
            self._collect(self._new(_text(name), _line(node)), value)

    def _assigned(self, node: Node) -> None:
        target, value = (node.child_by_field_name(part) for part in ("left", "right"))
        if target is None or value is None or target.type != "subscript_expression":
            return
        holder, index = (
            target.child_by_field_name(part) for part in ("object", "index")
        )
        if holder is None or index is None:
            return
        key, call = _string(index), self._known(_text(holder))
        if key is None:
            if call is not None:
                self._note(call, _line(node), "the key is not a literal string")
            return
        if call is None and "-inputs-" in key:
            call = self._new(_text(holder), _line(node))
        if call is not None:
            call.set(key, _text(value), _line(value), certain=not self._uncertain)

    def _altered(self, target: Node | None, how: str) -> None:
        if target is None or target.type != "subscript_expression":
            return
        holder = target.child_by_field_name("object")
        call = self._known(_text(holder)) if holder is not None else None
        if call is not None:
            self._note(call, _line(target), f"{_text(target)} {how}")

    def _called(self, node: Node) -> None:
        """Record the other arguments of a call that takes collected parameters."""
        arguments = node.child_by_field_name("arguments")
        for given in arguments.named_children if arguments is not None else ():
            if given.type != "object":
                continue
            pairs = dict(_pairs(given))
            value = pairs.get("params")
            call = self._known(_text(value)) if value is not None else None
            if value is not None and value.type == "object":
                call = self._new("", _line(value))
                self._collect(call, value)
            if call is None:
                continue
            for name, each in pairs.items():
                kind = ARGUMENTS.get((name or "").lower())
                if kind is not None and _text(each) != "null":
                    call.arguments[kind] = _text(each)
            call.waits = True

    def _collect(self, call: OldCall, value: Node) -> None:
        for key, item in _pairs(value):
            if key is None:
                self._note(call, _line(item), f"{_text(item)} may hold more parameters")
            else:
                call.set(key, _text(item), _line(item), certain=not self._uncertain)


def _pairs(value: Node) -> Iterator[tuple[str | None, Node]]:
    """The names and values of an object; None for an expression that isn't an object literal."""
    for each in value.named_children:
        if each.type == "pair":
            key, item = (each.child_by_field_name(part) for part in ("key", "value"))
            if key is not None and item is not None:
                name = _text(key) if key.type == "property_identifier" else _string(key)
                yield name, item
        elif each.type == "shorthand_property_identifier":
            yield _text(each), each
        elif each.type == "spread_element":
            yield None, each


def _bare(node: Node | None) -> Node | None:
    """An expression without type assertions."""
    while node is not None and node.type in ("as_expression", "satisfies_expression"):
        node = node.named_children[0]
    return node


def _string(node: Node) -> str | None:
    """The text of a string literal; None for any other expression."""
    text = _text(node)
    if node.type != "string" or "\\" in text:
        return None
    return text[1:-1]


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1
