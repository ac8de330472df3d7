"""The run that produced a file, for errors after the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import ViewComfyError


class Origin:
    """The run that produced a file: its id and the call as it ran.

    Pickles and deep copies leave the call out: it may contain open files, and sending a file
    elsewhere shouldn't send its call along.
    """

    __slots__ = ("parameters", "prompt_id")

    def __init__(self, prompt_id: str, parameters: Any = None) -> None:
        self.prompt_id: str = prompt_id
        self.parameters: Any = parameters

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Origin)
            and self.prompt_id == other.prompt_id
            and self.parameters is other.parameters
        )

    def __reduce__(self) -> tuple[type[Origin], tuple[str]]:
        return type(self), (self.prompt_id,)


@contextmanager
def errors_about(origin: Origin | None) -> Iterator[None]:
    """Add the run's id and parameters to errors raised in the block."""
    try:
        yield
    except ViewComfyError as error:
        if origin is not None:
            error.prompt_id = error.prompt_id or origin.prompt_id or None
            if error.parameters is None:
                error.parameters = origin.parameters
        raise
