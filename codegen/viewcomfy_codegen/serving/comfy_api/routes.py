"""Comfy API v2 on this machine: assets, jobs and their events, compatible with the official SDK."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..calls import faults
from ..deployments import Deployments
from ..http.responses import AsciiJson
from ..rejection import Rejected
from .asset_routes import AssetRoutes
from .assets import Assets
from .job_routes import JobRoutes
from .requests import CODES, PREFIX, Handler, Refusal, refusal_of


class ComfyApiRoutes:
    """The API's routes: each handler behind credentials, simulated failures, and refusals in the
    API's form.
    """

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments
        self._assets = Assets()
        self._jobs = JobRoutes(deployments, self._assets)

    @property
    def routes(self) -> list[Route]:
        handlers = {
            **self._jobs.handlers,
            **AssetRoutes(self._deployments, self._assets).handlers,
        }
        return [
            Route(f"{PREFIX}{path}", self._answering(handler), methods=[method])
            for (method, path), handler in handlers.items()
        ]

    def close(self) -> None:
        """End what still runs, and remove the files."""
        self._jobs.close()
        self._assets.close()

    def _answering(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                self._deployments.authenticate(request)
                fault = await faults.before(request.headers.get(faults.HEADER))
                if fault is not None and fault.status_code in CODES:
                    code = CODES[fault.status_code]
                    refusal = Refusal(fault.status_code, code, "a simulated failure")
                    after = fault.headers.get("Retry-After")
                    headers = {"Retry-After": after} if after else {}
                    return AsciiJson(refusal.body, refusal.status, headers)
                return fault if fault is not None else await handler(request)
            except Rejected as rejected:
                return _answered(refusal_of(rejected))
            except Refusal as refusal:
                return _answered(refusal)

        return answer


def _answered(refusal: Refusal) -> Response:
    return AsciiJson(refusal.body, refusal.status)
