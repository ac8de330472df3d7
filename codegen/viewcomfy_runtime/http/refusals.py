"""What a server says when it does not give what was asked for, as this package's errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..errors import (
    AuthenticationError,
    ExecutionError,
    NodeFault,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
    ServerError,
    ViewComfyError,
)


def error_of(
    status: int, content: bytes, host: str, *, retry_after: float | None = None
) -> ViewComfyError:
    """The error that an answer with this status stands for, with the server's own words."""
    body = _body(content)
    words = " ".join(_said(body).split())[:500]
    said = f": {words}" if words else ""
    match status:
        case 401 | 403:
            return AuthenticationError(
                f"{host} does not accept the credentials ({status}){said}",
                hint="check VIEWCOMFY_CLIENT_ID and VIEWCOMFY_CLIENT_SECRET against ViewComfy's dashboard",
                status=status,
            )
        case 404:
            return NotFoundError(
                f"there is nothing at {host} under this URL (404){said}",
                hint="copy the endpoint's URL from ViewComfy's dashboard",
                status=status,
            )
        case 413:
            return RejectedError(
                f"{host} takes no call as large as this one (413){said}",
                hint="send smaller files",
                status=status,
            )
        case 429:
            return RateLimitedError(
                f"{host} has too many requests at the moment (429){said}",
                hint="wait a moment and try again, or send fewer at a time",
                status=status,
                retry_after=retry_after,
            )
        case _ if 400 <= status < 500:
            return RejectedError(
                f"{host} rejected the call ({status}){said}",
                hint="check the values; if the deployed workflow changed, generate the module again",
                status=status,
                faults=node_faults(body),
            )
        case _ if status >= 500:
            return ServerError(
                f"{host} failed ({status}){said}",
                hint="try again later; look at the deployment's logs if it stays",
                status=status,
                retry_after=retry_after,
            )
        case _:
            return ProtocolError(
                f"{host} answered with status {status}, which is not ViewComfy's{said}",
                hint="check that the URL is the deployment's endpoint",
                status=status,
            )


def execution_error(details: Any, *, prompt_id: str | None = None) -> ExecutionError:
    """The error of a run that failed, from whatever the server tells of it: text, ComfyUI's fields, or nothing."""
    body = (
        _body(details.encode("utf-8", "replace"))
        if isinstance(details, str)
        else details
    )
    fault = None
    words = _said(body) or (json.dumps(body, default=str) if body else "")
    if isinstance(body, dict) and "exception_message" in body:
        words = str(body["exception_message"])
        fault = NodeFault(
            str(body.get("node_id") or "?"),
            str(body.get("node_type") or ""),
            "",
            " ".join(words.split())[:500],
        )
    told = str(fault) if fault else " ".join(words.split())[:500]
    return ExecutionError(
        f"the workflow failed: {told or 'no reason was given'}",
        hint="look at the deployment's logs",
        prompt_id=prompt_id,
        fault=fault,
    )


def node_faults(body: Any) -> tuple[NodeFault, ...]:
    """What ComfyUI found wrong in single inputs, wherever in the answer, as JSON or as its text, `node_errors` stand."""
    return tuple(
        NodeFault(
            str(node),
            str(about.get("class_type") or ""),
            _input_of(each),
            _said({key: each.get(key) for key in ("message", "details")}),
        )
        for errors in _node_errors(body, depth=6)
        for node, about in errors.items()
        if isinstance(about, dict)
        for each in about.get("errors") or ()
        if isinstance(each, dict)
    )


def _input_of(error: dict[str, Any]) -> str:
    extra = error.get("extra_info")
    return str(extra.get("input_name") or "") if isinstance(extra, dict) else ""


def _node_errors(body: Any, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(body, str) and "node_errors" in body:
        body = _body(body.encode("utf-8", "replace"))
    if isinstance(body, dict) and depth:
        found = body.get("node_errors")
        if isinstance(found, dict):
            yield found
        else:
            for value in body.values():
                yield from _node_errors(value, depth - 1)


def _body(content: bytes) -> Any:
    """The JSON of an answer, else its text, of a page only the title."""
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return title[1] if title else "" if text.lstrip().startswith("<") else text


def _said(body: Any, depth: int = 6) -> str:
    """What an answer says: ViewComfy's form, FastAPI's, ComfyUI's or plain text."""
    if isinstance(body, str):
        return body
    if not depth:
        return ""
    if isinstance(body, list):
        return "; ".join(filter(None, (_said(each, depth - 1) for each in body)))
    if isinstance(body, dict):
        told = (
            body.get(key)
            for key in (
                "errorMsg",
                "errorDetails",
                "detail",
                "message",
                "msg",
                "error",
                "details",
            )
        )
        words = (_said(each, depth - 1) for each in told)
        return ": ".join(dict.fromkeys(filter(None, words)))
    return ""
