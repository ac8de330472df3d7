"""Facts distilled from what ComfyUI answers at /object_info, in whatever form its version and its packs give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

WIDGET_TYPES: Final = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")
UPLOADS: Final = {
    "image_upload": "image/*",
    "animated_image_upload": "image/*",
    "video_upload": "video/*",
    "audio_upload": "audio/*",
    "file_upload": "*/*",
}
_FLAGS: Final = (
    "multiline",
    "control_after_generate",
    "multiselect",
    "forceInput",
    "advanced",
)
_FILE_NAME: Final = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,11}$")


def node_record(node: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one class; a link input is the type it takes, a widget an object."""
    sections = _dict(node.get("input"))
    inputs = {
        str(name): input_record(spec)
        for section in ("required", "optional")
        for name, spec in _dict(sections.get(section)).items()
        if isinstance(spec, list) and spec
    }
    outputs = node.get("output")
    return {
        "name": node.get("display_name"),
        "outputs": [
            kind if isinstance(kind, str) else "COMBO"
            for kind in (outputs if isinstance(outputs, list) else ())
        ],
        "output_node": bool(node.get("output_node")),
        "inputs": inputs,
    }


def input_record(spec: list[Any]) -> str | dict[str, Any]:
    """The facts of one input, from its type and its options; the type itself for one that is linked."""
    kind = spec[0]
    options = _dict(spec[1]) if len(spec) > 1 else {}
    if isinstance(kind, list):
        choices, kind = kind, "COMBO"
    else:
        choices = options.get("options", []) if kind == "COMBO" else []
    if not isinstance(kind, str) or kind not in WIDGET_TYPES:
        return str(kind)
    record: dict[str, Any] = {"type": kind}
    for fact in ("min", "max", "step"):
        if isinstance(options.get(fact), int | float):
            record[fact] = options[fact]
    if _is_fact(options.get("default")):
        record["default"] = options["default"]
    record |= {flag: True for flag in _FLAGS if options.get(flag)}
    for flag, media in UPLOADS.items():
        if options.get(flag):
            record["upload"] = media
    if kind == "COMBO" and isinstance(choices, list):
        # The files on the disk of the machine that answered are no facts about the class.
        if any(_is_file(choice) for choice in choices):
            record["files"] = True
        elif choices and all(isinstance(each, str | int | float) for each in choices):
            record["choices"] = choices
    return record


def tooltip_of(spec: Any) -> str:
    """What an input's author says of it, on one line."""
    options = _dict(spec[1]) if isinstance(spec, list) and len(spec) > 1 else {}
    told = options.get("tooltip")
    return " ".join(told.split())[:400] if isinstance(told, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_fact(default: object) -> bool:
    """Whether a default says something of the class: no sentence of its author, no file of that machine."""
    if isinstance(default, str):
        return len(default) <= 40 and not _is_file(default)
    return isinstance(default, int | float)


def _is_file(value: object) -> bool:
    return isinstance(value, str) and _FILE_NAME.search(value) is not None
