"""The assets of Comfy API v2: files that clients upload and jobs make."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from ..deployments import Deployments
from ..http.forms import read_form, read_json_body
from ..http.responses import AsciiJson
from .assets import Asset, Assets
from .requests import PREFIX, Handlers, Refusal


class AssetRoutes:
    """Upload, describe, send and forget files."""

    def __init__(self, deployments: Deployments, assets: Assets) -> None:
        self._deployments = deployments
        self._assets = assets

    @property
    def handlers(self) -> Handlers:
        """The handlers by method and path."""
        return {
            ("POST", "/assets"): self.upload,
            ("POST", "/assets/from-hash"): self.from_hash,
            ("HEAD", "/assets/by-hash/{hash}"): self.by_hash,
            ("GET", "/assets/{id}"): self.asset,
            ("DELETE", "/assets/{id}"): self.delete,
            ("GET", "/assets/{id}/content"): self.content,
        }

    async def upload(self, request: Request) -> Response:
        """Keep an uploaded file."""
        async with read_form(request, self._deployments.settings.most) as form:
            path = form.files.get("file")
            if path is None:
                raise Refusal(422, "invalid_request", "the form has no file")
            name = form.fields.get("file_path") or path.name
            kind = form.fields.get("content_type") or ""
            made = await asyncio.to_thread(self._assets.take, path, name, kind)
        expected = form.fields.get("expected_hash")
        asset, is_new = made
        if expected and asset.hash is not None and expected.lower() != asset.hash:
            self._assets.drop(asset.id)
            raise Refusal(409, "hash_mismatch", "the file has another hash")
        about = asset.as_json(self._base(request))
        return AsciiJson({**about, "created_new": is_new}, 201 if is_new else 200)

    async def from_hash(self, request: Request) -> Response:
        """Another asset with content that the server already has."""
        body = await read_json_body(request)
        hashed = body.get("hash") if isinstance(body, dict) else None
        known = self._assets.with_hash(str(hashed))
        if known is None:
            raise Refusal(404, "blob_not_found", "the server lacks this content")
        name = body.get("file_path")
        asset = self._assets.again(known, name if isinstance(name, str) else known.name)
        return AsciiJson({**asset.as_json(self._base(request)), "created_new": False})

    async def by_hash(self, request: Request) -> Response:
        """Whether the server has this content."""
        known = self._assets.with_hash(request.path_params["hash"])
        return Response(status_code=404 if known is None else 200)

    async def asset(self, request: Request) -> Response:
        """The description of a file."""
        return AsciiJson(self._kept(request).as_json(self._base(request)))

    async def delete(self, request: Request) -> Response:
        """Forget a file."""
        self._assets.drop(self._kept(request).id)
        return Response(status_code=204)

    async def content(self, request: Request) -> Response:
        """A file's content."""
        asset = self._kept(request)
        return FileResponse(
            asset.path, media_type=asset.content_type, filename=asset.name
        )

    def _kept(self, request: Request) -> Asset:
        found = self._assets.get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "asset_not_found", "there is no such file")
        return found

    def _base(self, request: Request) -> str:
        return f"{self._deployments.base(request)}{PREFIX}"
