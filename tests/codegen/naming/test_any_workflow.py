"""What holds of names in any workflow, whatever its titles and ids."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ...helpers.cases import base_and_refiner, video
from ...helpers.chains import with_controls, with_loras
from ...helpers.support import Workflow, names_of, text_to_image

WORKFLOWS = [
    text_to_image,
    base_and_refiner,
    video,
    lambda: with_loras("a.safetensors", "b.safetensors", "c.safetensors"),
    lambda: with_controls(("a.pth", "Odd"), ("b.pth", "Odd")),
]


TITLES = st.sampled_from(
    [
        "Base",
        "Refiner",
        "",
        "Main prompt",
        "Enter wish here",
        "風景",
        "x (1-3)",
        "Pass 2",
    ]
)


@given(st.sampled_from(WORKFLOWS), st.data())
@settings(max_examples=60)
def test_names_are_unique_and_short_whatever_the_titles(make: Any, data: Any) -> None:
    workflow = make()
    for each in workflow.values():
        if data.draw(st.booleans()):
            each["_meta"] = {"title": data.draw(TITLES)}
    names = names_of(workflow)
    assert len(set(names.values())) == len(names)
    for key, name in names.items():
        own = key.partition("-inputs-")[2]
        assert name.isidentifier()
        assert name.count("_") < 4 or own in name


@given(st.sampled_from(WORKFLOWS), st.data())
@settings(max_examples=60)
def test_a_title_renames_nothing_but_its_node_and_those_who_share_a_name_with_it(
    make: Any, data: Any
) -> None:
    workflow = make()
    before = names_of(workflow)
    id = data.draw(st.sampled_from(sorted(workflow)))
    changed = copy.deepcopy(workflow)
    changed[id]["_meta"] = {"title": data.draw(TITLES)}
    after = names_of(changed)
    own = set(workflow[id]["inputs"])
    classes = {workflow[id]["class_type"]}
    for key, name in before.items():
        node_id, _, input = key.partition("-inputs-")
        related = (
            node_id == id
            or input in own
            or workflow[node_id]["class_type"] in classes
            or _linked(workflow, id, node_id)
        )
        assert related or after[key] == name


def _linked(workflow: Workflow, one: str, other: str) -> bool:
    pairs = ((one, other), (other, one))
    return any(
        isinstance(value, list) and value[:1] == [second]
        for first, second in pairs
        for value in workflow[first]["inputs"].values()
    )


@pytest.mark.parametrize("make", WORKFLOWS)
def test_what_the_ids_are_renames_nothing_but_numbers(make: Any) -> None:
    workflow = make()
    names = sorted(names_of(workflow).values())
    text = json.dumps({f"1{id}": each for id, each in workflow.items()})
    moved = json.loads(re.sub(r'\["(\d+)", ', r'["1\1", ', text))
    assert sorted(names_of(moved).values()) == names
