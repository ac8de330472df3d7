"""A default that is a long text: as people write one, in pieces that give the exact value."""

from __future__ import annotations

import ast

import black
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen.targets.python.reading import read_module

from ...helpers.support import made, text_to_image


def module_with(prompt: str) -> str:
    workflow = text_to_image()
    workflow["6"]["inputs"]["text"] = prompt
    return made(workflow).files["made.py"]


def default_in(module: str) -> str:
    """The source of the prompt's default."""
    [parameters] = [
        each
        for each in ast.parse(module).body
        if isinstance(each, ast.ClassDef) and each.name == "Parameters"
    ]
    [value] = [
        each.value
        for each in parameters.body
        if isinstance(each, ast.AnnAssign)
        and ast.unparse(each.target) == "positive_prompt"
    ]
    assert value is not None
    return ast.get_source_segment(module, value) or ""


def test_each_line_of_a_text_stands_on_a_line() -> None:
    prompt = "A lighthouse on a rock in the sea.\n\n- at dawn\n- in the rain\n- from a boat\n"
    assert default_in(module_with(prompt)).split("\n        ") == [
        '"A lighthouse on a rock in the sea.\\n"',
        '"\\n"',
        '"- at dawn\\n"',
        '"- in the rain\\n"',
        '"- from a boat\\n"',
    ]


def test_a_long_line_is_split_between_words() -> None:
    module = module_with("a lighthouse, " * 12)
    pieces = default_in(module).split("\n        ")
    assert len(pieces) > 1
    assert all(len(piece) <= 80 and piece.endswith(' "') for piece in pieces)


def test_a_short_text_stays_in_one_piece() -> None:
    assert default_in(module_with("a fox\nin snow")) == '"a fox\\nin snow"'


PARTS = ["word ", "\n", "\r\n", '"', "'", "\\", "{x}", "é", "猫", "\u2028", "\0"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=30), st.integers(1, 9))
def test_any_text_keeps_its_value_and_blacks_layout(
    parts: list[str], times: int
) -> None:
    prompt = "".join(parts) * times
    module = module_with(prompt)
    assert ast.literal_eval(f"({default_in(module)})") == prompt
    assert black.format_str(module, mode=black.Mode()) == module


def test_an_earlier_modules_long_text_is_read_back() -> None:
    prompt = "a lighthouse on a rock,\n" * 9
    fields = {
        each.name: each.default
        for each in read_module(module_with(prompt), "made.py").fields
    }
    assert fields["positive_prompt"] == prompt
