"""Which files are accepted as workflows, which are rejected, and that reading changes nothing in
them.
"""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen import CodegenError, Diagnostic, generate
from viewcomfy_codegen.graph.workflow import Workflow, is_link
from viewcomfy_codegen.sources.api_format import read_workflow

from ...helpers.json_values import WORDS, json_values
from ...helpers.support import node, text_to_image

NODE = '{"1": {"class_type": "KSampler", "inputs": {"seed": %s}}}'


def read(text: str | bytes) -> Workflow:
    data = text if isinstance(text, bytes) else text.encode()
    return read_workflow(data, "w.json")[0]


def notes(workflow: dict[str, Any]) -> list[Diagnostic]:
    return read_workflow(json.dumps(workflow).encode(), "w.json")[1]


def refused(text: str | bytes) -> tuple[Diagnostic, ...]:
    """What is said of a file that is refused; each thing comes with a remedy."""
    with pytest.raises(CodegenError) as caught:
        read(text)
    found = caught.value.diagnostics
    assert found and all(each.hint and each.severity == "error" for each in found)
    return found


def only(diagnostics: tuple[Diagnostic, ...]) -> Diagnostic:
    (found,) = diagnostics
    return found


# Files that people pass by mistake


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("", "the file is empty", "Export (API)"),
        (" \r\n\t", "the file is empty", "Export (API)"),
        ("\ufeff", "the file is empty", "Export (API)"),
        ("<!DOCTYPE html><p>404", "an HTML or XML page", "Raw"),
        ("\n <svg/>", "an HTML or XML page", "Raw"),
        ('{"nodes": [], "links": []}', "saved for ComfyUI's web page", "Export (API)"),
        ('{"file_type": "view_comfy"}', "a view_comfy.json", "workflow_api.json"),
        ("[]", "but a list", "Export (API)"),
        ('"text"', "but a single value", "Export (API)"),
        ("null", "but a single value", "Export (API)"),
        ("{}", "there is no node", "Export (API)"),
        ('{"$schema": "x"}', "this is a JSON Schema", "generated from"),
        ('{"prompt": {}}', "there is no node", "Export (API)"),
        ('{"version": 1, "extra": {}}', "there is no node", "Export (API)"),
        (b"\x89PNG\r\n\x1a\n", "this is not text: byte 0", "UTF-8"),
        (b'{"1": "\xff"}', "this is not text: byte 7", "UTF-8"),
    ],
)
def test_each_wrong_file_is_told_apart_with_its_remedy(
    content: str | bytes, message: str, hint: str
) -> None:
    found = only(refused(content))
    assert found.location == "w.json"
    assert message in found.message
    assert hint in str(found.hint)


@pytest.mark.parametrize(
    "content", ['{\n  "1": {', '{\n  "1"', '{\n  "1": "abc', '{\n  "1": [1,\n\n']
)
def test_a_file_that_ends_too_early_is_called_truncated(content: str) -> None:
    found = only(refused(content))
    assert "truncated" in found.message
    assert found.location.startswith("w.json: line ")
    assert found.hint == "export or download it again"


def test_broken_json_is_named_by_line_and_column() -> None:
    found = only(refused('{\n  "1": {"a" 5}\n}'))
    assert found.location == "w.json: line 2, column 13"
    assert "not valid JSON: expecting ':'" in found.message


def test_json_that_no_decoder_can_follow_is_refused() -> None:
    assert "nested too deeply" in only(refused("[" * 200_000)).message


# Numbers


@pytest.mark.parametrize(
    "number", ["18446744073709551615", "-0.0", "1e-07", "0.1", "6", "6.0", "-1"]
)
def test_numbers_keep_their_value_and_their_kind(number: str) -> None:
    assert repr(read(NODE % number).nodes["1"].values["seed"]) == number


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e999"])
def test_numbers_that_json_cannot_carry_are_refused_by_place(number: str) -> None:
    found = only(refused(NODE % number))
    assert found.location == "w.json: node 1 (KSampler), inputs.seed"
    assert number in found.message


def test_an_endless_integer_is_refused_by_place_and_not_repeated() -> None:
    found = only(refused(NODE % ("9" * 5000)))
    assert found.location == "w.json: node 1 (KSampler), inputs.seed"
    assert len(found.message) < 150


def test_all_that_is_wrong_is_told_at_once_in_the_files_order() -> None:
    found = refused(NODE % "[0, NaN, {'x': 1e400}]".replace("'", '"'))
    assert [each.location for each in found] == [
        "w.json: node 1 (KSampler), inputs.seed.1",
        "w.json: node 1 (KSampler), inputs.seed.2.x",
    ]


def test_places_within_a_prompt_wrapper_are_those_of_the_nodes() -> None:
    found = only(refused(f'{{"prompt": {NODE % "NaN"}}}'))
    assert found.location == "w.json: node 1 (KSampler), inputs.seed"


def test_what_surrounds_the_nodes_is_not_judged() -> None:
    plain = text_to_image()
    text = json.dumps(plain)
    noisy = (
        text.replace('"KSampler"', '"KSampler", "is_changed": [NaN], "pos": [1, 2]')
        .replace('"VAEDecode"', '"VAEDecode", "_meta": {"x": 1, "x": 2}')
        .replace("{", '{"extra": {"scale": Infinity}, ', 1)
    )
    found = read(noisy)
    assert found.nodes.keys() == read(text).nodes.keys()
    assert found.graph["3"] == {**plain["3"], "pos": [1, 2]}


def test_parts_of_a_node_that_count_are_judged_by_place() -> None:
    found = refused(
        '{"1": {"class_type": "A", "class_type": "B", "inputs": {"x": NaN},'
        ' "inputs": {"x": {"a": 1, "a": 2}}}}'
    )
    assert [each.location for each in found] == [
        "w.json: node 1 (B)",
        "w.json: node 1 (B)",
        "w.json: node 1 (B), inputs.x",
    ]


# Keys


def test_a_repeated_node_is_refused() -> None:
    found = only(refused('{"1": {"class_type": "A"}, "1": {"class_type": "B"}}'))
    assert found.location == "w.json"
    assert 'the key "1" occurs twice' in found.message


def test_a_repeated_input_is_refused_by_place() -> None:
    found = only(refused('{"1": {"class_type": "A", "inputs": {"x": 1, "x": 1}}}'))
    assert found.location == "w.json: node 1 (A), inputs"


@pytest.mark.parametrize("id", ["57:8", "4_1", "node", "", "-1", "²", "9" * 5000])
def test_ids_are_opaque_text(id: str) -> None:
    workflow = {id: node("KSampler", seed=1), "x": node("PreviewAny", source=[id, 0])}
    found = read(json.dumps(workflow))
    assert list(found.nodes) == [id, "x"]
    assert found.nodes["x"].links["source"] == (id, 0)


@pytest.mark.parametrize(
    "name", ["➕ Add Lora", "ref_images.ref_image_0", "spaces and-hyphens", "class", ""]
)
def test_names_of_inputs_are_opaque_text(name: str) -> None:
    assert read(json.dumps({"1": {"class_type": "A", "inputs": {name: 1}}})).nodes[
        "1"
    ].values == {name: 1}


# Encodings and wrappers


@pytest.mark.parametrize(
    "encode",
    [
        str.encode,
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-32"),
    ],
    ids=["utf-8", "utf-8 with BOM", "utf-16", "utf-16 without BOM", "utf-32"],
)
def test_all_encodings_of_json_are_read(encode: Any) -> None:
    text = json.dumps({"1": node("A", x="é画")}, ensure_ascii=False)
    assert read(encode(text)).nodes["1"].values == {"x": "é画"}


def test_a_workflow_under_prompt_is_the_same_workflow() -> None:
    wrapped = {"prompt": text_to_image(), "client_id": "abc"}
    assert generate(wrapped) == generate(text_to_image())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda nodes: {"output": nodes, "workflow": {"nodes": [], "links": []}},
        lambda nodes: {"workflow": {"nodes": [], "links": []}, "output": nodes},
        lambda nodes: {"input": {"workflow": nodes, "images": []}},
        lambda nodes: {"workflow": nodes, "format": "api"},
        lambda nodes: {"input": {"workflow": {"prompt": nodes}}},
    ],
)
def test_a_workflow_in_what_servers_take_is_the_same_workflow(wrap: Any) -> None:
    assert generate(wrap(text_to_image())) == generate(text_to_image())


def test_a_wrapper_with_the_pages_own_format_is_told_apart() -> None:
    found = only(refused('{"workflow": {"nodes": [], "links": []}}'))
    assert "saved for ComfyUI's web page" in found.message


def test_a_node_may_be_called_prompt() -> None:
    assert list(read('{"prompt": {"class_type": "A"}}').nodes) == ["prompt"]


def test_text_bytes_and_values_give_the_same() -> None:
    text = json.dumps(text_to_image())
    assert generate(text) == generate(text.encode()) == generate(text_to_image())


# Nodes, and what is none


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


def test_faults_of_several_nodes_are_told_together() -> None:
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


# Links


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


# Anything else


def outcome(content: bytes | str) -> None:
    """A result or a clear error; anything else fails the test."""
    try:
        generate(content)
    except CodegenError as error:
        assert error.diagnostics
        assert all(str(each).splitlines() for each in error.diagnostics)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_give_a_result_or_a_clear_error(content: bytes) -> None:
    outcome(content)


JSON = json_values(
    keys=st.sampled_from(["class_type", "inputs", "_meta", "title", "prompt", "nodes"])
    | WORDS,
    longest=4,
    most=20,
)


@given(JSON)
@settings(deadline=None)
def test_any_json_gives_a_result_or_a_clear_error(value: object) -> None:
    outcome(json.dumps(value))


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_damaged_workflow_gives_a_result_or_a_clear_error(
    data: st.DataObject,
) -> None:
    content = json.dumps(text_to_image()).encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    outcome(content[:start] + data.draw(st.binary(max_size=4)) + content[end:])


def circular() -> dict[str, Any]:
    workflow: dict[str, Any] = {"1": node("Mine", level=3)}
    workflow["1"]["inputs"]["level"] = workflow
    return workflow


def deep() -> dict[str, Any]:
    value: Any = 3
    for _ in range(100_000):
        value = [value]
    return {"1": node("Mine", level=value)}


@pytest.mark.parametrize(
    "workflow",
    [circular(), deep(), {"1": node("Mine", level=object())}, {"1": {2, 3}}, {(1,): 2}],
    ids=["circular", "deep", "object", "set", "tuple"],
)
def test_values_that_json_cannot_hold_are_an_error(workflow: Any) -> None:
    with pytest.raises(CodegenError, match="w.json: this is not a workflow"):
        generate(workflow, source="w.json")
