"""The shapes of JSON documents, for annotations."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

JsonValue: TypeAlias = (
    "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"
)
"""Whatever `json.loads` returns."""

JsonObject: TypeAlias = "dict[str, JsonValue]"


class _Meta(TypedDict, total=False):
    title: str


class _Described(TypedDict, total=False):
    _meta: _Meta


class ApiNode(_Described):
    """One node of a workflow in ComfyUI's API format, after a check of its shape.

    An input is a literal or a link, `[node id, output index]`.
    """

    class_type: str
    inputs: JsonObject


ApiWorkflow: TypeAlias = "dict[str, ApiNode]"
"""A workflow in ComfyUI's API format: nodes by id."""
