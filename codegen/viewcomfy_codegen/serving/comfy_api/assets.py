"""The files of Comfy API v2: uploads of clients and outputs of jobs, identified by their content's
hash.
"""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from viewcomfy_runtime.json_types import JsonObject, JsonValue
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.media import UNKNOWN, type_of
from viewcomfy_runtime.results.filenames import safe_name

from ..executors.executor import Artifact
from ..folders import TemporaryFolder

MOST_ASSETS: Final = 10_000
"""Files that are kept; the oldest are dropped first."""

LIFETIME: Final = timedelta(hours=1)
"""How long the API says that a link works."""

_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its path, its name and its content type."""

    id: str
    path: Path
    name: str
    content_type: str
    hash: str | None
    created: datetime

    def as_json(self, base: str) -> JsonObject:
        """The asset as the API shows it; `base` is the API's own URL."""
        return {
            "id": self.id,
            "hash": self.hash,
            "size_bytes": self.path.stat().st_size if self.path.exists() else 0,
            "content_type": self.content_type,
            "file_path": self.name,
            "created_at": self.created.isoformat(),
            **self.link(base),
        }

    def link(self, base: str) -> dict[str, str]:
        """The link to its content."""
        expires = datetime.now(timezone.utc) + LIFETIME
        return {
            "url": f"{base}/assets/{self.id}/content",
            "url_expires_at": expires.isoformat(),
        }


class Assets:
    """The files, in a temporary folder of the server. Safe to use from several threads."""

    def __init__(self) -> None:
        self._folder = TemporaryFolder("viewcomfy-assets-")
        self._kept: dict[str, Asset] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Remove all files."""
        self._folder.remove()

    def get(self, own: str) -> Asset | None:
        """The file with this id."""
        return self._kept.get(own)

    def with_hash(self, hashed: str) -> Asset | None:
        """A file with this content."""
        with self._lock:
            kept = list(self._kept.values())
        return next((each for each in kept if each.hash == hashed.lower()), None)

    def take(self, path: Path, name: str, content_type: str) -> tuple[Asset, bool]:
        """Keep an uploaded file, which is moved from its place, and return whether its content is
        new here.
        """
        hashed = hash_of(path)
        known = None if hashed is None else self.with_hash(hashed)
        if known is not None:
            return self.again(known, name), False
        place = self._place(safe_name(name, content_type))
        shutil.move(path, place)
        return self._keep(place, name, content_type, hashed), True

    def made(self, artifact: Artifact) -> Asset:
        """Keep a file that a job made."""
        place = self._place(safe_name(artifact.filename, artifact.content_type))
        place.write_bytes(artifact.content)
        return self._keep(
            place, artifact.filename, artifact.content_type, hash_of(place)
        )

    def again(self, known: Asset, name: str) -> Asset:
        """The same content under another id and name."""
        place = self._place(safe_name(name, known.content_type))
        shutil.copyfile(known.path, place)
        return self._keep(place, name, known.content_type, known.hash)

    def drop(self, own: str) -> None:
        """Forget a file, if it exists."""
        with self._lock:
            asset = self._kept.pop(own, None)
        if asset is not None:
            asset.path.unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        """The path for a file of this name. It keeps its name, which nodes may use."""
        folder = self._folder.path / uuid.uuid4().hex
        folder.mkdir()
        return folder / name

    def _keep(
        self, path: Path, name: str, content_type: str, hashed: str | None
    ) -> Asset:
        kind = content_type or type_of(name) or UNKNOWN
        now = datetime.now(timezone.utc)
        asset = Asset(str(uuid.uuid4()), path, name, kind, hashed, now)
        with self._lock:
            self._kept[asset.id] = asset
            oldest = list(self._kept)[: max(0, len(self._kept) - MOST_ASSETS)]
        for own in oldest:
            self.drop(own)
        return asset


def hash_of(path: Path) -> str | None:
    """The content's hash as the API writes it; None without blake3."""
    try:
        from blake3 import blake3
    except ImportError:
        return None
    made = blake3()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            made.update(piece)
    return f"blake3:{made.hexdigest()}"


def with_files(
    workflow: Mapping[str, JsonValue], assets: Assets
) -> tuple[JsonObject, dict[WireKey, Asset], list[str]]:
    """A workflow with file names in place of assets, those files by input, and the ids that are
    missing.
    """
    placed: JsonObject = {}
    files: dict[WireKey, Asset] = {}
    missing: list[str] = []
    for node, about in workflow.items():
        placed[node] = about
        inputs = about.get("inputs") if isinstance(about, dict) else None
        if not (isinstance(about, dict) and isinstance(inputs, dict)):
            continue
        values = dict(inputs)
        for name, value in inputs.items():
            own = _asset_id(value)
            if own is None:
                continue
            asset = assets.get(own)
            if asset is None:
                missing.append(own)
            else:
                values[name] = asset.name
                files[WireKey(node, name)] = asset
        placed[node] = {**about, "inputs": values}
    return placed, files, missing


def _asset_id(value: Any) -> str | None:
    if not isinstance(value, dict) or value.get("__type") != "core/ASSET":
        return None
    info = value.get("info")
    own = info.get("id") if isinstance(info, dict) else None
    return own if isinstance(own, str) else ""
