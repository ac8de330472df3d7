"""Files behind links that are signed and expire, as a store gives them out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from viewcomfy_runtime.results.filenames import safe_name

from .answers import Answer
from .executing import Output


class Store:
    """Keeps files for a while in a folder that goes with the server."""

    def __init__(self, lifetime: float) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime
        self._kept: dict[str, tuple[float, Path, str]] = {}

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def keep(self, output: Output, base: str) -> str:
        """Keep a file and return its link under the server's URL."""
        self._forget()
        token = secrets.token_urlsafe(16)
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="viewcomfy-results-")
        path = Path(self._folder.name) / token
        path.write_bytes(output.content)
        expires = time.time() + self._lifetime
        self._kept[token] = (expires, path, output.content_type)
        name = quote(safe_name(output.filename, output.content_type))
        query = (
            f"expires={expires:.0f}&signature={self._signed(token, f'{expires:.0f}')}"
        )
        return f"{base}/files/{token}/{name}?{query}"

    async def serve(self, request: Request) -> Response:
        """The file that a link names; a link is enough, and credentials beside it are a client's mistake."""
        if {"client_secret", "authorization"} & set(request.headers):
            return _refused(400, "send no credentials to a signed link")
        token = request.path_params["token"]
        expires = request.query_params.get("expires", "")
        signature = request.query_params.get("signature", "")
        if not hmac.compare_digest(
            signature.encode(), self._signed(token, expires).encode()
        ):
            return _refused(403, "the signature is wrong")
        found = self._kept.get(token)
        if found is None or found[0] < time.time():
            return _refused(403, "the link has expired")
        return FileResponse(found[1], media_type=found[2])

    def _signed(self, token: str, expires: str) -> str:
        message = f"{token}\n{expires}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def _forget(self) -> None:
        now = time.time()
        for token, (expires, path, _) in list(self._kept.items()):
            if expires < now:
                del self._kept[token]
                path.unlink(missing_ok=True)


def _refused(status: int, detail: str) -> Response:
    return Answer({"detail": detail}, status)
