"""The annotations that connect a field of `Parameters` with inputs of nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Final, get_args

from .key import WireKey

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True, repr=False)
class Input:
    """The input of a node that a field sets, and what the node accepts there.

    `ge` and `le` are the inclusive bounds of a number. `multiline` marks a text of several lines;
    `media` is the MIME pattern of a file. `group` is the field's group in forms and help texts.
    `place` is another input of the node, which receives the index of the chosen option, from 0.
    """

    node: str
    name: str
    ge: int | float | None = None
    le: int | float | None = None
    multiline: bool = False
    media: str = "*/*"
    group: str = "basic"
    place: str = ""

    __is_annotated_types_grouped_metadata__ = True

    def __repr__(self) -> str:
        """The source code of the annotation, without defaults."""
        given = [repr(self.node), repr(self.name)]
        given += [
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if each.default is not MISSING and getattr(self, each.name) != each.default
        ]
        return f"Input({', '.join(given)})"

    @property
    def key(self) -> str:
        """The input's key on the wire."""
        return str(WireKey(self.node, self.name))

    def __iter__(self) -> Iterator[object]:
        """The bounds as constraints of annotated-types, for libraries such as pydantic."""
        import annotated_types

        if self.ge is not None:
            yield annotated_types.Ge(self.ge)
        if self.le is not None:
            yield annotated_types.Le(self.le)
        yield _NUMBERS_ONLY


@dataclass(frozen=True, slots=True, eq=False)
class When:
    """Choices of other fields under which an annotated field applies.

    `choices` are lists of options by field name; one of each list must be chosen. `type` is a type
    hint for the field's values there, `ge` and `le` are their inclusive bounds; each is given only
    if it differs from the field's own. `draws` marks a seed that is drawn there if it is None.
    """

    choices: Mapping[str, Sequence[str]]
    type: object = None
    ge: int | float | None = None
    le: int | float | None = None
    draws: bool = False


class _NumbersOnly:
    """Makes pydantic, if it is used, reject booleans as numbers, as the JSON Schema does."""

    __slots__ = ()

    def __get_pydantic_core_schema__(
        self, source: object, handler: Callable[[object], CoreSchema]
    ) -> CoreSchema:
        from pydantic_core import core_schema

        schema = handler(source)
        if not {int, float} & {source, *get_args(source)}:
            return schema
        return core_schema.no_info_before_validator_function(_reject_bool, schema)


_NUMBERS_ONLY: Final = _NumbersOnly()


def _reject_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value
