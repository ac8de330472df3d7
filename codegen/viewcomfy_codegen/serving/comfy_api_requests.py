"""What requests to Comfy API v2 ask for, and why one is refused, in that API's form."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from viewcomfy_runtime.parameters.key import WireKey

from .api_jobs import is_metadata
from .assets import Asset
from .refusing import Rejected
from .served import Served

PREFIX: Final = "/api/v2"
"""The path of the API on its server."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

Handlers: TypeAlias = Mapping[tuple[str, str], Handler]
"""Handlers by method and path."""

CODES: Final = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "forbidden",
    404: "not_found",
    409: "hash_mismatch",
    413: "payload_too_large",
    422: "invalid_request",
    429: "queue_full",
    501: "not_implemented",
    503: "upstream_unreachable",
}


class Refusal(Exception):
    """An error of the API: a status, a code, a message and details."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"code": code, "message": message, "details": details or None}
        }


def refusal_of(rejected: Rejected) -> Refusal:
    """An error of the server's other protocols, in this API's form."""
    details = rejected.body["errorDetails"]
    message = str(rejected)
    if isinstance(details, dict) and "node_errors" in details:
        return Refusal(422, "invalid_workflow", message, details)
    if details:
        message = (
            f"{message}: {details if isinstance(details, str) else json.dumps(details)}"
        )
    if rejected.status == 400:
        return Refusal(422, "invalid_workflow", message)
    code = CODES.get(rejected.status)
    return Refusal(rejected.status, code or "upstream_error", message)


def checked_workflow(body: Mapping[str, Any]) -> dict[str, Any]:
    """The workflow in a body. Raises Refusal for a body that the API doesn't accept."""
    if body.get("webhook_url") is not None or body.get("inputs") is not None:
        raise Refusal(422, "invalid_request", "webhook_url and inputs are reserved")
    workflow = body.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        raise Refusal(422, "invalid_workflow", "the body has no workflow")
    if isinstance(workflow.get("nodes"), list):
        message = "export the workflow in API format: this is the page's"
        raise Refusal(422, "workflow_format_ui", message)
    extra = body.get("extra_data")
    if extra is not None and not _is_extra(extra):
        message = "extra_data takes api_key_comfy_org alone, a text"
        raise Refusal(400, "invalid_request", message)
    if not is_metadata(body.get("metadata")):
        message = "metadata is at most 16 pairs of short texts"
        raise Refusal(422, "metadata_invalid", message)
    return workflow


def _is_extra(extra: Any) -> bool:
    return (
        isinstance(extra, dict)
        and extra.keys() <= {"api_key_comfy_org"}
        and all(isinstance(each, str) for each in extra.values())
    )


def literals_in(
    served: Served, workflow: Mapping[str, Any], files: Mapping[WireKey, Asset]
) -> dict[str, Any]:
    """A workflow's values in the inputs of the served one, as a call would set them."""
    found = {
        str(key): workflow[key.node]["inputs"][key.name]
        for key in served.types
        if key not in files
        and isinstance(workflow.get(key.node), dict)
        and key.name in _inputs(workflow[key.node])
        and not _is_link(workflow[key.node]["inputs"][key.name])
    }
    return found or _any(workflow)


def _any(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """One value of a workflow, since a call must set at least one."""
    return {
        str(WireKey(node, name)): value
        for node, about in workflow.items()
        for name, value in _inputs(about).items()
        if not _is_link(value)
    }


def _inputs(about: Any) -> dict[str, Any]:
    inputs = about.get("inputs") if isinstance(about, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _is_link(value: Any) -> bool:
    return isinstance(value, list)


def class_of(about: Any) -> Any:
    return about.get("class_type") if isinstance(about, dict) else None


def number_in(text: str, lo: int, hi: int, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and lo <= int(text[:12]) <= hi):
        raise Refusal(400, "invalid_request", f"{name} must be from {lo} to {hi}")
    return int(text)
