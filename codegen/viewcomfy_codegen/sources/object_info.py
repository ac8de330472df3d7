"""A ComfyUI's own description of its nodes, asked of the server."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from ..errors import CodegenError, Diagnostic

LONGEST_WAIT: Final = 60.0
LARGEST: Final = 256 << 20


def is_url(text: str) -> bool:
    """Whether the text names a server rather than a file."""
    return text.partition("://")[0].lower() in ("http", "https")


def object_info(url: str, *, timeout: float = LONGEST_WAIT) -> bytes:
    """What the ComfyUI at `url`, its base or the whole address, answers at /object_info, within `timeout` seconds.

    Raises CodegenError where there is none, or something else answers.
    """
    from viewcomfy_runtime.errors import ViewComfyError
    from viewcomfy_runtime.http.client import Http
    from viewcomfy_runtime.http.deadlines import Deadline

    path = urlsplit(url).path.rstrip("/")
    address = url if path.endswith("/object_info") else f"{url.rstrip('/')}/object_info"
    content = bytearray()
    try:
        deadline = Deadline(timeout)
        http = Http(address, retries=1)
        with deadline, http.answer("GET", address, deadline) as answer:
            if answer.status != 200:
                raise answer.error()
            for piece in answer.pieces():
                content += piece
                if len(content) > LARGEST:
                    raise _refused(
                        url, f"the answer is larger than {LARGEST >> 20} MiB"
                    )
    except ViewComfyError as error:
        raise _refused(url, error.message) from None
    return bytes(content)


def _refused(url: str, message: str) -> CodegenError:
    return CodegenError(
        Diagnostic(
            url.partition("?")[0],
            message,
            "start ComfyUI, or save its /object_info to a file and pass that",
        )
    )
