"""The names of lists of choices, which are types defined once in a module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from viewcomfy_runtime.parameters.types import Choice

from ..model import Alias, Identifier
from ..words import RESERVED, camel, unique, words


def aliases_of(
    kept: Iterable[tuple[Identifier, str, str, Choice]], names: set[Identifier]
) -> tuple[Alias, ...]:
    """A name for each list of choices: that of its input, else that of the parameter, else one with
    the class.

    `kept` are the parameters with choices: name, input, class of the node and the choices.
    """
    found: dict[Choice, Identifier] = {}
    taken: set[str] = {*names, *_TAKEN_TYPES}
    for name, input, class_type, choice in kept:
        if choice not in found:
            own = words(input)
            short = own[:-1] if own[1:] and own[-1] == "name" else own
            # A reader would take "Type" or "Format" for Python's own.
            first = camel(words(name)) if "_".join(short) in RESERVED else camel(short)
            longer = camel((*words(class_type), *own))
            free = (
                each
                for each in (first, longer)
                if each.isidentifier() and each not in taken
            )
            found[choice] = unique(next(free, f"{longer}Choice"), taken)
    return tuple(Alias(name, choice) for choice, name in found.items())


_TAKEN_TYPES: Final = frozenset("""
    Annotated Any Callable Client Executor File Final Input Iterable Job Literal Mapping Outcome
    OutputFile Override Parameters PathLike Progress PromptResult Result Save Send Timeout
    TYPE_CHECKING TypeAlias ViewComfyError When Workflow WORKFLOW
    """.split())
