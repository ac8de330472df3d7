"""The fields of `Parameters`."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING, Final

from .branches import Branch, in_words, nullable
from .docs import About
from .inputs import Input
from .key import WireKey
from .types import (
    Bound,
    Choice,
    Integer,
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
    from .uploads import File

REQUIRED: Final = MISSING
"""The default of a required field."""

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
        """`value` as it is sent, regardless of the other fields. Raises InvalidValueError."""
        if value is None and self.branches:
            return None
        return accept(self.type, value)

    @property
    def group(self) -> str:
        """Its group in a form: "basic", "advanced" or "unused"."""
        return self.inputs[0].group

    @property
    def label(self) -> str:
        """The name that the workflow's author gave it, or else its own name in words."""
        return self.about.label or self.name.replace("_", " ").capitalize()

    @property
    def help(self) -> str:
        """Its purpose in one or two sentences."""
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
        """The increment of a widget; other values are valid too."""
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
        """The field's purpose and nodes; `nothing` is the target language's word for None."""
        return tuple(
            self.about.paragraphs(
                tuple(dict.fromkeys(each.node for each in self.inputs)),
                nothing=nothing,
                draws=self.is_seed,
                unused=self.group == UNUSED,
            )
        )

    @property
    def places(self) -> list[str]:
        """The wire keys that receive the index of the chosen option, from 0."""
        place = self.type.place if isinstance(self.type, Choice) else ""
        return [str(WireKey(each.node, place)) for each in self.inputs if place]

    @property
    def doc(self) -> str:
        """The field's purpose and nodes, on one line, for Python."""
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
            schema["x-viewcomfy-where"] = in_words(self.branches)
        if self.about.deployed:
            schema["x-viewcomfy-deployed"] = self.about.deployed
        return schema
