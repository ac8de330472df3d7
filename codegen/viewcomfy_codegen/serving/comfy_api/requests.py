"""What requests to Comfy API v2 ask for, and the API's own errors for those it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple, TypeAlias, TypeGuard

from starlette.requests import Request
from starlette.responses import Response

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_object
from viewcomfy_runtime.parameters.key import WireKey

from ..rejection import Rejected
from ..served import Served
from .assets import Asset

PREFIX: Final = "/api/v2"
"""The path of the API on its server."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

Handlers: TypeAlias = Mapping[tuple[str, str], Handler]
"""Handlers by method and path."""

_LABEL: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_LONGEST_LABEL: Final = 256
_MOST_LABELS: Final = 16

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
        details: Mapping[str, JsonValue] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: JsonObject = {
            "error": {
                "code": code,
                "message": message,
                "details": dict(details) if details else None,
            }
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


class JobRequest(NamedTuple):
    """A request for a job: its workflow, its labels, and the key that pays for partner nodes."""

    workflow: JsonObject
    metadata: dict[str, str]
    partner_key: str | None


def job_request_in(body: object) -> JobRequest:
    """The request in a body. Raises Refusal for a body that the API doesn't accept."""
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_request", "the body must be an object")
    if body.get("webhook_url") is not None or body.get("inputs") is not None:
        raise Refusal(422, "invalid_request", "webhook_url and inputs are reserved")
    workflow = body.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        raise Refusal(422, "invalid_workflow", "the body has no workflow")
    if isinstance(workflow.get("nodes"), list):
        message = "this is the web page's format: export the workflow in API format"
        raise Refusal(422, "workflow_format_ui", message)
    extra = _given(body.get("extra_data"))
    if not _is_extra(extra):
        message = "extra_data accepts only api_key_comfy_org, a string"
        raise Refusal(400, "invalid_request", message)
    metadata = _given(body.get("metadata"))
    if not _is_metadata(metadata):
        message = f"metadata must be at most {_MOST_LABELS} pairs of short strings"
        raise Refusal(422, "metadata_invalid", message)
    return JobRequest(workflow, metadata, extra.get("api_key_comfy_org") or None)


def _given(value: JsonValue) -> JsonValue:
    return {} if value is None else value


def _is_extra(extra: object) -> TypeGuard[dict[str, str]]:
    return (
        isinstance(extra, dict)
        and extra.keys() <= {"api_key_comfy_org"}
        and all(isinstance(each, str) for each in extra.values())
    )


def _is_metadata(metadata: object) -> TypeGuard[dict[str, str]]:
    """Whether these are labels that deployments accept."""
    return (
        isinstance(metadata, dict)
        and len(metadata) <= _MOST_LABELS
        and all(
            _LABEL.fullmatch(name)
            and isinstance(value, str)
            and len(value.encode("utf-8", "replace")) <= _LONGEST_LABEL
            for name, value in metadata.items()
        )
    )


def literals_in(
    served: Served, workflow: Mapping[str, object], files: Mapping[WireKey, Asset]
) -> JsonObject:
    """A workflow's values in the inputs of the served one, as a call would set them."""
    literals: dict[WireKey, JsonValue] = {
        WireKey(node, name): value
        for node, about in workflow.items()
        for name, value in _inputs(about).items()
        if not isinstance(value, list)
    }
    found = {
        str(key): literals[key]
        for key in served.types
        if key in literals and key not in files
    }
    # A call must set at least one value.
    return found or {str(key): value for key, value in literals.items()}


def _inputs(node: object) -> JsonObject:
    return as_object(as_object(node).get("inputs"))


def query_number(text: str, lo: int, hi: int, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and lo <= int(text[:12]) <= hi):
        raise Refusal(400, "invalid_request", f"{name} must be from {lo} to {hi}")
    return int(text)
