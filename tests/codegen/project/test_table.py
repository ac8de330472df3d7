"""What a project's table says of single parameters: the
same at every run, whatever the module was before.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import CodegenError
from viewcomfy_codegen.pipeline import generate
from viewcomfy_codegen.project.regenerate import Product, Task, produce
from viewcomfy_codegen.project.wanted import Wanted, wanted_of
from viewcomfy_codegen.targets.json_schema import JSON_SCHEMA
from viewcomfy_codegen.targets.python.target import PYTHON

from ...helpers.cases import base_and_refiner, image_to_image, video
from ...helpers.support import node, text_to_image

MODULE, SCHEMA = Path("made.py"), Path("made.schema.json")
Texts = dict[Path, str]


def made(workflow: Any, table: dict[str, Any], earlier: Texts | None = None) -> Product:
    """A generation as the table wants it, over what is there."""
    task = Task(
        "w.json",
        "made",
        {MODULE: PYTHON, SCHEMA: JSON_SCHEMA},
        wanted=wanted_of(table, "pyproject.toml"),
    )
    texts = earlier or {}
    return produce(task, lambda _: json.dumps(workflow).encode(), texts.get)


def schema_of(product: Product) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(product.outputs[SCHEMA])
    return found


def names(product: Product) -> dict[str, str]:
    """The parameters' names by key."""
    found = {}
    for name, each in schema_of(product)["properties"].items():
        keys = each["x-viewcomfy-key"]
        for key in keys if isinstance(keys, list) else [keys]:
            found[key] = name
    return found


def twice(workflow: Any, table: dict[str, Any]) -> Product:
    """The generation, after a check that the next one changes nothing and tells of nothing."""
    first = made(workflow, table)
    second = made(workflow, table, dict(first.outputs))
    assert second.outputs == first.outputs
    assert not second.stale
    assert not second.changes
    return first


@pytest.mark.parametrize(
    "table",
    [
        {"rename": {"cfg": "strictness"}},
        {"rename": {"3-inputs-cfg": "strictness", "positive_prompt": "wish"}},
        {"rename": {"steps": "cfg", "cfg": "steps"}},
        {"rename": {"steps": "cfg", "cfg": "denoise", "denoise": "steps"}},
        {"docs": {"cfg": "How strict.", "3-inputs-steps": "How long."}},
        {"rename": {"cfg": "strictness"}, "docs": {"cfg": "How strict."}},
        {"rename": {"seed": "luck"}, "required": ["seed"]},
        {"shared": {"size": ["width", "5-inputs-height"]}},
        {"shared": {"size": {"inputs": ["width", "height"], "default": 640}}},
        {"shared": {"width": ["width", "height"]}},
        {"shared": {"height": ["width", "height"]}},
        {"outputs": {"9": "portrait"}},
        {
            "rename": {"width": "height", "height": "width"},
            "required": ["width"],
            "docs": {"height": "It."},
        },
    ],
    ids=lambda table: json.dumps(table)[:60],
)
def test_every_entry_means_the_same_at_the_next_run(table: dict[str, Any]) -> None:
    twice(text_to_image(), table)


def test_a_name_means_the_input_that_the_workflow_calls_so() -> None:
    table = {"rename": {"steps": "cfg", "cfg": "steps"}}
    first = made(text_to_image(), table)
    for _ in range(3):
        first = made(text_to_image(), table, dict(first.outputs))
    assert names(first)["3-inputs-steps"] == "cfg"
    assert names(first)["3-inputs-cfg"] == "steps"


def test_a_table_may_follow_a_module_that_was_made_without_it() -> None:
    plain = made(text_to_image(), {})
    later = made(
        text_to_image(), {"rename": {"cfg": "strictness"}}, dict(plain.outputs)
    )
    assert names(later)["3-inputs-cfg"] == "strictness"
    assert [str(each) for each in later.changes] == [
        "breaking: cfg was renamed to strictness"
    ]


def test_a_name_that_an_earlier_module_gave_elsewhere_is_the_tables_to_give() -> None:
    first = made(text_to_image(), {"rename": {"cfg": "strictness"}})
    later = made(
        text_to_image(), {"rename": {"denoise": "strictness"}}, dict(first.outputs)
    )
    assert names(later)["3-inputs-denoise"] == "strictness"
    assert names(later)["3-inputs-cfg"] == "cfg"


def test_docs_of_a_mask_are_its_sentence() -> None:
    workflow = image_to_image()
    workflow["20"] = node("SetLatentNoiseMask", samples=["12", 0], mask=["10", 1])
    workflow["3"]["inputs"]["latent_image"] = ["20", 0]
    product = twice(workflow, {"docs": {"image_mask": "Where to paint."}})
    described = schema_of(product)["properties"]["image_mask"]["description"]
    assert described.startswith("Where to paint.")


def test_outputs_are_renamed_by_their_node() -> None:
    product = twice(text_to_image(), {"outputs": {"9": "portrait"}})
    assert schema_of(product)["x-viewcomfy-outputs"]["portrait"]["node"] == "9"


def test_an_output_keeps_its_name_when_its_title_changes() -> None:
    first = made(text_to_image(), {"outputs": {"9": "portrait"}})
    later = text_to_image()
    later["9"]["_meta"] = {"title": "Final picture"}
    second = made(later, {}, dict(first.outputs))
    assert list(schema_of(second)["x-viewcomfy-outputs"]) == ["portrait"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"rename": {"cfg": "ﬁeld"}}, "'field' cannot be a parameter's name"),
        ({"rename": {"cfg": "ſeed"}}, "cannot both be called seed"),
        ({"rename": {"cfg": "ｃlass"}}, "'class' cannot be"),
        ({"rename": {"cfg": "mro"}}, "'mro' cannot be"),
        ({"rename": {"cfg": "__doc__"}}, "'__doc__' cannot be"),
        ({"rename": {"cfg": ""}}, "'' cannot be"),
        ({"shared": {"mro": ["width", "height"]}}, "'mro' cannot be"),
        ({"shared": {"x": ["width", "5-inputs-width"]}}, "has only one input"),
        (
            {"shared": {"x": ["width", "height"], "y": ["height", "steps"]}},
            "another entry of shared",
        ),
        ({"rename": {"cfg": "a", "3-inputs-cfg": "b"}}, "two entries for its name"),
        ({"outputs": {"8": "portrait"}}, "node 8 is not an output node"),
        ({"outputs": {"9": "files"}}, "'files' cannot be an output's name"),
        ({"outputs": {"9": "a b"}}, "'a b' cannot be"),
    ],
)
def test_what_cannot_be_is_an_error(table: dict[str, Any], says: str) -> None:
    with pytest.raises(CodegenError, match=says):
        made(text_to_image(), table)


def warnings(product: Product) -> str:
    return "\n".join(map(str, product.diagnostics))


def test_shared_inputs_with_different_values_have_to_be_given() -> None:
    product = twice(text_to_image(), {"shared": {"size": ["width", "height"]}})
    assert schema_of(product)["required"] == ["size"]
    assert "deployed with different values (512, 768)" in warnings(product)


def test_shared_inputs_may_have_a_default_of_their_own() -> None:
    table = {"shared": {"size": {"inputs": ["width", "height"], "default": 640}}}
    product = twice(text_to_image(), table)
    assert schema_of(product)["properties"]["size"]["default"] == 640
    assert "sends 640" in warnings(product)


@pytest.mark.parametrize("default", ["640", 0.5, 10**9])
def test_a_default_that_one_of_the_inputs_refuses_is_an_error(default: Any) -> None:
    table = {"shared": {"size": {"inputs": ["width", "height"], "default": default}}}
    with pytest.raises(CodegenError, match="cannot be the default"):
        made(text_to_image(), table)


def square() -> dict[str, Any]:
    workflow = text_to_image()
    workflow["5"]["inputs"]["height"] = 512
    return workflow


def test_shared_inputs_with_one_value_keep_it_without_a_word() -> None:
    product = twice(square(), {"shared": {"size": ["width", "height"]}})
    assert schema_of(product)["properties"]["size"]["default"] == 512
    assert not product.diagnostics


def test_a_set_stays_together_over_an_earlier_module() -> None:
    first = made(square(), {"shared": {"size": ["width", "height"]}})
    later = made(square(), {}, dict(first.outputs))
    assert names(later)["5-inputs-width"] == names(later)["5-inputs-height"] == "size"
    assert not later.changes


def test_a_set_whose_values_have_come_apart_splits_and_says_how_to_join_it() -> None:
    first = made(square(), {"shared": {"size": ["width", "height"]}})
    later = made(text_to_image(), {}, dict(first.outputs))
    assert names(later)["5-inputs-width"] == "size"
    assert names(later)["5-inputs-height"] == "height"
    assert 'shared = { size = ["5-inputs-width", "5-inputs-height"] }' in warnings(
        later
    )
    assert any(
        each.breaking and "no longer sets 5-inputs-height" in each.message
        for each in later.changes
    )
    again = made(text_to_image(), {}, dict(later.outputs))
    assert not again.changes and not again.stale


@given(
    st.text(max_size=30) | st.sampled_from(["x: int\n    import os", "class", "mro"])
)
@settings(max_examples=60)
def test_no_name_of_an_earlier_schema_becomes_code(name: str) -> None:
    key = {"x-viewcomfy-key": "3-inputs-cfg"}
    output = {"node": "9", "kind": "image"}
    schema = {"properties": {name: key}, "x-viewcomfy-outputs": {name: output}}
    product = made(text_to_image(), {}, {SCHEMA: json.dumps(schema)})
    compile(product.outputs[MODULE], "made", "exec")
    found = names(product)["3-inputs-cfg"]
    assert found == name or found == "cfg"


# Any table


NAMES = st.from_regex(r"[a-z]{1,3}(_[a-z]{2})?", fullmatch=True) | st.sampled_from(
    ["cfg", "steps", "seed", "width", "class", "mro", "ﬁeld", "prompt", "größe", "年"]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A workflow with entries of every kind for some of its parameters."""
    workflow = draw(
        st.sampled_from(
            [text_to_image, square, base_and_refiner, image_to_image, video]
        )
    )()
    module = generate(workflow).module
    places = [
        place
        for each in module.parameters
        for place in (str(each.name), str(each.inputs[0]))
    ]
    some = st.lists(st.sampled_from(places), max_size=3, unique=True)
    table: dict[str, Any] = {
        "rename": draw(st.dictionaries(st.sampled_from(places), NAMES, max_size=4)),
        "docs": draw(st.dictionaries(st.sampled_from(places), st.text(), max_size=2)),
        "required": draw(some),
        "optional": draw(some),
        "outputs": {
            each.node: draw(NAMES) for each in module.outputs if draw(st.booleans())
        },
    }
    if draw(st.booleans()):
        members = st.lists(st.sampled_from(places), min_size=2, max_size=3)
        table["shared"] = {draw(NAMES): draw(members)}
    return workflow, table


@given(tables())
@settings(max_examples=150)
def test_any_table_is_refused_or_means_the_same_at_the_next_run(
    drawn: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    workflow, table = drawn
    try:
        made(workflow, table)
    except CodegenError:
        return
    product = twice(workflow, table)
    compile(product.outputs[MODULE], "made", "exec")


@given(tables(), tables())
@settings(max_examples=60)
def test_what_was_there_before_does_not_decide_what_a_table_means(
    drawn: tuple[dict[str, Any], dict[str, Any]],
    other: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    workflow, table = drawn
    try:
        fresh = made(workflow, table)
        before = made(workflow, other[1])
    except CodegenError:
        return
    later = made(workflow, table, dict(before.outputs))
    wanted = wanted_of(table, "")
    for key, name in names(fresh).items():
        if name in wanted.shared or name in {
            each.name for each in wanted.wishes.values()
        }:
            assert names(later)[key] == name


def test_a_table_without_entries_wants_nothing() -> None:
    assert wanted_of({}, "") == Wanted()
