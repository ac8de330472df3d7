"""view_comfy.json: a workflow with the names, groups, types and values of its app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from viewcomfy_codegen import CodegenError, Options, generate

from ...helpers.json_values import EXACT, json_values
from ...helpers.shared import shared_files
from ...helpers.support import imported, named, node, properties, text_to_image

JSON = json_values(EXACT)


def entry(key: str, **about: Any) -> dict[str, Any]:
    node_id, _, name = key.partition("-inputs-")
    usual = {"title": name, "placeholder": name, "helpText": "Helper Text"}
    path = {"workflowPath": [node_id, "inputs", name], "key": key}
    return {**usual, **path, "valueType": "string", "validations": {}, **about}


def app(
    basic: list[Any], advanced: list[Any] | None = None, title: str = "App"
) -> dict[str, Any]:
    return {
        "viewComfyJSON": {
            "title": title,
            "inputs": basic,
            "advancedInputs": advanced or [],
        },
        "workflowApiJSON": text_to_image(),
    }


def group(title: str, *inputs: Any, **about: Any) -> dict[str, Any]:
    return {"title": title, "inputs": list(inputs), "key": "x", **about}


def view_comfy(*apps: Any) -> dict[str, Any]:
    return {"file_type": "view_comfy", "workflows": list(apps)}


def test_a_view_comfy_json_is_a_workflow_with_names_and_groups() -> None:
    basic = [group("What to paint", entry("6-inputs-text"))]
    advanced = [
        group(
            "KSampler",
            entry("3-inputs-cfg", title="Strictness"),
            entry("3-inputs-steps", title="Steps"),
        )
    ]
    found = properties(view_comfy(app(basic, advanced)))
    assert list(found) == ["what_to_paint", "strictness", "steps"]
    assert found["strictness"]["x-viewcomfy-group"] == "advanced"


def test_what_it_does_not_show_is_left_out_unless_all_is_wanted() -> None:
    document = view_comfy(app([group("Image", entry("3-inputs-seed"))]))
    assert list(named(document)) == ["3-inputs-seed"]
    assert len(named(document, options=Options(all=True))) > 5


@pytest.mark.parametrize("visibility", ["deleted", "hidden"])
@pytest.mark.parametrize("where", ["group", "entry"])
def test_what_was_deleted_or_hidden_is_left_out(where: str, visibility: str) -> None:
    deleted = {"visibility": visibility}
    first = entry("3-inputs-cfg", **(deleted if where == "entry" else {}))
    groups = [
        group("A", first, **(deleted if where == "group" else {})),
        group("B", entry("3-inputs-seed")),
    ]
    assert list(named(view_comfy(app(groups)))) == ["3-inputs-seed"]


def test_help_that_somebody_wrote_is_the_sentence() -> None:
    groups = [
        group(
            "A",
            entry("3-inputs-cfg", helpText="How closely to\nfollow the text"),
            entry("3-inputs-steps", helpText="Helper Text", tooltip="More is better."),
            entry("3-inputs-seed", helpText="Helper Text"),
        )
    ]
    found = properties(view_comfy(app(groups)))
    assert found["cfg"]["description"].startswith("How closely to follow the text. ")
    assert found["steps"]["description"].startswith("More is better. ")
    assert "Helper" not in found["seed"]["description"]


def test_its_types_are_taken_where_they_say_more() -> None:
    options = [{"label": "One", "value": "euler"}, {"label": "Two", "value": "heun"}]
    groups = [
        group(
            "A",
            entry("3-inputs-sampler_name", valueType="select", options=options),
            entry("3-inputs-scheduler", valueType="string"),
            entry(
                "3-inputs-steps",
                valueType="slider",
                slider={"min": 5, "max": 40, "step": 1},
            ),
            entry(
                "3-inputs-denoise", valueType="slider", slider={"min": 0.2, "max": 0.5}
            ),
            entry("6-inputs-text", valueType="long-text"),
        )
    ]
    found = properties(view_comfy(app(groups)))
    assert found["sampler_name"]["enum"] == ["euler", "heun"]
    assert "karras" in str(found["scheduler"])
    assert (found["steps"]["minimum"], found["steps"]["maximum"]) == (5, 40)
    assert found["denoise"]["minimum"] == 0.2
    assert "maximum" not in found["denoise"], "1 is deployed, so that it is right"


def defaults(*entries: Any) -> dict[str, Any]:
    """What calls send by wire key where only these inputs are shown."""
    found = properties(view_comfy(app([group("A", *entries)])))
    return {each["x-viewcomfy-key"]: each.get("default") for each in found.values()}


def test_a_value_that_was_edited_in_the_app_is_the_default() -> None:
    found = defaults(
        entry("3-inputs-cfg", value=7.5),
        entry("3-inputs-steps", value=31),
        entry("6-inputs-text", value="a harbor"),
    )
    assert found == {
        "3-inputs-cfg": 7.5,
        "3-inputs-steps": 31,
        "6-inputs-text": "a harbor",
    }


@pytest.mark.parametrize("value", [None, {}, "20", True, ["3", 0]])
def test_a_value_of_another_kind_is_no_edit(value: Any) -> None:
    assert defaults(entry("3-inputs-steps", value=value)) == {"3-inputs-steps": 20}


def test_a_seed_that_a_browser_rounded_is_no_edit() -> None:
    seed = 2**64 - 1
    shown = app([group("A", entry("3-inputs-seed", value=int(float(seed))))])
    shown["workflowApiJSON"]["3"]["inputs"]["seed"] = seed
    [found] = properties(view_comfy(shown)).values()
    assert found["default"] == seed


@pytest.mark.parametrize("step", [1, "1", None, 10**400, [], "x", float(2)])
def test_a_slider_of_whole_steps_takes_whole_numbers(step: Any) -> None:
    slider = {"min": 5, "max": 40, "step": step}
    shown = entry("3-inputs-steps", valueType="slider", slider=slider)
    [found] = properties(view_comfy(app([group("A", shown)]))).values()
    assert (found["type"], found["minimum"], found["maximum"]) == ("integer", 5, 40)


@pytest.mark.parametrize("kind", [["slider"], {"a": 1}, 3, None])
def test_a_type_that_is_not_a_word_is_a_note(kind: Any) -> None:
    document = view_comfy(app([group("A", entry("3-inputs-cfg", valueType=kind))]))
    made = generate(json.dumps(document))
    assert "unknown type" in "\n".join(map(str, made.diagnostics))


def test_a_required_value_that_is_not_deployed_has_to_be_given() -> None:
    workflow = {**text_to_image(), "6": node("CLIPTextEncode", text="", clip=["4", 1])}
    needed = {"required": True}
    shown = app(
        [
            group("Wish", entry("6-inputs-text", validations=needed)),
            group("Seed", entry("3-inputs-seed", validations=needed)),
        ]
    )
    shown["workflowApiJSON"] = workflow
    files = generate(json.dumps(view_comfy(shown)), name="made").files
    assert len(json.loads(files["made.schema.json"])["required"]) == 1


def test_several_workflows_are_told_apart_by_number_or_title() -> None:
    document = view_comfy(
        app([group("A", entry("3-inputs-cfg"))], title="First"),
        app([group("B", entry("3-inputs-seed"))], title="Second"),
    )
    with pytest.raises(CodegenError, match="1 'First', 2 'Second'"):
        properties(document)
    for picked in ("2", "Second"):
        assert list(named(document, workflow_in=picked)) == ["3-inputs-seed"]
    for wrong in ("3", "Third", "0"):
        with pytest.raises(CodegenError, match="contains no workflow"):
            properties(document, workflow_in=wrong)


def test_a_view_comfy_json_stands_beside_a_workflow() -> None:
    document = view_comfy(app([group("A", entry("3-inputs-cfg", title="Strictness"))]))
    beside = (json.dumps(document).encode(), "view_comfy.json")
    found = named(text_to_image(), view_comfy=beside)
    assert found == {"3-inputs-cfg": "strictness"}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"file_type": "view_comfy", "workflows": []}, "contains no app"),
        ({"file_type": "view_comfy"}, "contains no app"),
        (view_comfy({"viewComfyJSON": {"inputs": []}}), "no workflowApiJSON"),
    ],
)
def test_a_view_comfy_json_without_a_workflow_is_refused(
    document: Any, says: str
) -> None:
    with pytest.raises(CodegenError, match=says):
        properties(document)


def test_something_else_beside_a_workflow_is_refused() -> None:
    with pytest.raises(CodegenError, match="not a view_comfy.json"):
        properties(text_to_image(), view_comfy=(b"{}", "other.json"))
    with pytest.raises(CodegenError, match="nothing to choose from"):
        properties(text_to_image(), workflow_in="2")


def test_what_it_shows_and_the_workflow_has_not_is_a_note() -> None:
    document = view_comfy(
        app(
            [
                group(
                    "A",
                    entry("99-inputs-cfg"),
                    entry("3-inputs-seed", valueType="hologram"),
                    {"key": "nonsense"},
                )
            ]
        )
    )
    made = generate(json.dumps(document))
    told = "\n".join(str(each) for each in made.diagnostics)
    assert "99-inputs-cfg" in told
    assert "hologram" in told
    assert "nonsense" in told


@given(JSON, JSON)
@settings(max_examples=80)
def test_any_view_comfy_json_generates_or_is_refused(shown: Any, more: Any) -> None:
    document = view_comfy(
        {"viewComfyJSON": {"inputs": shown}, "workflowApiJSON": text_to_image()},
    )
    document["workflows"][0]["viewComfyJSON"]["advancedInputs"] = [
        {
            "inputs": [
                entry(
                    "3-inputs-cfg",
                    validations=more,
                    options=more,
                    range=more,
                    value=more,
                    valueType=shown,
                    visibility=more,
                ),
                entry("3-inputs-steps", valueType="slider", slider={"step": more}),
            ]
        }
    ]
    made = generate(json.dumps(document))
    compile(made.files["workflow.py"], "made", "exec")


@pytest.mark.parametrize(
    "path", shared_files("view_comfy/*.json"), ids=lambda path: path.name
)
def test_real_view_comfy_files_work(path: Path, tmp_path: Path) -> None:
    count = len(json.loads(path.read_bytes())["workflows"])
    for number in range(1, count + 1):
        made = generate(
            path.read_bytes(),
            name="made",
            workflow_in=str(number) if count > 1 else None,
        )
        module = imported(made.files["made.py"], tmp_path)
        assert module.WORKFLOW.fields
        assert not [each for each in made.diagnostics if each.severity == "error"]
