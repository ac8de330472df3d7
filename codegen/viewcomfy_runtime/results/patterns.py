"""Names saved files by a pattern."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from string import Formatter
from typing import TYPE_CHECKING, Final

from ..errors import wrong_type
from .filenames import safe_name

if TYPE_CHECKING:
    from .files import OutputFile

_WIDTH: Final = re.compile(r"[<>^]?\d{0,2}d?")
"""The allowed format specs of a field; larger widths could exhaust memory."""

FIELDS: Final = ("stem", "ext", "output", "index", "node", "prompt_id")


def names_for(
    files: Sequence[OutputFile],
    pattern: str | None,
    outputs: Mapping[str, str],
    prompt_id: str,
) -> list[str]:
    """A safe name for each file of a run, in order; the file's own name if there is no pattern.
    `outputs` are the names of outputs by node.

    Raises ValueError for a pattern with an unknown field or an unsupported format.
    """
    if pattern is None:
        return [safe_name(each.filename, each.content_type) for each in files]
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
    for each in files:
        counts[each.node] += 1
        own = PurePosixPath(safe_name(each.filename, each.content_type))
        text = pattern.format(
            stem=own.stem,
            ext=own.suffix,
            output=outputs.get(each.node or "") or each.node or "output",
            index=counts[each.node],
            node=each.node or "",
            prompt_id=prompt_id,
        )
        text = text.replace("/", "_").replace("\\", "_")
        names.append(safe_name(text, each.content_type))
    return names
