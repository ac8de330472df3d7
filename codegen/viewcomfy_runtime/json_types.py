"""Types for JSON documents, and helpers to read their parts without errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypedDict, TypeGuard

JsonValue: TypeAlias = (
    "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"
)
"""Whatever `json.loads` returns."""

JsonObject: TypeAlias = "dict[str, JsonValue]"

JsonSchema: TypeAlias = "dict[str, Any]"
"""A JSON Schema, whose values are typed as those of `json.loads`."""

Arguments: TypeAlias = "dict[str, Any]"
"""Values of parameters by name, for `Parameters(**values)`."""


class _Meta(TypedDict, total=False):
    title: str


class _Described(TypedDict, total=False):
    _meta: _Meta


class ApiNode(_Described):
    """A node of a workflow in ComfyUI's API format.

    An input is a literal or a link, `[node id, output index]`.
    """

    class_type: str
    inputs: JsonObject


ApiWorkflow: TypeAlias = "dict[str, ApiNode]"
"""A workflow in ComfyUI's API format: nodes by id."""


def as_object(value: object) -> JsonObject:
    """The value if it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[JsonValue]:
    """The value if it is a list, otherwise an empty one."""
    return value if isinstance(value, list) else []


def nodes_in(value: object) -> ApiWorkflow:
    """The nodes of a workflow from outside; anything else in it is dropped."""
    found = value.items() if isinstance(value, Mapping) else ()
    nodes = ((id, _with_inputs(node)) for id, node in found if isinstance(id, str))
    return {id: node for id, node in nodes if _is_node(node)}


def _with_inputs(node: object) -> object:
    """A node, with empty inputs if it has none."""
    if isinstance(node, dict) and not node.get("inputs"):
        return {**node, "inputs": {}}
    return node


def _is_node(value: object) -> TypeGuard[ApiNode]:
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_type"), str)
        and isinstance(value["inputs"], dict)
    )
