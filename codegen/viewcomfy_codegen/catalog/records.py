"""The shapes of the catalog's records: facts about classes and inputs as plain JSON.

The shipped catalog stores such records; `distilling` makes them from a server's answer.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, TypedDict

from viewcomfy_runtime.json_types import JsonValue

from .facts import Scalar


class InputOptions(TypedDict, total=False):
    """The facts about an input other than its type; facts that don't apply are absent.

    In the shipped catalog, `choices` may be the key of a list that several inputs share.
    """

    min: int | float
    max: int | float
    step: int | float
    default: JsonValue
    choices: list[Scalar] | str
    files: bool
    upload: str
    multiline: bool
    multiselect: bool
    incomplete: bool
    whole: bool
    tooltip: str
    optional: bool
    force_input: bool
    socketless: bool
    widget_type: str
    dynamic_prompts: bool
    advanced: bool
    hidden: bool
    control: str
    page_only: bool
    choices_from: str
    branches: dict[str, dict[str, InputSpec]]
    autogrow: AutogrowRecord
    group: GroupRecord


class InputRecord(InputOptions):
    """The facts about an input that holds a value."""

    type: str


InputSpec: TypeAlias = "str | InputRecord"
"""An input; a linked one is represented by its type alone, preceded by `?` if optional."""


End: TypeAlias = Literal["min", "max"]
ENDS: Final[tuple[End, ...]] = ("min", "max")


class Span(TypedDict, total=False):
    """How many inputs or rows the web page adds."""

    min: int
    max: int


class _Names(TypedDict, total=False):
    prefix: str
    names: list[str]


class AutogrowRecord(Span, _Names):
    """Inputs that are added as they are used."""

    element: InputSpec


class GroupRecord(Span):
    """Rows of inputs that can be repeated."""

    members: dict[str, InputSpec]


class _Class(TypedDict):
    name: str | None
    outputs: list[str]
    output_node: bool
    inputs: dict[str, InputSpec]


class NodeRecord(_Class, total=False):
    """The facts about a class."""

    output_names: list[str]
    has_intermediate_output: bool
    api_node: bool
    page_names: list[str]
    does: str


class NameRecord(TypedDict, total=False):
    """What inputs of one name are in most classes.

    `number` is the type of those that are numbers; `lists` are all lists of choices of such inputs.
    """

    type: str
    files: bool
    multiline: bool
    number: str
    lists: list[InputOptions]
