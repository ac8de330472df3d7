"""One parameter for several inputs that are set together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import (
    Bound,
    Integer,
    InvalidValueError,
    Media,
    Number,
    ParameterType,
    Text,
    accept,
)

from ..errors import CodegenError, Diagnostic
from .drafts import Draft
from .options import Options, Shared


class Joined(NamedTuple):
    """What a parameter for several inputs accepts, and what it sends unless a call sets it."""

    inputs: tuple[WireKey, ...]
    type: ParameterType
    default: object


class Sets(NamedTuple):
    """The sets by their first input. `members` are all other inputs, which have no parameter of
    their own.
    """

    sets: Mapping[WireKey, Joined]
    members: frozenset[WireKey]


def together(
    drafts: Mapping[WireKey, Draft],
    options: Options,
    belonging: Iterable[tuple[WireKey, ...]],
    source: str,
) -> tuple[Sets, list[Diagnostic]]:
    """The inputs that share a parameter: those that the user requested, then those that the earlier
    module combined, then those that belong together.

    No deployed value changes silently. If the values of a set differ, one that the user requested
    becomes required or gets its own default, and one of the earlier module is split. Raises
    CodegenError for requests that can't be fulfilled.
    """
    sets, notes = _requested(options.shared, drafts, source)
    taken = {key for each in sets for key in each.inputs}
    for inputs in options.together:
        present = tuple(each for each in inputs if each in drafts and each not in taken)
        if len(present) < 2:
            continue
        joined = _joined(present, drafts)
        if joined is None:
            notes.append(_split(inputs, options, source))
        else:
            sets.append(joined)
            taken.update(present)
    taken |= options.apart
    for inputs in belonging:
        present = tuple(each for each in inputs if each in drafts and each not in taken)
        joined = _joined(present, drafts) if len(present) > 1 else None
        if joined is not None:
            sets.append(joined)
    found = {each.inputs[0]: each for each in sets}
    members = frozenset(key for each in sets for key in each.inputs[1:])
    return Sets(found, members), notes


def _joined(
    inputs: tuple[WireKey, ...], drafts: Mapping[WireKey, Draft]
) -> Joined | None:
    """The inputs as one parameter; None if they take different values or are deployed with
    different ones.
    """
    kind = _common([drafts[each] for each in inputs])
    if kind is None or not _agree(drafts, inputs):
        return None
    return Joined(inputs, kind, drafts[inputs[0]].default)


def _requested(
    shared: Iterable[Shared], drafts: Mapping[WireKey, Draft], source: str
) -> tuple[list[Joined], list[Diagnostic]]:
    """The sets that the user requested, and warnings about them.

    Raises CodegenError with every request that can't be fulfilled.
    """
    sets: list[Joined] = []
    notes: list[Diagnostic] = []
    faults: list[Diagnostic] = []
    for each in shared:
        try:
            joined = _one_requested(each, drafts)
        except _Impossible as error:
            faults.append(Diagnostic(source, error.message, error.hint))
            continue
        sets.append(joined)
        notes += _differences(each, joined, drafts, source)
    if faults:
        raise CodegenError(*faults)
    return sets, notes


class _Impossible(Exception):
    """Inputs cannot share a parameter as requested."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def _one_requested(wanted: Shared, drafts: Mapping[WireKey, Draft]) -> Joined:
    """The set that the user requested. Raises _Impossible if its inputs can't share a parameter or
    its default.
    """
    inputs = wanted.inputs
    missing = [str(each) for each in inputs if each not in drafts]
    if missing:
        raise _Impossible(
            f"{', '.join(missing)} has no parameter that could be shared",
            "inspect lists the keys of all parameters",
        )
    keys = ", ".join(map(str, inputs))
    kind = _common([drafts[each] for each in inputs])
    if kind is None:
        raise _Impossible(
            f"{keys} cannot be one parameter: they take different values",
            "share inputs of one type",
        )
    if wanted.default is REQUIRED:
        value = drafts[inputs[0]].default if _agree(drafts, inputs) else REQUIRED
        return Joined(inputs, kind, value)
    try:
        return Joined(inputs, kind, accept(kind, wanted.default))
    except InvalidValueError as error:
        raise _Impossible(
            f"{wanted.default!r} cannot be the default for {keys}: {error}",
            "give a value that all of them accept",
        ) from None


def _differences(
    wanted: Shared, joined: Joined, drafts: Mapping[WireKey, Draft], source: str
) -> Iterator[Diagnostic]:
    """A warning if calls that don't set the parameter no longer send the deployed values."""
    inputs = joined.inputs
    if _agree(drafts, inputs) and joined.default == drafts[inputs[0]].default:
        return
    keys = ", ".join(map(str, inputs))
    values = ", ".join(_shown(drafts[each].value) for each in inputs)
    if wanted.default is REQUIRED:
        message = (
            f"{keys} are deployed with different values ({values}), "
            "so every call has to set them"
        )
        hint = (
            "or choose a default: shared = { NAME = { inputs = [ … ], default = … } }"
        )
        yield Diagnostic(source, message, hint, "warning")
    else:
        message = (
            f"{keys} are deployed with {values}, but a call "
            f"that does not set them sends {_shown(joined.default)}"
        )
        yield Diagnostic(source, message, None, "warning")


def _common(drafts: Sequence[Draft]) -> ParameterType | None:
    """The type that all of the inputs accept; None if no parameter could have it."""
    kinds = [draft.type for draft in drafts]
    if len({repr(draft.branches) for draft in drafts}) > 1:
        return None
    common = kinds[0]
    for kind in kinds[1:]:
        match common, kind:
            case Integer(lo, hi, random), Integer(low, high, draws):
                lo, hi = _narrower(lo, low, max), _narrower(hi, high, min)
                common = Integer(lo, hi, random and draws)
            case Number(lo, hi), Number(low, high):
                common = Number(_narrower(lo, low, max), _narrower(hi, high, min))
            case Text(one), Text(other):
                common = Text(one or other)
            case _ if common != kind:
                return None
    return common


def _narrower(
    one: Bound, other: Bound, nearer: Callable[[int | float, int | float], int | float]
) -> Bound:
    """The stricter of the two bounds."""
    return other if one is None else one if other is None else nearer(one, other)


def _agree(drafts: Mapping[WireKey, Draft], inputs: Sequence[WireKey]) -> bool:
    """Whether the inputs are deployed with the same value. Files don't count, since calls send
    their own.
    """
    values = [drafts[each].default for each in inputs]
    return isinstance(drafts[inputs[0]].type, Media) or all(
        value == values[0] and isinstance(value, bool) == isinstance(values[0], bool)
        for value in values
    )


def _split(inputs: Sequence[WireKey], options: Options, source: str) -> Diagnostic:
    wish = options.wanted.get(inputs[0])
    name = (wish.name if wish is not None else None) or "NAME"
    listed = ", ".join(f'"{each}"' for each in inputs)
    return Diagnostic(
        source,
        f"the inputs of {name} are deployed with different "
        "values now, so each has its own parameter",
        f"to keep them together, write shared = {{ {name} = [{listed}] }} in pyproject.toml",
        "warning",
    )


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"
