"""The shapes of what the server sends as JSON, for annotations."""

from __future__ import annotations

from typing import TypedDict

from viewcomfy_runtime.json_types import ApiWorkflow, JsonObject


class _Completed(TypedDict):
    prompt_id: str
    status: str
    completed: bool
    execution_time_seconds: float
    prompt: ApiWorkflow
    outputs: list[JsonObject]


class ResultJson(_Completed, total=False):
    """The result of a run, as ViewComfy answers a call."""

    error_data: JsonObject | None


class NodeError(TypedDict):
    """One fault of a node, as ComfyUI words it."""

    type: str
    message: str
    details: str
    extra_info: dict[str, str]


class NodeErrors(TypedDict):
    """All faults of a node."""

    errors: list[NodeError]
    class_type: str
