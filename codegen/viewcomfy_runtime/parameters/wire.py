"""A call as its user writes it, and as it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import Fault, InvalidParametersError
from .files import Stored, as_data_uri, as_upload
from .types import Integer, Media, Refused, accept

if TYPE_CHECKING:
    from .fields import Field
    from .files import Upload

P = TypeVar("P")

UNKNOWN_SEED_RANGE: Final = (0, 2**32 - 1)
"""Where a seed is drawn from when its node's range isn't known: what the narrowest nodes accept."""


def parsed(fields: tuple[Field, ...], call: object) -> dict[str, Any]:
    """The values of a call as JSON, by name, each as its field takes it.

    Raises InvalidParametersError with all faults at once.
    """
    if not isinstance(call, Mapping):
        raise InvalidParametersError(
            (Fault("(the call)", "must be an object of names and values"),)
        )
    known = {field.name: field for field in fields}
    values: dict[str, Any] = {}
    faults = [
        Fault(str(name), _unknown(str(name), known))
        for name in call
        if name not in known
    ]
    for name, field in known.items():
        if name in call:
            try:
                values[name] = accept(field.type, call[name])
            except Refused as refused:
                faults.append(Fault(name, str(refused)))
        elif field.required:
            faults.append(Fault(name, "is required"))
    if faults:
        raise InvalidParametersError(tuple(faults))
    return values


def wire_of(
    fields: tuple[Field, ...], parameters: object
) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The values and the files that are sent for a call, both by wire key.

    All values are sent, untouched ones too; files where they are set; a seed of None becomes a
    number drawn from its range. Raises InvalidParametersError with all faults at once.
    """
    if not all(hasattr(parameters, field.name) for field in fields):
        raise TypeError(
            f"a call must be Parameters(…) of this module, not {parameters!r:.80};"
            " WORKFLOW.parse(…) reads a dict"
        )
    params: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    faults: list[Fault] = []
    for field in fields:
        try:
            value = accept(field.type, getattr(parameters, field.name))
            if isinstance(field.type, Media):
                if isinstance(value, Stored):
                    params |= {each.key: value.name for each in field.inputs}
                elif value is not None:
                    upload = as_upload(value, field.name)
                    files |= {each.key: upload for each in field.inputs}
                continue
        except ValueError as error:
            faults.append(Fault(field.name, str(error)))
            continue
        if value is None and isinstance(field.type, Integer):
            value = drawn(field.type)
        params |= {each.key: _wire(value) for each in field.inputs}
    if faults:
        raise InvalidParametersError(tuple(faults))
    return params, files


def defaults_of(fields: tuple[Field, ...]) -> dict[str, Any]:
    """What is sent for the parameters that nobody set, by wire key; drawn seeds and files apart."""
    return {
        each.key: _wire(field.default)
        for field in fields
        if not (
            field.required or field.default is None or isinstance(field.type, Media)
        )
        for each in field.inputs
    }


def _wire(value: Any) -> Any:
    """A value as it is sent: a bare list would be a link."""
    return {"__value__": value} if isinstance(value, list) else value


def drawn_in(fields: tuple[Field, ...], parameters: P, *, all: bool = False) -> P:
    """`parameters` with a number for every seed that is None, or for every seed."""
    seeds = {
        field.name: drawn(field.type)
        for field in fields
        if isinstance(field.type, Integer)
        and field.type.random
        and (all or getattr(parameters, field.name, 0) is None)
    }
    return replace(parameters, **seeds) if seeds else parameters  # type: ignore[type-var]


def json_of(fields: tuple[Field, ...], parameters: object) -> dict[str, Any]:
    """A call as JSON values by name. Raises InvalidParametersError with all faults at once."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields:
        try:
            value = accept(field.type, getattr(parameters, field.name))
            is_file = isinstance(field.type, Media) and value is not None
            values[field.name] = as_data_uri(value) if is_file else value
        except ValueError as error:
            faults.append(Fault(field.name, str(error)))
        except OSError as error:
            faults.append(
                Fault(field.name, f"can't be read: {error.strerror or error}")
            )
    if faults:
        raise InvalidParametersError(tuple(faults))
    return values


def _unknown(name: str, known: Mapping[str, Field]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1)
    return "is not a parameter" + (f"; did you mean {nearest[0]}?" if nearest else "")


def drawn(kind: Integer) -> int:
    """A seed from the range of its input, or from `UNKNOWN_SEED_RANGE`."""
    from random import SystemRandom

    lo, hi = UNKNOWN_SEED_RANGE
    if kind.hi is not None:
        hi = int(kind.hi)
    if kind.lo is not None:
        # Nodes use negative seeds as commands (-1: random, -2: increment), so none is drawn.
        lo = max(int(kind.lo), min(0, hi))
    return SystemRandom().randint(lo, max(lo, hi))
