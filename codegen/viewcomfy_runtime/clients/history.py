"""Reads a run's outcome and files from ComfyUI's history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ..calls.call import Status
from ..errors import RunCancelledError
from ..http.client import Http
from ..http.error_responses import execution_error
from ..json_types import JsonObject, as_list, as_object
from ..parameters.media import UNKNOWN, type_of
from ..results.files import OutputFile, text_output
from ..results.response_fields import graph_in
from ..results.result import PromptResult
from .hints import COMFYUI_LOG


def outcome_of(entry: Mapping[str, Any]) -> Status:
    """The final status of the run in a history entry."""
    if "execution_interrupted" in _messages(entry):
        return "cancelled"
    failed = as_object(entry.get("status")).get("status_str") == "error"
    return "error" if failed else "success"


def result_of(
    prompt_id: str,
    entry: Mapping[str, Any],
    params: Mapping[str, Any],
    logs: Iterable[str],
    http: Http,
) -> PromptResult:
    """The result of the run in a history entry. Raises ExecutionError or RunCancelledError if it
    has none.
    """
    messages = _messages(entry)
    match outcome_of(entry):
        case "cancelled":
            raise RunCancelledError(
                "the run was interrupted at the server",
                at_server=True,
                prompt_id=prompt_id,
            )
        case "error":
            raise execution_error(
                messages.get("execution_error"), prompt_id=prompt_id, hint=COMFYUI_LOG
            )
    status = as_object(entry.get("status"))
    return PromptResult(
        prompt_id=prompt_id,
        status=str(status.get("status_str") or "success"),
        completed=status.get("completed") is not False,
        execution_time_seconds=_seconds(messages),
        outputs=tuple(files_of(as_object(entry.get("outputs")), http)),
        prompt=graph_in(entry.get("prompt")),
        params=dict(params),
        logs=tuple(logs),
        extra={"meta": entry["meta"]} if entry.get("meta") else {},
    )


def _messages(entry: Mapping[str, Any]) -> dict[str, JsonObject]:
    """The messages of a run by type."""
    messages = as_object(entry.get("status")).get("messages")
    return {
        message[0]: as_object(message[1])
        for message in as_list(messages)
        if isinstance(message, list)
        and len(message) == 2
        and isinstance(message[0], str)
    }


def files_of(outputs: Mapping[str, Any], http: Http) -> Iterator[OutputFile]:
    """The files and texts that the nodes produced, of any kind, without duplicates."""
    seen = set()
    for node, made in outputs.items():
        for kind, items in as_object(made).items():
            for item in items if isinstance(items, list) else [items]:
                if isinstance(item, dict) and isinstance(item.get("filename"), str):
                    place = {
                        key: str(item.get(key) or "")
                        for key in ("filename", "subfolder", "type")
                        if isinstance(item.get(key) or "", str)
                    }
                    if tuple(place.values()) not in seen:
                        seen.add(tuple(place.values()))
                        yield _file(node, kind, place, http)
                elif isinstance(item, str) and kind != "animated":
                    yield text_output(item, filename=f"{kind}_{node}.txt", node=node)


def _file(node: str, kind: str, place: dict[str, str], http: Http) -> OutputFile:
    name = place["filename"]
    return OutputFile(
        filename=name,
        content_type=type_of(name) or UNKNOWN,
        node=node,
        url=http.at(f"/view?{urlencode(place, errors='replace')}"),
        http=http,
        extra={"kind": kind, **place},
    )


def stored_name(file: object, http: Http) -> str:
    """The workflow's value for a file of an earlier result if this server produced it, or else an
    empty string.
    """
    if not isinstance(file, OutputFile) or file.http is None:
        return ""
    name, folder, kind = (
        file.extra.get(key) for key in ("filename", "subfolder", "type")
    )
    if file.http.url != http.url or not (
        isinstance(name, str) and isinstance(kind, str)
    ):
        return ""
    return f"{folder}/{name} [{kind}]" if folder else f"{name} [{kind}]"


def _seconds(messages: Mapping[str, JsonObject]) -> float | None:
    start = messages.get("execution_start", {}).get("timestamp")
    end = messages.get("execution_success", {}).get("timestamp")
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        return None
    try:
        seconds = (float(end) - float(start)) / 1000
    except OverflowError:  # JSON has integers beyond every float
        return None
    return seconds if math.isfinite(seconds) else None
