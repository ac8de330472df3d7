"""Recognizes the format of a decoded document from its content."""

from __future__ import annotations

from typing import TypeGuard

from viewcomfy_runtime.json_types import JsonObject


def is_page_format(document: object) -> TypeGuard[JsonObject]:
    """Whether a JSON value is a workflow as the web page saves it."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def is_view_comfy(document: object) -> TypeGuard[JsonObject]:
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
