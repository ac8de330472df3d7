"""Remedies by status for servers other than deployments on ViewComfy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COMFYUI_LOG: Final = "look at ComfyUI's log"

_COMFYUI_HEADERS: Final = (
    "check COMFYUI_TOKEN, or the headers that the client was given"
)
_COMFYUI_URL: Final = (
    "check that the URL is ComfyUI's own, such as http://127.0.0.1:8188"
)
COMFYUI: Final[Mapping[int, str]] = {
    401: _COMFYUI_HEADERS,
    403: _COMFYUI_HEADERS,
    404: _COMFYUI_URL,
    405: _COMFYUI_URL,
    400: "check the values; if ComfyUI lacks a file or a node, install it there",
    500: f"try again later; if the error persists, {COMFYUI_LOG}",
    0: _COMFYUI_URL,
}

_APP_URL: Final = (
    "check that the URL is that of ViewComfy's app, such as http://127.0.0.1:3000"
)
APP: Final[Mapping[int, str]] = {
    404: _APP_URL,
    405: _APP_URL,
    500: "try again later; if the error persists, look at the app's log",
    0: _APP_URL,
}
