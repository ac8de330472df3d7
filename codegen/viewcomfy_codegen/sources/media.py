"""Reads workflows from videos and audio files: ComfyUI writes what it ran into their metadata.

The API format is stored under `prompt` and the web page's under `workflow`, or both as one JSON
text in a comment, as by VideoHelperSuite.
"""

from __future__ import annotations

import io
import json

from ..errors import CodegenError, Diagnostic
from .refusals import lacks_library, unreadable


def workflow_in_media(data: bytes, kind: str, name: str) -> bytes:
    """The workflow in a video or audio file, the API format if it has both. Streams aren't decoded.

    `kind` is FFmpeg's name for the file's format. Raises CodegenError for a file without a
    workflow, and if PyAV is not installed.
    """
    try:
        import av
        from av.error import FFmpegError
    except ImportError:
        file = "a video or an audio file"
        raise lacks_library(name, file, "PyAV", "media") from None
    try:
        with av.open(
            io.BytesIO(data), format=kind, metadata_errors="replace"
        ) as container:
            metadata = {key.lower(): value for key, value in container.metadata.items()}
            for stream in container.streams:
                for key, value in stream.metadata.items():
                    metadata.setdefault(key.lower(), value)
    except (FFmpegError, OSError, ValueError) as error:
        raise unreadable(name, f"the file is damaged: {error}") from None
    text = (
        metadata.get("prompt")
        or metadata.get("workflow")
        or _commented(metadata.get("comment"))
    )
    if not text:
        raise CodegenError(
            Diagnostic(
                name,
                "there is no workflow in this file",
                "use the file that ComfyUI saved; editors and social networks remove the workflow",
            )
        )
    return text.encode("utf-8", "surrogatepass")


def _commented(comment: str | None) -> str | None:
    """The workflow in a comment that is a JSON object with both formats, each as a value or as
    text.
    """
    try:
        both = json.loads(comment or "null")
    except (ValueError, RecursionError):
        return None
    found = (
        (both.get("prompt") or both.get("workflow")) if isinstance(both, dict) else None
    )
    if isinstance(found, dict):
        return json.dumps(found)
    return found if isinstance(found, str) else None
