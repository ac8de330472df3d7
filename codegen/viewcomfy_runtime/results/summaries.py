"""Results as JSON, for programs that read a command line's output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
                "size": output.size,
                "node": output.node,
                "path": str(path),
            }
            for output, path in zip(result.outputs, saved, strict=True)
        ],
    }
