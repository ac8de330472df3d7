"""Requests node definitions from a ComfyUI server."""

from __future__ import annotations

import json
from typing import Final

from viewcomfy_runtime.json_types import JsonObject

from ..errors import CodegenError, Diagnostic
from .json_text import decoded

LONGEST_WAIT: Final = 60.0
LARGEST: Final = 64 << 20
"""Bytes of an answer, about three times that of a server with thousands of classes and models."""


def is_url(text: str) -> bool:
    """Whether the text is a server's URL rather than a file."""
    return text.partition("://")[0].lower() in ("http", "https")


def shown_place(place: str) -> str:
    """A file or a server's URL as it may be shown: without a password and what follows a `?`."""
    if not is_url(place):
        return place
    scheme, _, rest = place.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def object_info(url: str, *, timeout: float = LONGEST_WAIT) -> bytes:
    """The answer of the ComfyUI at `url`, its base or the full address, to /object_info, within
    `timeout` seconds.

    Raises CodegenError if there is none, or if it isn't that of a ComfyUI.
    """
    from viewcomfy_runtime.errors import ViewComfyError
    from viewcomfy_runtime.http.client import Http
    from viewcomfy_runtime.http.deadlines import Deadline

    base, mark, query = url.partition("?")
    base = base.rstrip("/")
    address = base if base.endswith("/object_info") else f"{base}/object_info"
    content = bytearray()
    try:
        deadline = Deadline(timeout, what="the answer")
        http = Http(address + mark + query, retries=1)
        with (
            deadline,
            http.request("GET", http.url, deadline, expect=(200,)) as response,
        ):
            for piece in response.chunks():
                content += piece
                if len(content) > LARGEST:
                    raise _refused(
                        url, f"the answer is larger than {LARGEST >> 20} MiB"
                    )
    except ViewComfyError as error:
        raise _refused(url, error.message) from None
    return bytes(content)


def classes_in(data: bytes, name: str) -> dict[str, JsonObject]:
    """The classes in a ComfyUI's answer to /object_info; `name` is the file or the server, for
    messages.

    Numbers that JSON doesn't have, such as a bound of Infinity, are skipped. Raises CodegenError
    for anything else.
    """
    name = shown_place(name)
    if len(data) > LARGEST:
        message = f"this is larger than {LARGEST >> 20} MiB, which no /object_info is"
        raise CodegenError(Diagnostic(name, message, _SAVE))
    document: object
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = _explained(data, name)
    if (
        not isinstance(document, dict)
        or not document
        or not all(
            isinstance(each, dict) and "input" in each for each in document.values()
        )
    ):
        message = "this is not the content of ComfyUI's /object_info"
        raise CodegenError(Diagnostic(name, message, _SAVE))
    return document


def _explained(data: bytes, name: str) -> object:
    """The value in text that Python's own decoder rejects. Raises CodegenError if it isn't JSON."""
    if data.lstrip()[:1] == b"<":
        message = "this is an HTML page, not the content of ComfyUI's /object_info"
        raise CodegenError(Diagnostic(name, message, _SAVE))
    try:
        return decoded(data, name)[0]
    except CodegenError as error:
        faults = (
            Diagnostic(each.location, each.message, _SAVE) for each in error.diagnostics
        )
        raise CodegenError(*faults) from None


_SAVE: Final = "save http://127.0.0.1:8188/object_info, or pass that URL itself"


def _refused(url: str, message: str) -> CodegenError:
    return CodegenError(
        Diagnostic(
            shown_place(url),
            message,
            "start ComfyUI, or save its /object_info to a file and pass that",
        )
    )
