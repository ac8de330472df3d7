"""The fields of `Parameters`, read from their annotations, and their JSON Schema."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from .branches import Branch, branch_from, nullable, rules, spoken
from .docs import About
from .files import FILE_MARK
from .inputs import Input, When
from .key import WireKey
from .outputs import OutputNode
from .types import (
    Bound,
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    Option,
    ParameterType,
    Text,
    accept,
    kind_of,
    schema_of,
)

if TYPE_CHECKING:
    from ..json_types import JsonSchema, JsonValue
    from .files import File

REQUIRED: Final = MISSING
"""The default of a field that has none."""

UNUSED: Final = "unused"
"""The group of parameters that change no output."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, read either from a generated class or from the generator's plan."""

    name: str
    type: ParameterType
    inputs: tuple[Input, ...]
    default: object = REQUIRED
    about: About = About()
    branches: tuple[Branch, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def nullable(self) -> bool:
        """Whether it may be None, which draws a seed or sends nothing."""
        optional = isinstance(self.type, Media) and self.type.optional
        return optional or self.is_seed or bool(self.branches)

    def accept(self, value: object) -> JsonValue | File:
        """`value` as it is sent, regardless of the other fields. Raises Refused."""
        if value is None and self.branches:
            return None
        return accept(self.type, value)

    @property
    def group(self) -> str:
        """The group that a form lists it in: "basic", "advanced" or "unused"."""
        return self.inputs[0].group

    @property
    def label(self) -> str:
        """What the workflow's author called it, or else its name in words."""
        return self.about.label or self.name.replace("_", " ").capitalize()

    @property
    def help(self) -> str:
        """What it is for, in one or two sentences."""
        return self.about.sentence

    @property
    def kind(self) -> str:
        """Its type as one word: see `viewcomfy_runtime.parameters.types.kind_of`."""
        return kind_of(self.type)

    @property
    def choices(self) -> tuple[Option, ...]:
        """The values to choose from; empty if it isn't a choice."""
        return self.type.options if isinstance(self.type, Choice) else ()

    @property
    def open(self) -> bool:
        """Whether values that aren't among the choices are accepted too."""
        return not isinstance(self.type, Choice) or self.type.open

    @property
    def minimum(self) -> Bound:
        return self.type.lo if isinstance(self.type, Integer | Number) else None

    @property
    def maximum(self) -> Bound:
        return self.type.hi if isinstance(self.type, Integer | Number) else None

    @property
    def step(self) -> Bound:
        """A widget's increment; no rule for values."""
        return self.about.step

    @property
    def multiline(self) -> bool:
        return isinstance(self.type, Text) and self.type.multiline

    @property
    def media(self) -> str | None:
        """The MIME pattern of a file, such as `image/*`; None if it isn't a file."""
        return self.type.media if isinstance(self.type, Media) else None

    @property
    def is_seed(self) -> bool:
        """Whether None draws a new value for each run."""
        return isinstance(self.type, Integer) and self.type.random

    @property
    def node(self) -> str:
        """The id of the node that it sets."""
        return self.inputs[0].node

    @property
    def title(self) -> str:
        """The title of that node."""
        return self.about.title

    @property
    def class_type(self) -> str:
        """The class of that node."""
        return self.about.class_type

    def paragraphs(self, nothing: str) -> tuple[str, ...]:
        """What the field is for and which node it sets; `nothing` is the target language's word for
        None.
        """
        return tuple(
            self.about.paragraphs(
                self.inputs[0].node,
                nothing=nothing,
                draws=self.is_seed,
                unused=self.group == UNUSED,
            )
        )

    @property
    def places(self) -> list[str]:
        """The wire keys that take the position of the chosen option, from 0."""
        place = self.type.place if isinstance(self.type, Choice) else ""
        return [str(WireKey(each.node, place)) for each in self.inputs if place]

    @property
    def doc(self) -> str:
        """What the field is for and which node it sets, on one line, for Python."""
        return " ".join(self.paragraphs("None"))

    def schema(self) -> JsonSchema:
        """The field's JSON Schema, with its wire keys and its group."""
        keys = [each.key for each in self.inputs]
        schema: JsonSchema = {"title": self.label}
        schema["description"] = " ".join(self.paragraphs("null"))
        own = schema_of(self.type)
        schema |= nullable(own) if self.branches else own
        if not self.required and not (isinstance(self.type, Media)):
            schema["default"] = self.default
        schema["x-viewcomfy-key"] = keys[0] if len(keys) == 1 else keys
        schema["x-viewcomfy-group"] = self.group
        schema["x-viewcomfy-node"] = {
            "id": self.node,
            "class": self.class_type,
            "title": self.title,
        }
        if self.multiline:
            schema["x-viewcomfy-multiline"] = True
        if self.is_seed:
            schema["x-viewcomfy-seed"] = True
        if self.step is not None:
            schema["x-viewcomfy-step"] = self.step
        if places := self.places:
            schema["x-viewcomfy-place"] = places[0] if len(places) == 1 else places
        if self.branches:
            schema["x-viewcomfy-branches"] = [each.as_json() for each in self.branches]
            schema["x-viewcomfy-where"] = spoken(self.branches)
        if self.about.deployed:
            schema["x-viewcomfy-deployed"] = self.about.deployed
        return schema


def schema_of_fields(
    title: str, members: tuple[Field, ...], outputs: tuple[OutputNode, ...] = ()
) -> JsonSchema:
    """The JSON Schema (draft 2020-12) of a call with these fields; `outputs` are what it gives."""
    conditions = list(rules({member.name: member for member in members}))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {member.name: member.schema() for member in members},
        "required": [member.name for member in members if member.required],
        "additionalProperties": False,
        **({"allOf": conditions} if conditions else {}),
        "x-viewcomfy-outputs": {each.name: each.as_json() for each in outputs},
    }


def fields_of(parameters: type[Any], about: Mapping[str, About]) -> tuple[Field, ...]:
    """The fields of a generated dataclass, in its order.

    Raises TypeError for a field whose annotation names no Input or no type that the wire knows.
    """
    names = getattr(sys.modules.get(parameters.__module__), "__dict__", {})
    lists = {
        name: _Choices(get_args(each))
        for name, each in names.items()
        if get_origin(each) is Literal
    }
    hints = get_type_hints(parameters, {**names, **lists}, include_extras=True)
    return tuple(
        _field(
            each.name, hints[each.name], _default(each), about.get(each.name, About())
        )
        for each in fields(parameters)
    )


class _Choices:
    """A list of choices while annotations are read.

    `typing` caches Literals regardless of the order of their choices, so that another module's
    order would appear.
    """

    def __init__(
        self, options: tuple[Option, ...], others: tuple[object, ...] = ()
    ) -> None:
        self.options = options
        self.others = others

    def __or__(self, other: object) -> _Choices:
        return _Choices(self.options, (*self.others, other))

    def __call__(self) -> None:
        """In Python 3.10, what is annotated must be callable."""


def _default(each: dataclasses.Field[object]) -> object:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


def _field(name: str, hint: object, default: object, about: About) -> Field:
    base, metadata = _unwrapped(hint)
    inputs = tuple(item for item in metadata if isinstance(item, Input))
    whens = [item for item in metadata if isinstance(item, When)]
    if not inputs:
        raise TypeError(f"{name}: its annotation has no Input")
    kind = _type_of(base, metadata, inputs[0])
    if kind is None:
        raise TypeError(f"{name}: {hint} is no type of a parameter")
    if whens and isinstance(kind, Integer):
        kind = replace(kind, random=any(each.draws for each in whens))
    branches = tuple(_branch(each, kind) for each in whens)
    return Field(name, kind, inputs, default, about, branches)


def _branch(when: When, kind: ParameterType) -> Branch:
    exact = None
    if when.type is not None:
        exact = _type_of(when.type, (), Input("", "", when.ge, when.le))
    return branch_from(when, kind, exact)


def _unwrapped(hint: object) -> tuple[object, tuple[object, ...]]:
    if get_origin(hint) is Annotated:
        base, *metadata = get_args(hint)
        return base, tuple(metadata)
    return hint, ()


def _type_of(
    base: object, metadata: tuple[object, ...], bound: Input
) -> ParameterType | None:
    if isinstance(base, _Choices):
        is_open = bool({int, str} & {*base.others})
        return Choice(base.options, is_open, bound.place)
    if FILE_MARK in metadata:
        return Media(bound.media)
    members = get_args(base) if get_origin(base) in (Union, UnionType) else (base,)
    others = [member for member in members if member is not NoneType]
    if len(others) < len(members):
        return _optional(others[0], bound)
    if get_origin(base) is Literal:
        return Choice(get_args(base), open=False, place=bound.place)
    if base is bool:
        return Flag()
    if base is int:
        return Integer(bound.ge, bound.le)
    if base is float:
        return Number(bound.ge, bound.le)
    if base is str:
        return Text(bound.multiline)
    if base is Any:
        return Json()
    if get_origin(base) is list:
        return Json("array")
    return Json("object") if get_origin(base) is dict else None


def _optional(base: object, bound: Input) -> ParameterType | None:
    base, metadata = _unwrapped(base)
    match kind := _type_of(base, metadata, bound):
        case Integer():
            return replace(kind, random=True)
        case Media():
            return replace(kind, optional=True)
        case _:
            return kind
