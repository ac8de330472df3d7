"""Maps error responses of servers to this package's errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ..errors import (
    AuthenticationError,
    ExecutionError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    ServerError,
    ViewComfyError,
)
from ..faults import NodeFault
from ..json_types import JsonObject, as_list
from ..texts import quoted
from .bodies import NOT_JSON, json_in

LARGEST_ERROR: Final = 1 << 16
"""Characters of a response that are searched for a message, and bytes that are read for it."""

_DEPTH: Final = 6
"""Levels of a response that are searched for a message."""


_REFUSED_CREDENTIALS: Final = "{host} doesn't accept the credentials"
_NOTHING_THERE: Final = "{host} has nothing at this URL"
_WORDS: Final = {
    401: _REFUSED_CREDENTIALS,
    403: _REFUSED_CREDENTIALS,
    404: _NOTHING_THERE,
    405: _NOTHING_THERE,
    413: "{host} doesn't accept a call this large",
    429: "{host} is getting too many requests",
    400: "{host} rejected the call",
    500: "{host} failed",
    0: "{host} answered with an unexpected status",
}
"""What a status means. 400 and 500 cover all other 4xx and 5xx statuses, 0 the rest."""

_CHECK_CREDENTIALS: Final = (
    "check VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET against ViewComfy's dashboard"
)
_COPY_URL: Final = "copy the endpoint's URL from ViewComfy's dashboard"
_HINTS: Final = {
    401: _CHECK_CREDENTIALS,
    403: _CHECK_CREDENTIALS,
    404: _COPY_URL,
    405: _COPY_URL,
    413: "send smaller files",
    429: "wait a moment and try again, or send fewer at a time",
    400: "check the values and the URL; if the workflow changed, generate again",
    500: "try again later; if the error persists, look at the deployment's logs",
    0: "check that the URL is the deployment's endpoint",
}
"""The remedies for a deployment on ViewComfy, by status."""


def error_of(
    status: int,
    content: bytes,
    host: str,
    *,
    retry_after: float | None = None,
    hints: Mapping[int, str] = MappingProxyType({}),
) -> ViewComfyError:
    """The error for a response with this status, including the server's message. `hints` are the
    remedies by status for servers other than deployments on ViewComfy.
    """
    body = _body(content[:LARGEST_ERROR].decode("utf-8", "replace"))
    own_message = quoted(_message_in(body))
    group = 500 if status >= 500 else 400 if status >= 400 else 0
    known = status if status in _WORDS else group
    hint = hints.get(known) or _HINTS[known]
    words = _WORDS[known].format(host=host)
    message = f"{words} ({status}){f': {own_message}' if own_message else ''}"
    match status:
        case 401 | 403:
            return AuthenticationError(message, hint=hint, status=status)
        case 404 | 405:
            return NotFoundError(message, hint=hint, status=status)
        case 429:
            return RateLimitedError(
                message, hint=hint, status=status, retry_after=retry_after
            )
        case _ if group == 400:
            faults = node_faults(body)
            return RejectedError(message, hint=hint, status=status, faults=faults)
        case _ if group == 500:
            return ServerError(
                message, hint=hint, status=status, retry_after=retry_after
            )
    return ProtocolError(message, hint=hint, status=status)


def execution_error(
    details: Any,
    *,
    prompt_id: str | None = None,
    hint: str = "look at the deployment's logs",
) -> ExecutionError:
    """The error for a failed run, with the server's `details`: text, ComfyUI's fields, another JSON
    value, or None.
    """
    body = _body(details) if isinstance(details, str) else details
    fault = None
    if isinstance(body, dict) and "exception_message" in body:
        fault = NodeFault(
            _text(body.get("node_id")) or "?",
            _text(body.get("node_type")),
            "",
            quoted(_text(body["exception_message"])),
        )
    reason = str(fault) if fault else quoted(_message_in(body) or _as_text(body))
    return ExecutionError(
        f"the workflow failed: {reason or 'the server gave no reason'}",
        hint=hint,
        prompt_id=prompt_id,
        fault=fault,
    )


def node_faults(body: Any) -> tuple[NodeFault, ...]:
    """ComfyUI's faults of single inputs, from `node_errors` wherever they appear in a response."""
    return tuple(
        NodeFault(
            str(node),
            _text(about.get("class_type")),
            _input_of(each),
            quoted(_message_in({key: each.get(key) for key in ("message", "details")})),
        )
        for errors in _node_errors(body, _DEPTH)
        for node, about in errors.items()
        if isinstance(about, dict)
        for each in as_list(about.get("errors"))
        if isinstance(each, dict)
    )


def _input_of(error: JsonObject) -> str:
    extra = error.get("extra_info")
    return _text(extra.get("input_name")) if isinstance(extra, dict) else ""


def _node_errors(body: Any, depth: int) -> Iterator[JsonObject]:
    if isinstance(body, str) and "node_errors" in body:
        body = _body(body)
    if isinstance(body, dict) and depth:
        found = body.get("node_errors")
        if isinstance(found, dict):
            yield found
        else:
            for value in body.values():
                yield from _node_errors(value, depth - 1)


def _body(text: str) -> Any:
    """The JSON of a response, or else its text; of an HTML page, only the title."""
    text = text[:LARGEST_ERROR]
    found = json_in(text)
    if found is not NOT_JSON:
        return found
    return _title(text) if text.lstrip().startswith("<") else text


def _title(page: str) -> str:
    lower = page.lower()
    if len(lower) != len(page):  # a letter that is two in lower case
        page = lower
    opened = lower.find("<title")
    start = lower.find(">", opened) + 1
    end = lower.find("</title", start)
    return page[start:end] if opened >= 0 and start and end >= 0 else ""


def _message_in(body: Any, depth: int = _DEPTH) -> str:
    """A response's message, in the form of ViewComfy, FastAPI or ComfyUI, or as plain text."""
    if isinstance(body, str):
        return body[:LARGEST_ERROR]
    if not depth:
        return ""
    if isinstance(body, list):
        return "; ".join(filter(None, (_message_in(each, depth - 1) for each in body)))
    if isinstance(body, dict):
        words = (_message_in(body.get(key), depth - 1) for key in _KEYS)
        return ": ".join(dict.fromkeys(filter(None, words)))
    return ""


_KEYS: Final = (
    "errorMsg",
    "errorDetails",
    "detail",
    "message",
    "msg",
    "error",
    "details",
)
"""Fields in which servers put messages, the most general first."""


def _as_text(body: Any, depth: int = _DEPTH) -> str:
    """A JSON value of an unknown form as text."""
    if isinstance(body, dict):
        if not depth:
            return ""
        return ", ".join(f"{key}: {_as_text(body[key], depth - 1)}" for key in body)
    if isinstance(body, list):
        return ", ".join(_as_text(each, depth - 1) for each in body) if depth else ""
    return "" if body is None else _text(body)


def _text(value: Any) -> str:
    """A scalar as text; empty for a list or an object."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return ""  # its digits alone can take minutes
    return str(value)[:LARGEST_ERROR] if isinstance(value, str | int | float) else ""
