"""The calls of a batch: how each is built, and how its result is processed and saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from ..calls.call import Call, refuse_awaitable
from ..errors import SaveError, ViewComfyError, wrong_type
from ..results.result import PromptResult
from .attempts import Outcome
from .threads import require_functions

P = TypeVar("P")
R = TypeVar("R", bound=PromptResult)


@dataclass(frozen=True, slots=True)
class Item(Generic[R]):
    """One call of a batch: how to build it, and how to process and save its outcome."""

    make: Callable[[], Call]
    finish: Callable[[Outcome], R | ViewComfyError]
    save: Callable[[R], Iterable[Path]] | None = None


def saved_outcome(item: Item[R], outcome: Outcome) -> R | ViewComfyError:
    """The outcome as the module's own result, with its files saved if requested."""
    finished = item.finish(outcome)
    if isinstance(finished, ViewComfyError) or item.save is None:
        return finished
    try:
        return replace(finished, saved=tuple(item.save(finished)))
    except ViewComfyError as error:
        failed = error
    except Exception as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        failed = SaveError(f"the result can't be saved: {reason}")
        failed.__cause__ = error
    failed.prompt_id = failed.prompt_id or finished.prompt_id
    failed.parameters = finished.parameters
    failed.attempt, failed.wall_seconds = finished.attempt, finished.wall_seconds
    return failed


def saver(
    save: str | os.PathLike[str] | Callable[[P, R], object], parameters: P
) -> Callable[[R], list[Path]]:
    """A function that saves the result of one call, into a folder or by calling `save` with the
    parameters and the result.

    Raises TypeError if `save` is neither a path nor a function.
    """
    if not isinstance(save, str | os.PathLike):
        if not callable(save):
            raise wrong_type("save", "a folder or a function", save)
        require_functions(save=save)

    def saved(result: R) -> list[Path]:
        if isinstance(save, str | os.PathLike):
            return result.save(save)
        made = save(parameters, result)
        refuse_awaitable(made, "save")
        found = made if isinstance(made, list | tuple) else [made]
        return [Path(each) for each in found if isinstance(each, str | os.PathLike)]

    return saved
