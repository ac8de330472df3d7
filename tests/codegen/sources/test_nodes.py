"""Nodes and links of a workflow in API format, and what is none."""

from __future__ import annotations

import json

import pytest

from viewcomfy_codegen import generate
from viewcomfy_codegen.graph.workflow import is_link
from viewcomfy_codegen.sources.api_format import read_workflow

from ...helpers.reading import NODE, notes, only, read, refused
from ...helpers.support import node, text_to_image


def test_entries_that_are_no_nodes_are_passed_over() -> None:
    extra = {"_meta": {"by": "me"}, "version": 0.4, "notes": [], "empty": None}
    assert notes({**text_to_image(), **extra}) == []
    assert generate({**text_to_image(), **extra}) == generate(text_to_image())


def test_a_leftover_that_looks_like_a_node_gets_a_note() -> None:
    (note,) = notes({**text_to_image(), "99": {"inputs": {"x": 1}}})
    assert str(note) == (
        "w.json: node 99: note: looks like a node but has no class_type; it is left out\n"
        "hint: remove it, or export the workflow again"
    )


@pytest.mark.parametrize("class_type", [None, "", 5, ["A"]])
def test_a_class_has_to_be_a_name(class_type: object) -> None:
    found = only(refused(json.dumps({"1": {"class_type": class_type}})))
    assert found.location.startswith("w.json: node 1")
    assert "class_type must be the name of a node class" in found.message


@pytest.mark.parametrize("inputs", [None, [], "x", 5])
def test_inputs_have_to_be_an_object(inputs: object) -> None:
    found = only(refused(json.dumps({"1": {"class_type": "A", "inputs": inputs}})))
    assert found.location == "w.json: node 1 (A)"
    assert "inputs must be an object" in found.message


def test_a_node_may_have_neither_inputs_nor_a_title() -> None:
    found = read('{"1": {"class_type": "A"}, "2": {"class_type": "B", "_meta": 5}}')
    assert [each.title for each in found.nodes.values()] == ["", ""]


def test_faults_of_several_nodes_are_reported_together() -> None:
    found = refused('{"1": {"class_type": 5}, "2": {"class_type": "A", "inputs": 5}}')
    assert [each.location for each in found] == ["w.json: node 1", "w.json: node 2 (A)"]


def test_values_nested_beyond_reason_are_refused_by_place() -> None:
    fine = NODE % ("[" * 50 + "]" * 50)
    assert read(fine).nodes["1"].values["seed"]
    found = only(refused(NODE % ("[" * 51 + "1" + "]" * 51)))
    assert found.location == "w.json: node 1 (KSampler), inputs.seed"
    assert "nested more than 50 levels" in found.message


def test_the_graph_is_the_nodes_as_they_were() -> None:
    workflow = text_to_image()
    workflow["3"]["is_changed"] = ["x"]
    found = read(json.dumps({**workflow, "_meta": {}})).graph
    assert found == workflow


@pytest.mark.parametrize("value", [["4", 0], ["4", 1.0], ["", -1], ["57:8", True]])
def test_a_link_is_a_list_of_an_id_and_a_number(value: object) -> None:
    assert is_link(value)


@pytest.mark.parametrize(
    "value", [["4"], ["4", "0"], [4, 0], ["4", 0, 0], [], "4", {"4": 0}, None]
)
def test_any_other_value_is_no_link(value: object) -> None:
    assert not is_link(value)


def test_a_link_with_a_number_for_its_node_is_a_link_with_a_warning() -> None:
    workflow = {"4": node("A"), "5": node("B", model=[4, 0], size=[512, 512])}
    found, (warning,) = read_workflow(json.dumps(workflow).encode(), "w.json")
    assert found.nodes["5"].links == {"model": ("4", 0)}
    assert found.nodes["5"].values == {"size": [512, 512]}
    assert found.graph == workflow
    assert str(warning) == (
        "w.json: node 5 (B), inputs.model: warning: is linked "
        "to a number, [4, 0], which ComfyUI takes for a value\n"
        'hint: write the node\'s id as text, ["4", 0]'
    )


def test_a_dangling_link_is_a_warning_by_place() -> None:
    (warning,) = notes({"1": node("A", model=["404", 0])})
    assert warning.severity == "warning"
    assert warning.location == "w.json: node 1 (A), inputs.model"
    assert "node 404, which is not in the workflow" in warning.message


def test_a_circle_is_a_warning_that_names_some_of_it() -> None:
    ring = {str(i): node("A", x=[str((i + 1) % 8), 0]) for i in range(8)}
    (warning,) = notes(ring)
    assert warning.severity == "warning"
    assert "circle (among 0, 1, 2, 3, 4, …)" in warning.message
    (warning,) = notes({"1": node("A", x=["1", 0]), "2": node("B", x=2)})
    assert "circle (among 1)" in warning.message


def test_nodes_come_along_the_flow_and_then_as_people_count() -> None:
    workflow = {
        "10": node("A"),
        "9": node("A"),
        "57:10": node("A"),
        "57:9": node("A", x=["10", 0]),
        "b": node("A"),
    }
    found = read(json.dumps(workflow))
    assert list(found.nodes) == ["9", "10", "57:9", "57:10", "b"]
