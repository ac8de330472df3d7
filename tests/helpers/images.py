"""Workflows that load an image, and their modules."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from .support import Workflow, module_of, node


def masked_image() -> Workflow:
    """A workflow that uses the mask of the image that it loads."""
    return {
        "1": node("LoadImage", image="a.png"),
        "2": node("InvertMask", mask=["1", 1]),
        "3": node("MaskToImage", mask=["2", 0]),
        "4": node("SaveImage", images=["3", 0], filename_prefix="x"),
        "5": node("PreviewImage", images=["1", 0]),
    }


def with_image(folder: Path) -> ModuleType:
    """An image that a call may leave out."""
    return module_of(
        {
            "1": node("LoadImage", image="deployed.png"),
            "2": node("ImageInvert", image=["1", 0]),
            "3": node("SaveImage", images=["2", 0], filename_prefix="x"),
        },
        folder,
        optional_files=True,
    )


def with_masked_image(folder: Path) -> ModuleType:
    """The same with the image's mask as a parameter of its own."""
    return module_of(masked_image(), folder, optional_files=True)
