"""What a decoded document is, told by its content."""

from __future__ import annotations

from typing import Any


def is_page_format(document: object) -> bool:
    """Whether a JSON value is a workflow as the web page saves it."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def is_view_comfy(document: Any) -> bool:
    """Whether a JSON value is a view_comfy.json."""
    return isinstance(document, dict) and (
        document.get("file_type") == "view_comfy"
        or (
            isinstance(found := document.get("workflows"), list)
            and any(
                isinstance(each, dict) and "viewComfyJSON" in each for each in found
            )
        )
    )
