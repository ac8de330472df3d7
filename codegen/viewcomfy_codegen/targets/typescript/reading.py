"""Reads generated modules as data: the JSON texts in them are extracted and never executed."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ...errors import CodegenError, Diagnostic
from ..call_schema import checked_schema, read_call_schema
from ..checksums import MARK
from ..target import Earlier

_PART: Final = re.compile(r"^  (schema|graph): String\.raw`([^`]*)`,$", re.MULTILINE)
_START: Final = "export const WORKFLOW = "


def read_typescript(text: str, name: str) -> Earlier:
    """What a module with this text contains. Raises CodegenError for a module that wasn't
    generated, or can't be read.
    """
    _, found, rest = text.replace("\r\n", "\n").rpartition(f"\n{_START}")
    parts = dict(_PART.findall(rest))
    schema = read_call_schema(parts.get("schema", ""))
    graph = _object(parts.get("graph"))
    if not found or schema is None:
        message = (
            "this module can't be read any more"
            if MARK in text
            else "not a module that viewcomfy-codegen generated"
        )
        raise CodegenError(
            Diagnostic(name, message, "generate it again from its workflow")
        )
    return Earlier.of_schema(checked_schema(schema, name), graph)


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
