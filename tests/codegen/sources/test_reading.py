"""Which files are accepted as workflows, which are rejected, and that reading changes nothing in
them.
"""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest

from viewcomfy_codegen import generate

from ...helpers.reading import NODE, only, read, refused
from ...helpers.support import node, text_to_image


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
        ("{}", "it has no nodes", "Export (API)"),
        ('{"$schema": "x"}', "this is a JSON Schema", "generated from"),
        ('{"prompt": {}}', "it has no nodes", "Export (API)"),
        ('{"version": 1, "extra": {}}', "it has no nodes", "Export (API)"),
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


def test_all_that_is_wrong_is_reported_at_once_in_the_files_order() -> None:
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
