"""Options that belong together, as one argument of a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeAlias

Command: TypeAlias = Callable[..., None]


def grouped(
    name: str, kind: type[Any], *options: Callable[[Command], Command]
) -> Callable[[Command], Command]:
    """A decorator that adds options to a command.

    The command receives them as the argument `name`: a dataclass of this `kind`, whose fields have
    the options' names.
    """

    def adding(command: Command) -> Command:
        @wraps(command)
        def with_group(**given: Any) -> None:
            names = [each.name for each in fields(kind) if each.name in given]
            own = {name: given.pop(name) for name in names}
            command(**{name: kind(**own)}, **given)

        made: Command = with_group
        for option in reversed(options):
            made = option(made)
        return made

    return adding
