"""Facts about single classes that a server's answer at /object_info doesn't contain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

UPLOADS_BY_CLASS: Final = {
    ("VHS_LoadAudioUpload", "audio"): "audio/*",
    ("VHS_LoadVideo", "video"): "video/*",
    ("VHS_LoadVideoFFmpeg", "video"): "video/*",
}
"""Inputs with an upload button of their pack's own, which no flag declares."""

CHOICES_FROM: Final = {("CustomCombo", "choice"): "option"}
"""Inputs whose choices are stored in other inputs of the node, with the prefix of those inputs'
names.
"""

ADDED_INPUTS: Final[Mapping[str, Mapping[str, Sequence[object]]]] = {
    "VHS_VideoCombine": {
        "pix_fmt": [["yuv420p", "yuv420p10le", "yuva420p"]],
        "crf": ["INT", {"min": 0, "max": 100}],
        "bitrate": ["INT", {"min": 1}],
        "megabit": ["BOOLEAN"],
        "save_metadata": ["BOOLEAN"],
        "trim_to_audio": ["BOOLEAN"],
    },
}
"""Inputs that the web page adds for certain choices."""

PAGE_INPUTS: Final = frozenset("compare_view last_incoming viewport_state".split())
"""Inputs of any class that only the web page uses."""

PAGE_NAMES: Final = {
    "CustomCombo": ["option", "index"],
    "Load3D": ["clear"],
    "Preview3D": ["image"],
    "SaveGLB": ["image"],
}
"""Prefixes of the names of inputs that the web page adds to a class for its own use."""
