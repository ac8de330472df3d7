"""Which of a workflow's inputs a client has: those that marks and globs leave."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TypeAlias

from ..errors import Diagnostic
from ..model import Identifier
from .drafts import Draft
from .options import Options

Named: TypeAlias = list[tuple[Identifier, Draft]]


def filtered(
    named: Named, options: Options, source: str
) -> tuple[Named, list[Diagnostic]]:
    """The inputs that marks and globs leave, by the workflow's own names, and a warning for each
    glob that matches nothing.
    """
    kept = [pair for pair in named if not (pair[1].wish and pair[1].wish.hidden)]
    kept = [
        pair
        for pair in kept
        if not pair[1].hidden
        or options.all
        or pair[1].wish is not None
        or pair[1].key in options.wanted
        or _matches(pair, options.include)
    ]
    notes: list[Diagnostic] = []
    if any(draft.marked for _, draft in named) and not options.all:
        kept = [pair for pair in kept if pair[1].marked]
    for flag, globs in (("--include", options.include), ("--exclude", options.exclude)):
        notes += [
            Diagnostic(
                source,
                f"{flag} {glob} matches no parameter",
                "give a parameter's name, its key such as 6-inputs-text, or its node's class",
                "warning",
            )
            for glob in globs
            if not any(_matches(pair, (glob,)) for pair in kept)
        ]
    if options.include:
        kept = [pair for pair in kept if _matches(pair, options.include)]
    return [pair for pair in kept if not _matches(pair, options.exclude)], notes


def _matches(pair: tuple[Identifier, Draft], globs: tuple[str, ...]) -> bool:
    name, draft = pair
    texts = (name, str(draft.key), draft.node.class_type)
    return any(fnmatchcase(text, glob) for glob in globs for text in texts)
