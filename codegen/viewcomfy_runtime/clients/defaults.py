"""Default addresses of the services."""

from __future__ import annotations

from typing import Final

GATEWAY: Final = "https://api.viewcomfy.com"
LOCAL_COMFYUI: Final = "http://127.0.0.1:8188"
COMFY_CLOUD: Final = "https://cloud.comfy.org"
"""The server of Comfy API v2 unless another one is given."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 8.0
"""Seconds before a connection for events that ended early is opened again."""
