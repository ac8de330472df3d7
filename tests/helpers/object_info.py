"""What ComfyUI servers say of their classes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from viewcomfy_codegen.sources import classes_in

from .shared import shared_file


def described(**inputs: Any) -> dict[str, Any]:
    """What a server says of a class Mine with these inputs."""
    about = {
        "input": {"required": inputs},
        "output": ["IMAGE"],
        "display_name": "Mine",
    }
    return {"Mine": about}


@cache
def real_classes(file: str) -> Mapping[str, Any]:
    """The classes of a real server, whose answer takes a second to read."""
    return classes_in(shared_file(f"object_info/{file}").read_bytes(), file)
