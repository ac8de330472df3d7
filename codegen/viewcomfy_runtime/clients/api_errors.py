"""Turns the error codes of Comfy API v2 into this package's errors."""

from __future__ import annotations

from typing import Any, Final

from ..errors import (
    AuthenticationError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    ServerError,
    ViewComfyError,
)
from ..faults import NodeFault
from ..http.bodies import NOT_JSON, json_in
from ..http.error_responses import LARGEST_ERROR, error_of, node_faults
from ..json_types import JsonObject, as_list, as_object
from ..texts import quoted

_KEY: Final = "check COMFY_API_KEY, or the api_key= that the client was given"
_LABELS: Final = (
    "give labels to deployments only: at most 16, names of A-Z a-z 0-9 _ . -"
)
_AGAIN: Final = "links and files expire: save them soon after the run, or run it again"

_HINTS: Final = {
    "unauthorized": _KEY,
    "forbidden": _KEY,
    "forbidden_origin": "the server doesn't take calls from here",
    "insufficient_credits": "add credits to the account that the key belongs to",
    "not_found": "check the server's URL, or run it again",
    "job_not_found": "the server keeps a run for a while only: run it again",
    "asset_not_found": _AGAIN,
    "blob_not_found": _AGAIN,
    "output_unavailable": _AGAIN,
    "hash_mismatch": "the file changed while it was sent: send it again",
    "asset_in_use": "wait until the runs that use the file are over",
    "payload_too_large": "send smaller files",
    "invalid_workflow": "check the values; if a node is missing, install it on the server",
    "workflow_format_ui": "export the workflow with File > Export (API) and generate again",
    "missing_asset": "upload the file again",
    "idempotency_key_reuse": "look for the run in the server's list of jobs",
    "deployment_stopped": "start the deployment again",
    "metadata_invalid": _LABELS,
    "metadata_not_supported": _LABELS,
    "queue_full": "wait a moment and try again, or send fewer at a time",
    "deployment_not_ready": "the deployment is starting: try again in a moment",
    "rate_limited": "wait a moment and try again, or send fewer at a time",
    "too_many_streams": "listen to fewer runs at a time",
    "upstream_error": "try again later; if the error persists, look at ComfyUI's log",
    "upstream_unreachable": "check that the ComfyUI behind the server is up",
    "not_implemented": "this server doesn't offer it",
}

_URL: Final = "check that the URL is that of a server of Comfy API v2"
_ANOTHER_SERVER: Final = {404: _URL, 405: _URL, 0: _URL}
"""Remedies by status for responses that aren't in the API's form."""

_KINDS: Final[dict[int, type[ViewComfyError]]] = {
    401: AuthenticationError,
    402: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    429: RateLimitedError,
}
_OWN_KINDS: Final[dict[str, type[ViewComfyError]]] = {
    "deployment_stopped": NotFoundError,
    "not_implemented": RejectedError,
}
"""Codes for which trying again is pointless, although their status suggests it."""


def api_error(
    status: int, content: bytes, host: str, *, retry_after: float | None = None
) -> ViewComfyError:
    """The error for a response with this status, including the server's message."""
    code, error = _envelope(content)
    if not error and status not in _KINDS and status < 500:
        return error_of(
            status, content, host, retry_after=retry_after, hints=_ANOTHER_SERVER
        )
    message = error.get("message")
    words = quoted(message if isinstance(message, str) else "")
    text = f"{host}: {words or code or 'no reason given'} ({_label(code, status)})"
    hint = _HINTS.get(code) or _HINTS.get(_usual(status)) or "try again later"
    kind = _OWN_KINDS.get(code or _usual(status)) or _KINDS.get(status)
    if kind is None:
        kind = RejectedError if 400 <= status < 500 else ServerError
    if status < 400:
        kind = ProtocolError
    about: dict[str, Any] = {"hint": hint, "status": status}
    if issubclass(kind, RateLimitedError | ServerError):
        about["retry_after"] = retry_after
    if issubclass(kind, RejectedError):
        about["faults"] = tuple(_faults(error))
    return kind(text, **about)


def code_in(error_body: Any) -> str:
    """The code in an error response's JSON; empty if there is none."""
    error = error_body.get("error") if isinstance(error_body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def missing_assets(error_body: Any) -> set[str]:
    """The ids of the files that the server reports as missing."""
    error = error_body.get("error") if isinstance(error_body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    ids = details.get("missing_ids") if isinstance(details, dict) else None
    return set(map(_text, ids)) - {""} if isinstance(ids, list) else set()


def _envelope(content: bytes) -> tuple[str, JsonObject]:
    body = json_in(content[:LARGEST_ERROR].decode("utf-8", "replace"))
    if body is NOT_JSON or not isinstance(body, dict):
        return "", {}
    error = body.get("error")
    return code_in(body), as_object(error)


def _label(code: str, status: int) -> str:
    return f"{status} {quoted(code, 60)}" if code else str(status)


def _usual(status: int) -> str:
    """The code that a status implies if the response has none."""
    usual = {
        401: "unauthorized",
        402: "insufficient_credits",
        403: "forbidden",
        404: "not_found",
        413: "payload_too_large",
        429: "rate_limited",
        501: "not_implemented",
    }
    return usual.get(status, "upstream_error" if status >= 500 else "invalid_workflow")


def _faults(error: JsonObject) -> list[NodeFault]:
    """The faults of single inputs, in ComfyUI's form or in the API's own, `{node: [{field,
    reason}]}`.
    """
    found = list(node_faults(error))
    details = error.get("details")
    nodes = details.get("node_errors") if isinstance(details, dict) else None
    for node, errors in nodes.items() if isinstance(nodes, dict) else ():
        for each in as_list(errors):
            if isinstance(each, dict):
                words = [each.get(name) for name in ("reason", "message", "details")]
                found.append(
                    NodeFault(
                        str(node),
                        _text(each.get("class_type")),
                        _text(each.get("field")),
                        quoted(": ".join(filter(None, map(_text, words)))),
                    )
                )
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
