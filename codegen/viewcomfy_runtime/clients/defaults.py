"""Where the services listen unless they are told otherwise."""

from __future__ import annotations

from typing import Final

GATEWAY: Final = "https://api.viewcomfy.com"
LOCAL_COMFYUI: Final = "http://127.0.0.1:8188"
COMFY_CLOUD: Final = "https://cloud.comfy.org"
"""Where Comfy API v2 is spoken unless another server is named."""
