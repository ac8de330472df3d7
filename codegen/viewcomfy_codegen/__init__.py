"""Typed Python clients and JSON Schemas for ComfyUI workflows that are deployed on ViewComfy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .version import __version__

if TYPE_CHECKING:
    from .errors import CodegenError, Diagnostic
    from .pipeline import Generated, generate
    from .planning.options import Options

__all__ = [
    "CodegenError",
    "Diagnostic",
    "Generated",
    "Options",
    "__version__",
    "generate",
]

_HOMES: Final = {
    "CodegenError": ".errors",
    "Diagnostic": ".errors",
    "Generated": ".pipeline",
    "Options": ".planning.options",
    "generate": ".pipeline",
}


def __getattr__(name: str) -> object:
    # Loaded on first use: every run of pytest imports this package for its plugin.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
