"""The errors for files that can't be read, or not without a library."""

from __future__ import annotations

from ..errors import CodegenError, Diagnostic


def lacks_library(name: str, file: str, library: str, extra: str) -> CodegenError:
    """The error for a file that only an extra's library can read; `file` describes it."""
    message = f"reading a workflow from {file} needs {library}"
    hint = f'pip install "viewcomfy-codegen[{extra}]"'
    return CodegenError(Diagnostic(name, message, hint))


def unreadable(name: str, message: str) -> CodegenError:
    """The error for a file that is damaged or not one of ComfyUI's."""
    hint = "use the file as ComfyUI saved it, or export the workflow"
    return CodegenError(Diagnostic(name, message, hint))
