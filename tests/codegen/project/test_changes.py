"""What changed for callers, what a workflow is, and whether a call is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from viewcomfy_codegen.project.changes import changes_between

from ...helpers.commands import run
from ...helpers.support import node, schema


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = changes_between(schema(old), schema(new))
    return [
        (each.kind, each.parameter, each.breaking)
        for each in found
        if not each.kind.startswith("output")
    ]


def property_changes(**fields: tuple[dict[str, Any], dict[str, Any]]) -> list[str]:
    """The changes between two schemas of these properties."""

    def of(side: int) -> dict[str, Any]:
        return {
            "properties": {
                name: {"x-viewcomfy-key": name, **pair[side]}
                for name, pair in fields.items()
            },
            "required": [
                n for n, pair in fields.items() if "default" not in pair[side]
            ],
        }

    return [str(each) for each in changes_between(of(0), of(1))]


def test_parameters_that_come_and_go_are_reported() -> None:
    old = {"1": node("Mine", level=3), "2": node("Other", speed=1)}
    new = {
        "1": node("Mine", level=3, tint="a"),
        "3": node("LoadImage", image="a.png"),
        "4": node("PreviewImage", images=["3", 0]),
    }
    assert set(changes(old, new)) == {
        ("removed", "speed", True),
        ("added", "image", True),
        ("added", "tint", False),
    }


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            {"type": "integer"},
            {"type": "string"},
            ["breaking: type of x: integer → string"],
        ),
        (
            {"type": "integer"},
            {"type": "number"},
            ["type of x: integer → number"],
        ),
        ({"minimum": 1}, {"minimum": 2}, ["breaking: minimum of x: 1 → 2"]),
        ({"minimum": 2}, {"minimum": 1}, ["minimum of x: 2 → 1"]),
        ({"maximum": 5}, {}, ["maximum of x: 5 → none"]),
        ({}, {"maximum": 5}, ["breaking: maximum of x: none → 5"]),
        (
            {"enum": ["a", "b"]},
            {"enum": ["b", "c"]},
            ["breaking: x no longer accepts 'a'", "x now also accepts 'c'"],
        ),
        ({"enum": ["a"]}, {"type": "string"}, ["x now accepts any value"]),
        (
            {"anyOf": [{"enum": ["a"]}, {"type": "string"}]},
            {"enum": ["a"]},
            ["breaking: x now accepts only the listed choices"],
        ),
        (
            {"type": "string"},
            {"anyOf": [{"enum": ["a"]}, {"type": "string"}]},
            [],
        ),
        (
            {"type": "string"},
            {"enum": ["a"]},
            ["breaking: x now accepts only the listed choices"],
        ),
        (
            {"x-viewcomfy-media": "image/*"},
            {"type": "string"},
            ["breaking: type of x: file (image/*) → string"],
        ),
        ({"type": ["integer", "null"]}, {"type": "integer"}, []),
    ],
)
def test_each_change_says_whether_it_breaks_callers(
    first: dict[str, Any], second: dict[str, Any], told: list[str]
) -> None:
    assert (
        property_changes(x=({"default": 1, **first}, {"default": 1, **second})) == told
    )


def brought(**branches: dict[str, Any]) -> dict[str, Any]:
    """A parameter that each of these choices of `model` brings."""
    made = [{"when": {"model": [key]}, **each} for key, each in branches.items()]
    return {"default": None, "x-viewcomfy-branches": made, "type": ["integer", "null"]}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            brought(a={"type": "integer", "maximum": 9}),
            brought(a={"type": "integer", "maximum": 5}),
            ['breaking: maximum of size where model is "a": 9 → 5'],
        ),
        (
            brought(a={"enum": ["x", "y"]}, b={"enum": ["z"]}),
            brought(a={"enum": ["x"]}, b={"enum": ["z", "y"]}),
            [
                "breaking: size where model is \"a\" no longer accepts 'y'",
                "size where model is \"b\" now also accepts 'y'",
            ],
        ),
        (
            brought(a={"type": "integer"}, b={"type": "integer"}),
            brought(a={"type": "integer"}, c={"type": "integer"}),
            [
                'breaking: size no longer applies when model is "b"',
                'size now also applies when model is "c"',
            ],
        ),
        (
            {"default": None, "type": ["integer", "null"]},
            brought(a={"type": "integer"}),
            ["breaking: size now depends on model"],
        ),
        (brought(a={"type": "integer"}), brought(a={"type": "integer"}), []),
    ],
)
def test_what_a_choice_brings_is_compared_choice_by_choice(
    old: dict[str, Any], new: dict[str, Any], told: list[str]
) -> None:
    assert property_changes(size=(old, new)) == told


def test_defaults_and_requirements_are_reported() -> None:
    assert property_changes(x=({"default": 1}, {"default": 2})) == [
        "default of x: 1 → 2"
    ]
    assert property_changes(x=({"default": 1}, {"default": 1.0})) == [
        "default of x: 1 → 1.0"
    ]
    assert property_changes(x=({}, {"default": 1})) == ["x is no longer required"]
    assert property_changes(x=({"default": 1}, {})) == ["breaking: x is now required"]


def test_a_parameter_of_the_same_input_is_renamed() -> None:
    old = {"1": node("Mine", "Level", value=3)}
    new = {"1": node("Mine", "Strength", value=3)}
    [(kind, _, breaking)] = changes(old, new)
    assert (kind, breaking) == ("renamed", True)


def told(old: dict[str, list[str]], new: dict[str, list[str]]) -> list[str]:
    """The changes between two schemas whose parameters set these inputs."""

    def of(names: dict[str, list[str]]) -> dict[str, Any]:
        return {
            "properties": {
                name: {"x-viewcomfy-key": keys, "default": 1}
                for name, keys in names.items()
            }
        }

    return [str(each) for each in changes_between(of(old), of(new))]


def test_every_input_that_a_name_gained_or_lost_is_reported() -> None:
    a, b, c = "1-inputs-x", "2-inputs-x", "3-inputs-x"
    assert told({"x": [a, b]}, {"x": [a]}) == [f"breaking: x no longer sets {b}"]
    assert told({"x": [a, b]}, {"x": [a], "y": [b]}) == [
        f"y is new ({b})",
        f"breaking: x no longer sets {b}, which y now sets",
    ]
    assert told({"x": [a], "y": [b]}, {"x": [a, b]}) == [
        f"breaking: y was removed ({b})",
        f"x now also sets {b}",
    ]
    assert told({"x": [a]}, {"y": [a, c]}) == [
        f"y now also sets {c}",
        "breaking: x was renamed to y",
    ]
    assert told({"x": [a, b]}, {"x": [b, a]}) == []


def told_of_outputs(
    old: dict[str, Any], new: dict[str, Any], **renumbered: str
) -> list[str]:
    def of(outputs: dict[str, Any]) -> dict[str, Any]:
        return {"x-viewcomfy-outputs": outputs}

    ids = {name.removeprefix("n"): id for name, id in renumbered.items()}
    return [str(each) for each in changes_between(of(old), of(new), ids or None)]


def test_outputs_that_are_gone_or_renamed_break_callers() -> None:
    portrait = {"node": "9", "kind": "image"}
    assert told_of_outputs({"portrait": portrait}, {}) == [
        "breaking: output portrait was removed (node 9)"
    ]
    assert told_of_outputs({}, {"portrait": portrait}) == [
        "output portrait is new (node 9)"
    ]
    assert told_of_outputs({"portrait": portrait}, {"face": portrait}) == [
        "breaking: output portrait was renamed to face"
    ]
    film = {"node": "9", "kind": "video"}
    assert told_of_outputs({"portrait": portrait}, {"portrait": film}) == [
        "breaking: kind of output portrait: image → video"
    ]


def test_an_output_whose_node_has_another_number_is_the_same() -> None:
    old = {"portrait": {"node": "9", "kind": "image"}}
    new = {"portrait": {"node": "12", "kind": "image"}}
    assert told_of_outputs(old, new, n9="12") == []
    assert len(told_of_outputs(old, new, n1="1")) == 2


def test_a_schema_that_names_no_outputs_is_not_compared_by_them() -> None:
    new = {"x-viewcomfy-outputs": {"portrait": {"node": "9"}}}
    assert changes_between({"properties": {}}, new) == []


def test_two_names_that_were_exchanged_are_reported_as_renamed() -> None:
    a, b = "1-inputs-x", "2-inputs-x"
    assert told({"x": [a], "y": [b]}, {"x": [b], "y": [a]}) == [
        "breaking: x was renamed to y",
        "breaking: y was renamed to x",
    ]


@pytest.mark.parametrize("one", ["workflow", "module", "schema"])
@pytest.mark.parametrize("other", ["workflow", "module", "schema"])
def test_any_two_forms_are_compared(
    files: dict[str, str], one: str, other: str
) -> None:
    done = run("diff", files[one], files[other], "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"breaking": False, "changes": []}


def test_a_diff_prints_its_changes_and_its_exit_code_where_it_is_asked_for(
    files: dict[str, str],
) -> None:
    done = run("diff", "made.py", "new.json")
    assert done.exit_code == 0
    assert "default of width: 512 → 64" in done.output
    assert "breaking: filename_prefix was removed" in done.output
    assert run("diff", "made.py", "new.json", "--exit-code").exit_code == 1
    assert run("diff", "w.json", "w.json", "--exit-code").exit_code == 0


@pytest.mark.parametrize("old", ["w.json", "made.py", "made.schema.json"])
def test_a_workflow_keeps_the_names_that_generating_it_again_would_keep(
    files: dict[str, str], old: str
) -> None:
    workflow = json.loads(Path("w.json").read_text())
    workflow["6"]["_meta"] = {"title": "Wish"}
    workflow["3"]["inputs"]["steps"] = 33
    Path("titled.json").write_text(json.dumps(workflow))
    assert run("diff", old, "titled.json").output == "default of steps: 20 → 33\n"


def test_workflows_are_compared_with_the_options_that_a_client_is_generated_with(
    files: dict[str, str],
) -> None:
    assert run("w.json", "-o", "less.py", "--exclude", "cfg").exit_code == 0
    assert run("diff", "less.py", "w.json").output == "cfg is new (3-inputs-cfg)\n"
    same = run("diff", "less.py", "w.json", "--exclude", "cfg")
    assert same.output == "nothing changed for callers\n"


@pytest.mark.parametrize("content", ["", "{", "print(1)", "[]", "WORKFLOW: Final = 3"])
def test_what_describes_no_calls_cannot_be_compared(
    files: dict[str, str], content: str
) -> None:
    for name in ("odd.py", "odd.json"):
        Path(name).write_text(content)
        done = run("diff", name, "w.json")
        assert done.exit_code == 1
        assert name in done.output
