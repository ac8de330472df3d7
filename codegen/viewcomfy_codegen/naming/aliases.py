"""The names of lists of choices, as types that stand once in a module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from viewcomfy_runtime.parameters.types import Choice

from ..model import Alias, Identifier
from ..words import RESERVED, camel, unique, words


def aliases_of(
    kept: Iterable[tuple[Identifier, str, str, Choice]], names: set[Identifier]
) -> tuple[Alias, ...]:
    """A name for each list of choices: its input's, else the parameter's, else with its class.

    `kept` are the parameters that have choices: name, input, class of the node and the choices.
    """
    found: dict[Choice, Identifier] = {}
    taken: set[str] = {*names, *_TAKEN_TYPES}
    for name, input, class_type, choice in kept:
        if choice not in found:
            own = words(input)
            short = own[:-1] if own[1:] and own[-1] == "name" else own
            # "Type" or "Format" would say nothing: what Python has under that name, a reader thinks
            # of.
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
    OutputFile Override Parameters PathLike Progress PromptResult Result Send TYPE_CHECKING
    TypeAlias ViewComfyError When Workflow WORKFLOW
    """.split())
