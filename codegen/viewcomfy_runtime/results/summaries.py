"""Results as JSON, for programs that read the output of a command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .files import OutputFile
from .result import PromptResult

if TYPE_CHECKING:
    from ..json_types import JsonObject


def summary(result: PromptResult, saved: Sequence[Path]) -> JsonObject:
    """A result as JSON, with the paths of its files instead of their content."""
    return {
        "prompt_id": result.prompt_id,
        "status": result.status,
        "completed": result.completed,
        "execution_time_seconds": result.execution_time_seconds,
        "params": dict(result.params),
        "outputs": [
            {
                "filename": output.filename,
                "content_type": output.content_type,
                "size": _size(output, path),
                "node": output.node,
                "path": str(path),
            }
            for output, path in zip(result.outputs, saved, strict=True)
        ],
    }


def _size(output: OutputFile, path: Path) -> int | None:
    """A file's bytes: as the server reported them, else as they were saved."""
    if output.size is not None:
        return output.size
    try:
        return path.stat().st_size
    except OSError:  # somebody has moved it already
        return None
