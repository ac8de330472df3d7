"""The order of parameters within a group."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Media,
    ParameterType,
    Text,
)

from ..naming.texts import PROMPT_WORDS
from ..words import words
from .input_words import ASKED, SAMPLING, SIZES, STRENGTHS

_PROMPTED: Final = frozenset("prompt text lyrics tags caption question".split())
_LOADING: Final = frozenset("custom load skip select force".split())


def rank(name: str, kind: ParameterType, titled: bool = False) -> int:
    """A parameter's rank within its group, by its final name: files, prompts, titled settings,
    seeds, sizes, sampling.
    """
    parts = set(words(name))
    match kind:
        case Media():
            return 0
        case Text(multiline) if parts & _PROMPTED and (
            multiline or parts & PROMPT_WORDS
        ):
            return 2 if "negative" in parts else 1
        case Text() if parts & {"url", "base64"}:
            return 0
        case Integer(random=True):
            return 4
    if titled or (isinstance(kind, Choice | Text) and parts & ASKED):
        return 3
    if isinstance(kind, Flag) and parts & {"enabled", "enable"}:
        return 4
    if "batch" in parts:
        return 9
    if parts & SIZES:
        return 8 if parts & _LOADING else 5
    if parts & (STRENGTHS | {"denoise", "guidance", "motion"}):
        return 6
    return 7 if parts & SAMPLING else 8
