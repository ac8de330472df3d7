"""Files behind signed links that expire, as in a cloud store."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from viewcomfy_runtime.results.filenames import safe_name

from .executors.executor import Artifact
from .folders import TemporaryFolder
from .http.responses import AsciiJson

PATH: Final = "/-/files/{token}/{name}"
"""The files' path: no workflow has a hyphen as its name."""


class Store:
    """Keeps files for `lifetime` seconds, in a temporary folder of the server."""

    def __init__(self, lifetime: float) -> None:
        self._folder = TemporaryFolder("viewcomfy-results-")
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime
        self._kept: dict[str, tuple[float, Path, Artifact]] = {}

    def close(self) -> None:
        """Remove all files."""
        self._folder.remove()

    def keep(self, artifact: Artifact, base: str) -> str:
        """Keep a file and return its link under the server's URL."""
        self._forget()
        token = secrets.token_urlsafe(16)
        path = self._folder.path / token
        path.write_bytes(artifact.content)
        expires = time.time() + self._lifetime
        name = safe_name(artifact.filename, artifact.content_type)
        about = Artifact(name, artifact.content_type, b"", artifact.node)
        self._kept[token] = (expires, path, about)
        where = PATH.format(token=token, name=quote(name))
        signature = self._signed(token, f"{expires:.0f}")
        return f"{base}{where}?expires={expires:.0f}&signature={signature}"

    async def serve(self, request: Request) -> Response:
        """The file that a link names. A link suffices; credentials sent with it are a client's
        mistake.
        """
        if {"client_secret", "authorization"} & set(request.headers):
            return _refused(400, "a signed link must be requested without credentials")
        token = request.path_params["token"]
        expires = request.query_params.get("expires", "")
        signature = request.query_params.get("signature", "")
        if not hmac.compare_digest(
            signature.encode("utf-8", "replace"), self._signed(token, expires).encode()
        ):
            return _refused(403, "the signature is wrong")
        found = self._kept.get(token)
        if found is None or found[0] < time.time():
            return _refused(403, "the link has expired")
        _, path, about = found
        return FileResponse(
            path, media_type=about.content_type, filename=about.filename
        )

    def _signed(self, token: str, expires: str) -> str:
        message = f"{token}\n{expires}".encode("utf-8", "replace")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def _forget(self) -> None:
        now = time.time()
        # Links expire in the order in which they were made.
        while self._kept:
            token = next(iter(self._kept))
            expires, path, _ = self._kept[token]
            if expires >= now:
                break
            del self._kept[token]
            path.unlink(missing_ok=True)


def _refused(status: int, detail: str) -> Response:
    return AsciiJson({"detail": detail}, status)
