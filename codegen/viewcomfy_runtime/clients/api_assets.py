"""Uploads files to a server of Comfy API v2, which keeps them as assets, identified by a hash of
their content.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ..errors import NotFoundError, RejectedError
from ..http.bodies import JsonBody
from ..http.client import LOG, Http
from ..http.deadlines import Deadline
from ..http.multipart import Form
from ..json_types import JsonObject
from ..parameters.files import Upload
from ..results.files import OutputFile
from .api_jobs import API, identified, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

ASSETS: Final = f"{API}/assets"

_BLOCK: Final = 1 << 20
"""Bytes that are hashed between two checks of the deadline."""


def uploaded(
    files: Mapping[str, Upload],
    http: Http,
    deadline: Deadline,
    fresh: Collection[str] = (),
) -> dict[str, JsonObject]:
    """Upload files, and return the workflow's value for each of them by wire key.

    With blake3 installed, files that the server already has aren't sent again. Files of earlier
    results aren't sent either, unless their keys are in `fresh`. Raises ViewComfyError.
    """
    found = {
        key: kept
        for key, upload in files.items()
        if key not in fresh and (kept := _kept(upload.data, http)) is not None
    }
    sent = {key: files[key] for key in files if key not in found}
    known: dict[int, JsonObject] = {}
    # All are opened before any is sent, so that a missing one leaves nothing behind.
    with contextlib.closing(Form({}, sent, deadline)) as form:
        for key, upload in sent.items():
            own = id(upload)
            if own not in known:
                known[own] = _reference(_stored(form, key, http, deadline))
            found[key] = known[own]
    return found


def reference_to(asset_id: str, about: Mapping[str, Any]) -> JsonObject:
    """The workflow's value for a file that the server keeps."""
    hints = {
        name: about[name]
        for name in ("hash", "file_path")
        if isinstance(about.get(name), str)
    }
    return {"__type": "core/ASSET", "info": {"id": asset_id, **hints}}


def asset_in(value: Any) -> str:
    """The id of the asset that a workflow's value refers to; empty for any other value."""
    if not isinstance(value, dict) or value.get("__type") != "core/ASSET":
        return ""
    info = value.get("info")
    return text_of(info.get("id")) if isinstance(info, dict) else ""


def is_kept(file: object, http: Http) -> bool:
    """Whether this server made the file in an earlier run."""
    return _kept(file, http) is not None


def _kept(file: object, http: Http) -> JsonObject | None:
    """The value for a file of an earlier result, if this server made it."""
    if not isinstance(file, OutputFile) or file.http is None:
        return None
    own = text_of(file.extra.get("id"))
    same = file.http.url == http.url
    return reference_to(own, file.extra) if own and same else None


def _reference(asset: Mapping[str, Any]) -> JsonObject:
    return reference_to(text_of(asset.get("id")), asset)


def _stored(form: Form, key: str, http: Http, deadline: Deadline) -> JsonObject:
    """The asset for a file, uploaded if necessary."""
    upload, file, size = form.file(key)
    hasher, hashed = _hasher(), None
    if hasher is not None:
        hashed = _hash_of(hasher, file, size, deadline)
        known = _known(hashed, upload, http, deadline)
        if known is not None:
            return known
    fields = {
        "content_type": upload.content_type or "",
        "file_path": upload.filename or key,
        **({"expected_hash": hashed} if hashed else {}),
    }
    with http.request(
        "POST",
        http.at(ASSETS),
        deadline,
        body=partial(form.body_with, key, "file", fields),
        # The server recognizes a file that it already has.
        idempotent=True,
        expect=(200, 201, 202),
    ) as response:
        return _asset_in(response.json(), http)


def _known(
    hashed: str, upload: Upload, http: Http, deadline: Deadline
) -> JsonObject | None:
    """The server's asset with this content; None if it has none or doesn't support the request."""
    body = {"hash": hashed, "file_path": upload.filename}
    try:
        with http.request(
            "POST",
            http.at(f"{ASSETS}/from-hash"),
            deadline,
            body=partial(JsonBody, body),
            idempotent=True,
            expect=(200, 201),
        ) as response:
            return _asset_in(response.json(), http)
    except (NotFoundError, RejectedError) as error:
        LOG.debug("%s", error.message)
        return None


def _asset_in(response: Any, http: Http) -> JsonObject:
    return identified(response, f"{http.host} didn't say where it stored a file")


def _hasher() -> Callable[[], Any] | None:
    try:
        from blake3 import blake3
    except ImportError:
        return None
    return blake3


def _hash_of(
    hasher: Callable[[], Any], file: BinaryIO, size: int, deadline: Deadline
) -> str:
    made = hasher()
    left = size
    while left and (chunk := file.read(min(_BLOCK, left))):
        deadline.check()
        made.update(chunk)
        left -= len(chunk)
    return f"blake3:{made.hexdigest()}"
