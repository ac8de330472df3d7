"""The web page for trying a workflow, and its requests."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .deployments import Deployments
from .http.forms import LONGEST_FIELD, read_json_body
from .http.responses import AsciiJson
from .http.sessions import PATH
from .page_data import call_text, page_data, value_faults
from .rejection import Rejected

_ASSETS: Final = files("viewcomfy_codegen.serving") / "page"
_VENDORED: Final = "vendor"


@cache
def policy() -> str:
    """The page's Content-Security-Policy: it runs this server's own scripts, and nothing from a
    workflow.

    The 3D viewer contains the one inline style that is allowed, and decodes meshes with
    WebAssembly.
    """
    viewer = (_ASSETS / _VENDORED / "model-viewer.min.js").read_text("utf-8")
    style = viewer.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            f"style-src 'self' 'sha256-{digest}'",
            "img-src 'self' blob: data:",
            "media-src 'self' blob:",
            "connect-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class PageRoutes:
    """The page at the root and at each workflow, its scripts, its data, and the login."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/", self.root, methods=["GET"]),
            Route(PATH, self.login, methods=["GET"]),
            Route("/-/page/{name}", self.asset, methods=["GET"]),
            Route(f"/-/page/{_VENDORED}/{{name}}", self.vendored, methods=["GET"]),
            Route("/{workflow}", self.page, methods=["GET"]),
            Route("/{workflow}/form", self.form, methods=["GET"]),
            Route("/{workflow}/check", self.check, methods=["POST"]),
            Route("/{workflow}/call", self.call, methods=["POST"]),
        ]

    async def root(self, request: Request) -> Response:
        """What is served, and where: the page for a browser, JSON for programs."""
        if "text/html" in request.headers.get("accept", ""):
            return _asset("index.html")
        return AsciiJson(self._deployments.listing(request))

    async def page(self, request: Request) -> Response:
        """The page of a workflow."""
        self._deployments.named(request.path_params["workflow"])
        return _asset("index.html")

    async def asset(self, request: Request) -> Response:
        """A part of the page."""
        return _asset(request.path_params["name"])

    async def vendored(self, request: Request) -> Response:
        """A library that the page uses."""
        return _asset(request.path_params["name"], _VENDORED)

    async def form(self, request: Request) -> Response:
        """The page's data about a workflow."""
        return AsciiJson(
            page_data(self._deployments.named(request.path_params["workflow"]))
        )

    async def check(self, request: Request) -> Response:
        """The faults of a form's values."""
        self._deployments.authenticate(request)
        served = self._deployments.named(request.path_params["workflow"])
        values = await read_json_body(request, LONGEST_FIELD)
        if not isinstance(values, dict):
            raise Rejected(422, "the body must be an object of names and values")
        return AsciiJson(value_faults(served, values))

    async def call(self, request: Request) -> Response:
        """A form's values as a call in one of the languages, to paste."""
        self._deployments.authenticate(request)
        served = self._deployments.named(request.path_params["workflow"])
        asked = await read_json_body(request, LONGEST_FIELD)
        return Response(
            call_text(served, asked), media_type="text/plain; charset=utf-8"
        )

    async def login(self, request: Request) -> Response:
        """The link that serve printed."""
        answer = self._deployments.sessions.login(request)
        if answer.status_code == 303:
            self._deployments.settings.log(
                f"a browser logged in; for another: {self._deployments.login_link(request)}"
            )
        return answer


@cache
def _names(folder: str) -> frozenset[str]:
    """The names of the page's files. No other name in a request becomes part of a path."""
    place = _ASSETS / folder if folder else _ASSETS
    return frozenset(each.name for each in place.iterdir() if each.is_file())


def _asset(name: str, folder: str = "") -> Response:
    if name not in _names(folder):
        raise Rejected(404, "there is no such file")
    path = _ASSETS / folder / name if folder else _ASSETS / name
    kind = mimetypes.types_map.get(f".{name.rpartition('.')[2]}", "text/plain")
    if kind.endswith("javascript") or name.endswith(".js"):
        kind = "text/javascript"
    headers = {
        "Content-Security-Policy": policy(),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
    }
    return Response(path.read_bytes(), media_type=kind, headers=headers)
