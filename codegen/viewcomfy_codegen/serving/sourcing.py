"""The workflows in what a user gives: one, or those of a view_comfy.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..sources.json_text import read_json
from ..sources.view_comfy import apps_in, is_view_comfy
from .served import Served


def workflows_in(
    source: bytes,
    name: str,
    label: str,
    view_comfy: tuple[bytes, str] | None = None,
    object_info: Mapping[str, Any] | None = None,
) -> Iterator[Served]:
    """Each workflow in `source`: under `name`, or under its title where a view_comfy.json has several.

    `label` names the source in messages. Raises CodegenError for a view_comfy.json that holds none.
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
