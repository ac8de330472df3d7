"""Calls to a server that stands for a deployment at ViewComfy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from viewcomfy_runtime import Call, PromptResult, Upload, ViewComfy, ViewComfyError
from viewcomfy_runtime.http.deadlines import Deadline
from viewcomfy_runtime.json_types import JsonObject
from viewcomfy_runtime.parameters.uploads import as_upload

from .servers import Server

SECRET = "s3cr3t-0123456789"
PARAMS: Final[JsonObject] = {"6-inputs-text": "a fox", "3-inputs-seed": 2**64 - 1}


def client(server: Server, path: str = "/run") -> ViewComfy:
    """A client that tries everything once."""
    return ViewComfy(server.url + path, "the-id", SECRET, retries=0)


def run(
    server: Server, timeout: float | None = 10, **files: Upload | Path | bytes | Any
) -> PromptResult:
    """The result of a call with these files."""
    uploads = {key: as_upload(value, key) for key, value in files.items()}
    deadline = None if timeout is None else Deadline(timeout)
    return client(server).run(Call(PARAMS, uploads), deadline)


def failure(server: Server, **arguments: Any) -> ViewComfyError:
    """The error that such a call raises."""
    with pytest.raises(ViewComfyError) as caught:
        run(server, **arguments)
    return caught.value
