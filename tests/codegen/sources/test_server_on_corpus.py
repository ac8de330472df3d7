"""A server's own word on real workflows."""

from __future__ import annotations

from pathlib import Path

from viewcomfy_codegen import Options, generate
from viewcomfy_codegen.planning.types import TypeOrigin
from viewcomfy_runtime.json_types import as_object
from viewcomfy_runtime.parameters.types import (
    Choice,
    Integer,
    Number,
    ParameterType,
    Text,
)

from ...helpers.object_info import real_classes

_OF_THE_SERVER = {
    TypeOrigin.SERVER,
    TypeOrigin.SERVER_LOOSENED,
    TypeOrigin.CONSUMER,
    TypeOrigin.OTHER_VERSION,
}


def test_with_a_servers_word_no_declared_input_is_guessed(corpus_file: Path) -> None:
    classes = real_classes("comfyui.json")
    made = generate(
        corpus_file.read_bytes(), options=Options(all=True, object_info=classes)
    )
    assert made.module is not None
    for parameter in made.module.parameters:
        at = parameter.inputs[0]
        described = classes.get(made.graph[at.node]["class_type"], {})
        sections = as_object(described.get("input"))
        declared = {
            *as_object(sections.get("required")),
            *as_object(sections.get("optional")),
        }
        if at.name in declared:
            assert parameter.origins.type in _OF_THE_SERVER


def test_a_server_makes_types_narrower_and_changes_no_name(corpus_file: Path) -> None:
    classes = real_classes("comfyui-0.33.0.json")
    told, alone = (
        generate(corpus_file.read_bytes(), options=options).module
        for options in (Options(all=True, object_info=classes), Options(all=True))
    )
    assert told is not None
    assert alone is not None
    by_key = {each.inputs[0]: each for each in told.parameters}
    for parameter in alone.parameters:
        other = by_key[parameter.inputs[0]]
        assert other.name == parameter.name
        assert is_within(other.type, parameter.type), parameter.name


def is_within(one: ParameterType, other: ParameterType) -> bool:
    """Whether one type takes nothing that the other doesn't take."""
    match one, other:
        case Integer() | Number(), Integer() | Number():
            whole = isinstance(one, Integer) or isinstance(other, Number)
            above = other.lo is None or (one.lo is not None and one.lo >= other.lo)
            below = other.hi is None or (one.hi is not None and one.hi <= other.hi)
            return whole and above and below
        case Choice(), Choice():
            return other.open or set(one.options) <= set(other.options)
        case Choice(), Text():
            return True
        case Text(), Text():
            return True
        case _:
            return one == other
