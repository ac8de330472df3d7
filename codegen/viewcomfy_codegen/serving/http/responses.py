"""How the server writes JSON, and its answers to failed calls."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..rejection import Rejected


class AsciiJson(JSONResponse):
    """JSON in ASCII, since a call's texts may contain lone surrogates, which UTF-8 cannot
    represent.
    """

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False).encode("ascii")


async def rejected(_: Request, error: Exception) -> Response:
    """The answer to a rejected call."""
    assert isinstance(error, Rejected)
    return AsciiJson(error.body, error.status)


async def missing(_: Request, error: Exception) -> Response:
    """The answer for a wrong path or method."""
    assert isinstance(error, HTTPException)
    return AsciiJson({"detail": error.detail}, error.status_code, error.headers)


async def broken(_: Request, error: Exception) -> Response:
    """The answer if the server itself fails."""
    body = {"errorMsg": "the server failed", "errorDetails": repr(error)}
    return AsciiJson({**body, "errorType": type(error).__name__}, 500)


async def gone(_: Request, __: Exception) -> Response:
    """A response that is never delivered: the client disconnected before the call had arrived."""
    return Response(status_code=400)
