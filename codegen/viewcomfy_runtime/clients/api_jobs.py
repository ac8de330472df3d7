"""Reads a job of Comfy API v2: its status, progress, outputs and error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ..calls.call import Status
from ..errors import ExecutionError, NotFoundError, ProtocolError, RunCancelledError
from ..faults import NodeFault
from ..http.client import Http
from ..http.urls import is_url
from ..json_types import JsonObject, as_list, as_object
from ..parameters.media import UNKNOWN, type_of
from ..results.files import OutputFile
from ..results.links import moment
from ..results.result import PromptResult
from ..texts import quoted

if TYPE_CHECKING:
    from ..calls.dispatcher import EventDispatcher

API: Final = "/api/v2"

STATUSES: Final[dict[str, Status]] = {
    "queued": "waiting",
    "running": "running",
    "canceling": "running",
    "succeeded": "success",
    "failed": "error",
    "canceled": "cancelled",
    "expired": "unknown",
}
FINAL: Final = frozenset({"succeeded", "failed", "canceled", "expired"})

_LONGEST: Final = 1e12
"""A longer duration of a run, in milliseconds, can't be real."""


def job_path(prompt_id: str, rest: str = "") -> str:
    """The path of a job below the server's URL."""
    return f"{API}/jobs/{quote(prompt_id, safe='', errors='replace')}{rest}"


def created_in(item: Mapping[str, Any]) -> datetime | None:
    """When a job was created, according to the server's clock."""
    text = text_of(item.get("created_at")) or text_of(item.get("create_time"))
    return moment(text) if text else None


def report_progress(
    progress: Any,
    dispatcher: EventDispatcher,
    last: str | None,
    classes: Mapping[str, str],
) -> str | None:
    """Report a snapshot's progress. Returns the node that is running now; `last` was running
    before.

    `classes` are the classes of the nodes, for servers that don't send them.
    """
    if not isinstance(progress, dict):
        return last
    node = text_of(progress.get("current_node")) or None
    if node is not None and node != last:
        kind = text_of(progress.get("current_node_class")) or classes.get(node, "?")
        dispatcher.log(f"node {node} ({kind})")
    dispatcher.emit_steps(progress.get("step"), progress.get("steps"), node)
    return node or last


def result_of(
    job: Mapping[str, Any],
    params: Mapping[str, Any],
    prompt: Mapping[str, Any],
    logs: Iterable[str],
    http: Http,
) -> PromptResult:
    """The result of a finished job. Raises ExecutionError, RunCancelledError or NotFoundError if
    there is none.
    """
    prompt_id, status = text_of(job.get("id")), job.get("status")
    if status == "canceled":
        raise RunCancelledError(
            "the run was canceled at the server", at_server=True, prompt_id=prompt_id
        )
    if status == "expired":
        raise NotFoundError(
            f"{http.host} no longer keeps the run: it expired",
            hint="run it again, and ask for its result sooner",
            prompt_id=prompt_id,
        )
    if status == "failed":
        raise _failure(job.get("error"), prompt_id)
    return PromptResult(
        prompt_id=prompt_id,
        status="success",
        completed=True,
        execution_time_seconds=_seconds(job),
        outputs=tuple(outputs_of(job.get("outputs"), http)),
        prompt=dict(prompt),
        params=dict(params),
        logs=tuple(logs),
        extra={
            key: job[key]
            for key in ("metadata", "metrics", "expires_at", "created_at")
            if job.get(key) is not None
        },
    )


def _failure(error: Any, prompt_id: str) -> ExecutionError:
    about = as_object(error)
    words = quoted(text_of(about.get("message")) or text_of(about.get("code")))
    node = text_of(about.get("node_id"))
    kind = text_of(about.get("class_type"))
    fault = NodeFault(node, kind, "", words) if node else None
    reason = str(fault) if fault else words
    return ExecutionError(
        f"the workflow failed: {reason or 'the server gave no reason'}",
        hint="look at the log of the server's ComfyUI",
        prompt_id=prompt_id,
        fault=fault,
    )


def _seconds(job: Mapping[str, Any]) -> float | None:
    metrics = job.get("metrics")
    milliseconds = metrics.get("execution_ms") if isinstance(metrics, dict) else None
    if (
        isinstance(milliseconds, int | float)
        and not isinstance(milliseconds, bool)
        and 0 <= milliseconds < _LONGEST
        and not math.isnan(milliseconds)
    ):
        return milliseconds / 1000
    start, end = (text_of(job.get(key)) for key in ("started_at", "completed_at"))
    started, over = moment(start), moment(end)
    return (over - started).total_seconds() if started and over else None


def outputs_of(items: Any, http: Http) -> Iterator[OutputFile]:
    """The files in a job's list, each once."""
    seen: set[tuple[str, str]] = set()
    for item in as_list(items):
        file = output_of(item, http)
        if file is not None and (own := identity_of(file)) not in seen:
            seen.add(own)
            yield file


def output_of(item: Any, http: Http) -> OutputFile | None:
    """A file from the server's description; None if the description isn't one of a file."""
    if not isinstance(item, dict):
        return None
    name = text_of(item.get("name")) or "output"
    # Some servers report 0 for every file.
    size = item.get("size_bytes")
    own = text_of(item.get("id"))
    lasting = f"{API}/assets/{quote(own, safe='', errors='replace')}/content"
    url = text_of(item.get("url"))
    return OutputFile(
        filename=name,
        content_type=text_of(item.get("content_type")) or type_of(name) or UNKNOWN,
        size=size if isinstance(size, int) and size > 0 else None,
        node=text_of(item.get("node_id")) or None,
        url=_absolute(url, http) or (http.at(lasting) if own else None),
        lasting_url=http.at(lasting) if own else None,
        http=http,
        extra={
            key: item[key]
            for key in ("id", "hash", "type", "url_expires_at", "job_id")
            if item.get(key) is not None
        },
    )


def identity_of(file: OutputFile) -> tuple[str, str]:
    """What distinguishes a file from the others of its run, since events may repeat files."""
    return file.node or "", text_of(file.extra.get("id")) or file.filename


def _absolute(link: str, http: Http) -> str:
    """A link as an absolute URL. A link that begins with / is relative to the server's origin,
    whatever the path of the API.
    """
    if link.startswith("/") and not link.startswith("//"):
        return http.host + link
    return link if is_url(link) else ""


def job_in(response: Any, host: str) -> JsonObject:
    """The job in a response. Raises ProtocolError if there is none."""
    return identified(response, f"{host} answered with something other than a job")


def identified(response: Any, fault: str) -> JsonObject:
    """A response that describes something with an ID. Raises ProtocolError with the fault for any
    other.
    """
    if isinstance(response, dict) and text_of(response.get("id")):
        return response
    raise ProtocolError(
        fault,
        hint="check that the URL is that of a server of Comfy API v2",
    )


def text_of(value: Any) -> str:
    """A server's text, cut to the length that its kind may have; empty for other types."""
    return value if isinstance(value, str) and len(value) <= 1 << 16 else ""
