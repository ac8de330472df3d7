"""The parameters that a sample call sets."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from viewcomfy_runtime.exhaustive import assert_never
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
)

from ...model import BASIC, Identifier, Module, Parameter
from ...words import identifier, snake, words

FEWEST: Final = 3
"""How many parameters an example sets if the workflow has that many."""

LONGEST: Final = 200
"""Characters of the longest text in an example, unless it is required."""


@dataclass(frozen=True, slots=True)
class SampleCall:
    """A call of a workflow's client.

    `values` are JSON values by parameter name; a file's value is its path.
    """

    module: Module
    values: Mapping[str, Any]

    @property
    def given(self) -> Iterator[tuple[Parameter, Any]]:
        """The parameters that the call sets, in the client's order, each with its value."""
        for each in self.module.parameters:
            if each.name in self.values:
                yield each, self.values[each.name]

    @property
    def takes_files(self) -> bool:
        """Whether one of the values is a file."""
        return any(is_file(each, value) for each, value in self.given)

    @property
    def imported(self) -> Identifier:
        """The module's name in an import."""
        name = self.module.name
        if name.isidentifier() and not keyword.iskeyword(name):
            return Identifier(name)
        return identifier(snake(words(name)) or "workflow")


def is_file(parameter: Parameter, value: Any) -> bool:
    """Whether a value of a call is a file's path."""
    return isinstance(parameter.type, Media) and value is not None


def example(module: Module) -> SampleCall:
    """A call that sets all required parameters, and some of those that people set most."""
    shown = {each.name for each in module.parameters if each.required}
    for each in module.parameters:
        if len(shown) >= FEWEST:
            break
        if each.group == BASIC and _tells(each):
            shown.add(each.name)
    return SampleCall(
        module,
        {
            each.name: _sample(each) if each.required else each.default
            for each in module.parameters
            if each.name in shown
        },
    )


def required(module: Module) -> dict[str, object]:
    """A value for each required parameter."""
    return {each.name: _sample(each) for each in module.parameters if each.required}


def _tells(parameter: Parameter) -> bool:
    """Whether the parameter's own value shows what it accepts."""
    value = parameter.default
    if value is None or parameter.branches or isinstance(parameter.type, Json):
        return False
    return not isinstance(value, str) or len(value) <= LONGEST


def _sample(parameter: Parameter) -> Any:
    """A value that the parameter accepts; for a file, a file name."""
    return _value(parameter.type, parameter.about.deployed)


_SUFFIXES: Final = {"image": ".png", "video": ".mp4", "audio": ".mp3", "model": ".glb"}


def _value(kind: ParameterType, deployed: str) -> Any:
    match kind:
        case Text():
            return ""
        case Integer(lo, hi) | Number(lo, hi):
            return next((each for each in (lo, hi) if each is not None), 1)
        case Flag():
            return True
        case Choice(options):
            return options[0] if options else ""
        case Media(media):
            name = PurePosixPath(deployed.replace("\\", "/")).name
            kind_of_file = media.partition("/")[0]
            return name or f"file{_SUFFIXES.get(kind_of_file, '')}"
        case Json(shape):
            return [] if shape == "array" else {}
        case _:
            assert_never(kind)
