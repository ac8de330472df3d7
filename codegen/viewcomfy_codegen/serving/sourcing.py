"""The workflows in the files that a user passes, each under its own name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from viewcomfy_runtime.reading import read_path

from ..errors import CodegenError, Diagnostic
from ..project.paths import STANDARD
from ..sources.documents import is_view_comfy
from ..sources.json_text import read_json
from ..sources.view_comfy import apps_in
from ..words import numbered, snake, words
from .served import Served


def read_bytes(path: str) -> bytes:
    """The content of a file. Raises CodegenError if it cannot be read."""
    try:
        return read_path(path)
    except OSError as error:
        raise CodegenError(
            Diagnostic(path, f"cannot be read: {error.strerror}", "check the path")
        ) from None


def workflows_named(
    given: Iterable[str | Path | Served],
    read: Callable[[str], bytes] = read_bytes,
    *,
    view_comfy: tuple[bytes, str] | None = None,
    object_info: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any] | None = None,
) -> Iterator[Served]:
    """Each workflow under its own name: its file's, or its title in a view_comfy.json with several.

    `read` returns the content of a path. Raises CodegenError if it cannot be read.
    """
    taken: set[str] = set()
    for each in given:
        if isinstance(each, Served):
            found = iter([each])
        else:
            path = str(each)
            stem = "workflow" if path == STANDARD else Path(path).stem
            found = workflows_in(read(path), stem, path, view_comfy, object_info)
        for served in found:
            name = numbered(snake(words(served.name)) or "workflow", taken)
            yield replace(served, name=name, kept=served.kept or kept)


def workflows_in(
    source: bytes,
    name: str,
    label: str,
    view_comfy: tuple[bytes, str] | None = None,
    object_info: Mapping[str, Any] | None = None,
) -> Iterator[Served]:
    """Each workflow in `source`: under `name`, or under its title if a view_comfy.json has several.

    `label` names the source in messages. Raises CodegenError for a view_comfy.json without
    workflows.
    """
    apps = []
    if b"viewComfyJSON" in source and source.lstrip()[:1] == b"{":
        document = read_json(source, label)
        apps = apps_in(document, label) if is_view_comfy(document) else []
    if len(apps) < 2:
        yield Served(name, source, label, None, view_comfy, object_info)
        return
    for number, app in enumerate(apps, 1):
        yield Served(app.title, source, label, str(number), None, object_info)
