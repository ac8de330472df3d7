"""Names saved files by a pattern."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath
from string import Formatter
from typing import TYPE_CHECKING, Final

from ..errors import wrong_type
from .filenames import safe_name

if TYPE_CHECKING:
    from .files import OutputFile
    from .result import PromptResult

_WIDTH: Final = re.compile(r"[<>^]?\d{0,2}d?")
"""The allowed format specs of a field; larger widths could exhaust memory."""

FIELDS: Final = ("stem", "ext", "output", "index", "node", "prompt_id")


def named(result: PromptResult, pattern: str | None) -> list[str]:
    """A safe name for each output, in order; the output's own name if there is no pattern.

    Raises ValueError for a pattern with an unknown field or an unsupported format.
    """
    if pattern is None:
        return [safe_name(each.filename, each.content_type) for each in result.outputs]
    if not isinstance(pattern, str):
        raise wrong_type("name", "a pattern such as {stem}{ext}", pattern)
    parts = [part for part in Formatter().parse(pattern) if part[1] is not None]
    if any(not _WIDTH.fullmatch(spec or "") or how for _, _, spec, how in parts):
        raise ValueError("a field of a pattern can only have a width, as in {index:03}")
    if unknown := {field or "" for _, field, _, _ in parts} - {*FIELDS}:
        raise ValueError(
            f"unknown field {{{sorted(unknown)[0]}}} in the pattern: use {', '.join(FIELDS)}"
        )
    counts: Counter[str | None] = Counter()
    names: list[str] = []
    for each in result.outputs:
        counts[each.node] += 1
        names.append(_named(result, each, pattern, counts[each.node]))
    return names


def _named(result: PromptResult, file: OutputFile, pattern: str, index: int) -> str:
    own = PurePosixPath(safe_name(file.filename, file.content_type))
    text = pattern.format(
        stem=own.stem,
        ext=own.suffix,
        output=result.output_names.get(file.node or "") or file.node or "output",
        index=index,
        node=file.node or "",
        prompt_id=result.prompt_id,
    )
    return safe_name(text.replace("/", "_").replace("\\", "_"), file.content_type)
