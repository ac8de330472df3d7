"""Calls to the local server, as clients and as plain forms."""

from __future__ import annotations

import io
import json
from typing import Any

import requests
from PIL import Image

from viewcomfy_runtime import ViewComfy

from .local import HEADERS, ID, SECRET
from .support import node


def png(width: int = 40, height: int = 30) -> bytes:
    """An image of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def copying() -> dict[str, Any]:
    """A workflow that gives the image that it takes."""
    return {
        "1": node("LoadImage", image="in.png"),
        "2": node("SaveImage", images=["1", 0], filename_prefix="out/copy"),
    }


def client(url: str, name: str = "made") -> ViewComfy:
    """A client that tries everything once."""
    return ViewComfy(f"{url}/{name}", ID, SECRET, retries=0)


def post(
    url: str,
    params: Any = None,
    files: Any = None,
    path: str = "/made",
    headers: Any = HEADERS,
    **fields: str,
) -> requests.Response:
    """The answer to a call as a plain form."""
    data = {**({} if params is None else {"params": json.dumps(params)}), **fields}
    # The empty part makes it a multipart form where there is no file.
    return requests.post(
        url + path,
        data=data,
        files=files or {"_": (None, "")},
        headers=headers,
        timeout=30,
    )


def form(logs: str = "false") -> dict[str, Any]:
    """The parts of a call's form."""
    return {"params": (None, '{"3-inputs-seed": 5}'), "logs": (None, logs)}
