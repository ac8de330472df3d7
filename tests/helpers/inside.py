"""The local ViewComfy without a socket, for what it says rather than how it is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx

from viewcomfy_codegen.serving import Settings, create_app

from .local import HEADERS, ID, SECRET, served


def app_of(*workflows: Mapping[str, Any], **settings: Any) -> Any:
    """The application that serves these workflows as
    `made`, or as `made`, `made_2`, `made_3` and so on.
    """
    named = [
        served(workflow, f"made_{number}" if number > 1 else "made")
        for number, workflow in enumerate(workflows, 1)
    ]
    return create_app(named, Settings(ID, SECRET, **settings))


def asked(
    app: Any,
    method: str = "POST",
    path: str = "/made",
    headers: Mapping[str, str] = HEADERS,
    **request: Any,
) -> httpx.Response:
    """The answer to one request."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://local"
        ) as client:
            return await client.request(method, path, headers=headers, **request)

    return asyncio.run(ask())


def called(
    app: Any,
    params: object,
    files: Mapping[str, Any] | None = None,
    *,
    headers: Mapping[str, str] = HEADERS,
    **fields: str,
) -> httpx.Response:
    """The answer to a call; `params` that are a text are sent as they are."""
    text = params if isinstance(params, str) else json.dumps(params)
    parts = {name: (None, value) for name, value in fields.items()}
    return asked(
        app, headers=headers, files={"params": (None, text), **parts, **(files or {})}
    )
