"""The warnings of this package."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

from .texts import shown


class ViewComfyWarning(UserWarning):
    """Base of all warnings of this package. Their texts contain no secrets and no terminal
    escapes.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shown(message))


def warn(message: str, kind: type[ViewComfyWarning]) -> None:
    """Warn about the line outside of this package that the call came from."""

    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_inside(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, kind, stacklevel=level)


def _is_inside(frame: FrameType) -> bool:
    package = str(frame.f_globals.get("__package__"))
    return f"{package}.".startswith(f"{__package__}.")


class DifferentWorkflowWarning(ViewComfyWarning):
    """The deployment runs another workflow than the module was generated from."""


class AmbiguousOutputWarning(ViewComfyWarning):
    """It isn't known which output node produced some of a result's files."""


class MaskWarning(ViewComfyWarning):
    """A mask wasn't in the form that ComfyUI reads, and was converted."""
