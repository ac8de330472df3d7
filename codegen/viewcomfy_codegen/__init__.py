"""Typed Python clients and JSON Schemas for ComfyUI workflows that are deployed on ViewComfy."""

from __future__ import annotations

from .errors import CodegenError, Diagnostic
from .pipeline import Generated, generate
from .planning.options import Options
from .version import __version__

__all__ = [
    "CodegenError",
    "Diagnostic",
    "Generated",
    "Options",
    "__version__",
    "generate",
]
