"""What changed between two descriptions of one class."""

from __future__ import annotations

from typing import Any

import pytest

from viewcomfy_codegen.catalog import with_object_info
from viewcomfy_codegen.catalog.comparing import differences

INT = ["INT", {"default": 5, "min": 1, "max": 9}]


def described(inputs: dict[str, Any], **about: Any) -> dict[str, Any]:
    return {
        "input": {"required": inputs},
        "output": ["IMAGE"],
        "output_node": False,
        "display_name": "Lamp",
        **about,
    }


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    before, after = (
        with_object_info({"Lamp": each}).node("Lamp") for each in (old, new)
    )
    assert before is not None and after is not None
    return list(differences(before, after))


def test_the_same_class_has_no_changes() -> None:
    assert changes(described({"level": INT}), described({"level": INT})) == []


@pytest.mark.parametrize(
    ("about", "line"),
    [
        ({"display_name": "Moon"}, "title: Lamp → Moon"),
        ({"output_node": True}, "now an output node"),
        ({"output": ["IMAGE", "MASK"]}, "outputs: IMAGE → IMAGE, MASK"),
    ],
)
def test_what_the_class_says_of_itself_is_compared(
    about: dict[str, Any], line: str
) -> None:
    old, new = described({"level": INT}), described({"level": INT}, **about)
    assert changes(old, new) == [line]


def test_inputs_that_come_and_go_are_reported() -> None:
    old = described({"level": INT, "gone": ["FLOAT", {}]})
    new = described({"level": INT, "fresh": ["STRING", {}]})
    assert changes(old, new) == ["gone: removed", "fresh: new, STRING, required"]


def test_another_order_of_inputs_is_reported() -> None:
    old = described({"level": INT, "speed": INT})
    new = described({"speed": INT, "level": INT})
    assert changes(old, new) == ["inputs: order changed"]


def test_choices_that_come_and_go_are_reported() -> None:
    old, new = described({"mode": [["a", "b"]]}), described({"mode": [["b", "c"]]})
    told = changes(old, new)
    assert "mode: new choices c" in told and "mode: no longer a" in told


def test_a_bound_that_moved_is_reported_with_both_values() -> None:
    new = described({"level": ["INT", {"default": 5, "min": 1, "max": 12}]})
    [line] = changes(described({"level": INT}), new)
    assert line.startswith("level: ") and line.endswith("9 → 12")
