"""Converts calls between `Parameters`, JSON, and what is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar, cast

from ..errors import InvalidParametersError, wrong_type
from ..faults import Fault
from .conditions import branch_of, fault
from .files import URL, Stored, is_link
from .types import Choice, Integer, InvalidValueError, Json, Media
from .uploads import as_data_uri, as_upload, is_file

if TYPE_CHECKING:
    from ..json_types import Arguments, JsonObject, JsonValue
    from .fields import Field
    from .files import Upload
    from .uploads import File

P = TypeVar("P")

UNKNOWN_SEED_RANGE: Final = (0, 2**32 - 1)
"""The range of a seed without known bounds: that of the nodes with the smallest range."""


THE_CALL: Final = "(the call)"
"""The name in a fault that concerns the call as a whole."""


def parsed(fields: tuple[Field, ...], call: object, *, urls: bool = False) -> Arguments:
    """The values of a JSON call by name; with `urls`, files may be URLs.

    Raises InvalidParametersError listing all faults.
    """
    if not isinstance(call, Mapping):
        raise InvalidParametersError(
            (Fault(THE_CALL, "must be an object of names and values"),)
        )
    known = {field.name: field for field in fields}
    values: Arguments = {}
    faults = [
        Fault(str(name), _unknown(str(name), known))
        for name in call
        if name not in known
    ]
    whole: dict[str, object] = {}
    for name, field in known.items():
        if name in call:
            try:
                given = _linked(field, call[name]) if urls else call[name]
                values[name] = whole[name] = field.accept(given)
            except ValueError as error:
                faults.append(Fault(name, str(error)))
        elif field.required:
            faults.append(Fault(name, "is required"))
        else:
            whole[name] = field.default
    faults += _misplaced(known, whole)
    if faults:
        raise InvalidParametersError(tuple(faults))
    return values


def _linked(field: Field, value: object) -> object:
    """A file's URL as a URL object. Raises ValueError if it isn't valid."""
    if isinstance(field.type, Media) and isinstance(value, str) and is_link(value):
        return URL(value)
    return value


def _misplaced(
    fields: Mapping[str, Field], values: Mapping[str, object]
) -> Iterator[Fault]:
    """The values that aren't allowed with the call's choices. Fields are skipped if the choices
    that they depend on aren't valid.
    """
    for field in fields.values():
        needed = {field.name, *(name for each in field.branches for name in each.when)}
        if field.branches and needed <= values.keys():
            message = fault(field, values, branch_of(field, values, fields))
            if message:
                yield Fault(field.name, message)


def _check(fields: tuple[Field, ...], parameters: object) -> None:
    # The class itself has all of the names too, as descriptors of its slots.
    whole = all(hasattr(parameters, field.name) for field in fields)
    if isinstance(parameters, type) or not whole:
        raise wrong_type(
            "a call",
            "Parameters(…) of this module (WORKFLOW.parse reads a dict)",
            parameters,
        )


def wire_of(
    fields: tuple[Field, ...], parameters: object
) -> tuple[JsonObject, dict[str, Upload]]:
    """The values and the files that are sent for a call, both by wire key.

    All values are sent, also defaults; files only if they are set; a seed of None becomes a random
    number from its range. Raises InvalidParametersError listing all faults.
    """
    _check(fields, parameters)
    params: JsonObject = {}
    files: dict[str, Upload] = {}
    values, faults = _accepted(fields, parameters)
    sent = {} if faults else _sent(fields, values)
    for field in fields:
        if field.name not in sent:
            continue
        value = sent[field.name]
        if not (isinstance(field.type, Media) and is_file(value)):
            params |= _by_key(field, cast("JsonValue", value))
        elif isinstance(value, Stored):
            params |= _by_key(field, value.name)
        else:
            try:
                upload = as_upload(value, field.name)
                files |= {each.key: upload for each in field.inputs}
            except ValueError as error:
                faults.append(Fault(field.name, str(error)))
    if faults:
        raise InvalidParametersError(tuple(faults))
    return params, files


def defaults_of(fields: tuple[Field, ...]) -> JsonObject:
    """The values that are sent by default, by wire key, except drawn seeds and files."""
    return {
        key: value
        for field in fields
        if not (
            field.required or field.default is None or isinstance(field.type, Media)
        )
        for key, value in _by_key(field, cast("JsonValue", field.default)).items()
    }


def _by_key(field: Field, value: JsonValue) -> JsonObject:
    """A value by each of its wire keys, and the index of an option by its own key."""
    sent = {each.key: _wire(value) for each in field.inputs}
    kind = field.type
    if isinstance(kind, Choice) and value in kind.options:
        sent |= dict.fromkeys(field.places, kind.options.index(value))
    return sent


def _wire(value: JsonValue) -> JsonValue:
    """A value as it is sent. Lists are wrapped, since ComfyUI would read them as links."""
    return {"__value__": value} if isinstance(value, list) else value


def _accepted(
    fields: tuple[Field, ...], parameters: object
) -> tuple[dict[str, JsonValue | File], list[Fault]]:
    """The valid values of a call as they are sent, and the faults of all others."""
    values: dict[str, JsonValue | File] = {}
    faults: list[Fault] = []
    for field in fields:
        try:
            values[field.name] = field.accept(getattr(parameters, field.name))
        except InvalidValueError as error:
            faults.append(Fault(field.name, str(error)))
    return values, [*faults, *_misplaced({each.name: each for each in fields}, values)]


def _sent(
    fields: tuple[Field, ...], values: Mapping[str, JsonValue | File]
) -> dict[str, JsonValue | File]:
    """The values to send: without inputs of branches that aren't chosen, and with a random number
    for each seed that is None.
    """
    known = {field.name: field for field in fields}
    sent: dict[str, JsonValue | File] = {}
    for field in fields:
        value, kind = values[field.name], field.type
        if field.branches:
            branch = branch_of(field, values, known)
            if branch is None or (value is None and not branch.draws):
                continue
            kind = branch.type
        if value is None and isinstance(kind, Integer):
            value = drawn(kind)
        if value is not None or not isinstance(kind, Media):
            sent[field.name] = value
    return sent


def with_drawn_seeds(
    fields: tuple[Field, ...], parameters: P, *, all: bool = False
) -> P:
    """A copy of `parameters` with a random number for each seed that is None or, with `all`, for
    every seed, except in branches that aren't chosen.

    Changing `parameters` afterwards doesn't change what a result says about its call.
    """
    known = {field.name: field for field in fields}
    values = {name: getattr(parameters, name, 0) for name in known}
    seeds: dict[str, int] = {}
    for field in fields:
        kind = field.type
        if field.branches:
            branch = branch_of(field, values, known)
            kind = branch.type if branch is not None and branch.draws else Json()
        if isinstance(kind, Integer) and kind.random:
            if all or values[field.name] is None:
                seeds[field.name] = drawn(kind)
    if isinstance(parameters, type) or not is_dataclass(parameters):
        return parameters  # an error of the caller's, reported with the other faults
    return replace(parameters, **seeds)  # type: ignore[type-var]


def json_of(fields: tuple[Field, ...], parameters: object) -> JsonObject:
    """A call as JSON values by name. Raises InvalidParametersError listing all faults."""
    _check(fields, parameters)
    values: JsonObject = {}
    faults: list[Fault] = []
    for field in fields:
        try:
            value = field.accept(getattr(parameters, field.name))
            if isinstance(field.type, Media) and is_file(value):
                value = as_data_uri(value)
            values[field.name] = cast("JsonValue", value)
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
    """A random seed from the range of its input, or from `UNKNOWN_SEED_RANGE`."""
    from random import SystemRandom

    lo, hi = UNKNOWN_SEED_RANGE
    if kind.hi is not None:
        hi = int(kind.hi)
    if kind.lo is not None:
        # Nodes use negative seeds as commands (-1: random, -2: increment), so they aren't drawn.
        lo = max(int(kind.lo), min(0, hi))
    return SystemRandom().randint(lo, max(lo, hi))
