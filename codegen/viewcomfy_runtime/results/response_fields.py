"""Reads the fields of a server's response to a run; values of unexpected types are dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ..json_types import nodes_in
from ..parameters.media import UNKNOWN, type_of
from .files import OutputFile, text_output

if TYPE_CHECKING:
    from ..http.client import Http
    from ..json_types import ApiWorkflow, JsonObject

_LONGEST_TEXT: Final = 4096
"""Maximum length in characters of a file's name, a status or an id."""

_MOST_SECONDS: Final = 1e9
"""A longer execution time, in seconds, can't be real."""

_FIELDS: Final = {
    "prompt_id": "prompt_id",
    "promptId": "prompt_id",
    "status": "status",
    "completed": "completed",
    "execution_time_seconds": "execution_time_seconds",
    "executionTimeSeconds": "execution_time_seconds",
    "outputs": "outputs",
    "prompt": "prompt",
    "error_data": "error_data",
    "errorData": "error_data",
}
_FILE_FIELDS: Final = {
    "filename": "filename",
    "content_type": "content_type",
    "contentType": "content_type",
    "size": "size",
    "data": "data",
    "filepath": "filepath",
}


def known_fields(response: object) -> tuple[JsonObject, JsonObject]:
    """The known fields of a response under normalized names, and all other fields unchanged."""
    return _split(response, _FIELDS)


def _split(response: object, names: Mapping[str, str]) -> tuple[JsonObject, JsonObject]:
    """The known fields of a response under normalized names, and all other fields unchanged."""
    known: JsonObject = {}
    extra: JsonObject = {}
    for key, value in response.items() if isinstance(response, dict) else ():
        if key in names:
            known[names[key]] = value
        else:
            extra[key] = value
    return known, extra


def graph_in(prompt: object) -> ApiWorkflow:
    """The workflow that ran: the value itself, or the third item of a history entry's list."""
    if isinstance(prompt, list) and len(prompt) > 2:
        prompt = prompt[2]
    return nodes_in(prompt)


def seconds_in(value: object) -> float | None:
    """A duration in seconds; None for anything that can't be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_MOST_SECONDS < value < _MOST_SECONDS else None


def text_in(value: object) -> str:
    """A server's text, up to the maximum length; empty for other types."""
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def outputs_in(value: object, http: Http | None) -> Iterator[OutputFile]:
    """The files and texts in a response's list of outputs."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str):
            yield text_output(item)
        elif isinstance(item, dict):
            known, extra = _split(item, _FILE_FIELDS)
            size, data, url = (known.get(key) for key in ("size", "data", "filepath"))
            filename = text_in(known.get("filename")) or "output"
            yield OutputFile(
                filename=filename,
                content_type=(
                    text_in(known.get("content_type")) or type_of(filename) or UNKNOWN
                ),
                size=size if isinstance(size, int) else None,
                data=data if isinstance(data, str | tuple) else None,
                url=url if isinstance(url, str) and url else None,
                http=http,
                extra=extra,
            )
