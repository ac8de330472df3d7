"""The type of an input: from its class, else from its name, else from its value."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from viewcomfy_runtime.parameters.fields import REQUIRED
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    InvalidValueError,
    Media,
    Number,
    ParameterType,
    Text,
    accept,
    short,
)

from ..catalog import Catalog, InputFacts
from ..model import Origin
from ..words import words
from .declared_types import SWITCHES, declared_type
from .guessed_types import (
    guessed_type,
    literal_type,
    placed_number,
    stands_for_a_choice,
)

_RATES: Final = frozenset({"fps", "rate"})
"""Words in the names of what is counted by the second, which need not be whole: 23.976."""


class TypeOrigin(Origin):
    """Where the type of an input comes from."""

    SERVER = "your ComfyUI server"
    SERVER_LOOSENED = "your ComfyUI server, without what the deployed value violates"
    CLASS = "its class"
    LOOSENED = "its class, without what the deployed value violates"
    OTHER_VERSION = "its deployed value, which other versions of its class accept"
    CONSUMER = "the inputs that it feeds"
    NAME = "its name, as in other classes"
    VALUE = "its deployed value"
    IMAGE = "the image whose mask it is"


class Kind(NamedTuple):
    """The type of an input, and its relation to the deployed value.

    `default` is the deployed value converted to the type, or REQUIRED if it is a value of another
    kind, such as a placeholder. `doubt` says what the input's class accepts if it would refuse the
    deployed value.
    """

    type: ParameterType
    origin: TypeOrigin
    default: object
    doubt: str = ""


def kind_of(
    name: str, value: object, facts: InputFacts | None, catalog: Catalog
) -> Kind:
    """The type of an input with this deployed value, and its origin."""
    declared = named_type(name, facts, value) if facts is not None else None
    if declared is not None:
        if facts is not None and stands_for_a_choice(value, facts):
            return Kind(
                declared, TypeOrigin.CLASS, REQUIRED, "must be one of the choices"
            )
        return _known(declared, value)
    guessed = guessed_type(name, value, catalog)
    if (number := placed_number(name, value, catalog)) is not None:
        return Kind(number, TypeOrigin.NAME, REQUIRED, refusal(number, value))
    if guessed is not None and (default := _taken(guessed, value)) is not REQUIRED:
        return Kind(guessed, TypeOrigin.NAME, default)
    return Kind(literal_type(value), TypeOrigin.VALUE, value)


def named_type(name: str, facts: InputFacts, value: object) -> ParameterType | None:
    """The type that a class declares for its input with this name and value; None for a link, or if
    the class leaves the type open.
    """
    if facts.whole and not _RATES.isdisjoint(words(name)):
        facts = facts._replace(whole=False)
    return declared_type(facts, value)


def _known(kind: ParameterType, value: object) -> Kind:
    """The type that a class declares, without a bound that the deployed value violates, but always
    of the same kind.
    """
    if isinstance(kind, Media):
        return Kind(kind, TypeOrigin.CLASS, value)
    if (default := _taken(kind, value)) is not REQUIRED:
        return Kind(kind, TypeOrigin.CLASS, default)
    doubt = refusal(kind, value)
    if (other := _of_another_version(kind, value)) is not None:
        return Kind(other, TypeOrigin.OTHER_VERSION, value)
    wider = widened(kind, value)
    if (default := _taken(wider, value)) is REQUIRED:
        return Kind(kind, TypeOrigin.CLASS, REQUIRED, doubt)
    return Kind(wider, TypeOrigin.LOOSENED, default, doubt)


def _of_another_version(kind: ParameterType, value: object) -> ParameterType | None:
    """The type of a value that isn't a `kind` but probably valid, since a class may accept other
    values in each version.
    """
    match kind:
        case Integer(lo, hi) if isinstance(value, float):
            return widened(Number(lo, hi), value)
        case Flag() if isinstance(value, str) and value.casefold() in SWITCHES:
            return Text()
        case Choice(options, _) if type(value) is int and str(value) in options:
            return Integer()
    return None


def refusal(kind: ParameterType, value: object) -> str:
    """What `kind` accepts instead of the value; empty if it accepts the value."""
    try:
        accept(kind, value)
    except InvalidValueError as error:
        return str(error).removesuffix(f", not {short(value)}")
    return ""


def _taken(kind: ParameterType, value: object) -> object:
    """The value converted to `kind`; REQUIRED if that doesn't accept it."""
    if isinstance(kind, Media):
        return value if isinstance(value, str) else REQUIRED
    try:
        return accept(kind, value)
    except InvalidValueError:
        return REQUIRED


def kind_wished(
    kind: ParameterType, wished: ParameterType, value: object
) -> ParameterType:
    """The type that a user gave an input, widened if the deployed value requires it. The known type
    stays if it is more specific or the given one doesn't fit.
    """
    if isinstance(wished, Text) and not isinstance(kind, Text):
        return kind
    for each in (wished, widened(wished, value)):
        if _taken(each, value) is not REQUIRED or (
            isinstance(each, Media) and not value
        ):
            return each
    return kind


def widened(kind: ParameterType, value: object) -> ParameterType:
    """The type without a bound that the deployed value violates."""
    match kind:
        case Integer(lo, hi) | Number(lo, hi) if isinstance(value, int | float):
            low = lo if lo is not None and value >= lo else None
            high = hi if hi is not None and value <= hi else None
            return replace(kind, lo=low, hi=high)
        case Choice(options, _):
            return Choice(options, open=True)
        case _:
            return kind


def is_random(kind: ParameterType) -> bool:
    """Whether None stands for a number that is drawn for each run."""
    return isinstance(kind, Integer) and kind.random
