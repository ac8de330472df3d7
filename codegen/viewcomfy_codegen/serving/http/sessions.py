"""How a browser logs in: a link that works once sets a cookie."""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .addresses import base_url
from .responses import AsciiJson

PATH: Final = "/-/login"


class Sessions:
    """The next login link, and the cookie of logged-in browsers."""

    def __init__(self) -> None:
        self._cookie = secrets.token_urlsafe(32)
        self._token = secrets.token_urlsafe(24)

    def link(self, base: str) -> str:
        """The link below the server's URL with which a browser logs in, once."""
        return f"{base}{PATH}?token={self._token}"

    def login(self, request: Request) -> Response:
        """Set the cookie for whoever has the link, which is then replaced."""
        token = request.query_params.get("token", "")
        if not _same(token, self._token):
            detail = "this link was used, or is not one of this server's"
            return AsciiJson({"detail": detail}, 403)
        self._token = secrets.token_urlsafe(24)
        answer = RedirectResponse(f"{base_url(request.scope)}/", 303)
        answer.set_cookie(
            _name(request), self._cookie, httponly=True, samesite="strict"
        )
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    def knows(self, request: Request) -> bool:
        """Whether the request has the cookie, and comes from one of this server's own pages."""
        found = request.cookies.get(_name(request), "")
        own = request.headers.get("origin") == base_url(request.scope)
        fetched = request.headers.get("sec-fetch-site") == "same-origin"
        return _same(found, self._cookie) and (own or fetched)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _name(request: Request) -> str:
    """The cookie's name. It includes the port, since browsers send cookies to all ports of a host,
    where other servers may run.
    """
    return f"viewcomfy_{urlsplit(base_url(request.scope)).port or 'default'}"
