"""TypeScript and Python accept and refuse the same calls,
with the same faults in the same words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_runtime import InvalidParametersError

from ....helpers.branching import described, small
from ....helpers.cases import CASES
from ....helpers.support import imported, made
from ....helpers.typescript import Failed, Runtime, bundled, module_text
from ..test_agreement import JSON_VALUES

NAMES = ("image_to_image", "values_of_all_kinds", "base_and_refiner", "branching")


@pytest.fixture(scope="module")
def node() -> Iterator[Runtime]:
    with Runtime() as runtime:
        yield runtime


@pytest.fixture(scope="module")
def pairs(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, tuple[ModuleType, Path]]:
    """The same clients in both languages."""
    folder = tmp_path_factory.mktemp("made")
    workflows = {name: CASES[name]() for name in NAMES if name in CASES}
    workflows["branching"] = small()
    options: dict[str, dict[str, Any]] = {"branching": {"object_info": described()}}
    modules = bundled(
        {
            name: module_text(each, **options.get(name, {}))
            for name, each in workflows.items()
        },
        folder,
    )
    return {
        name: (
            imported(
                made(each, **options.get(name, {})).files["made.py"], folder, name
            ),
            modules[name],
        )
        for name, each in workflows.items()
    }


@given(data=st.data())
@settings(max_examples=250)
@pytest.mark.parametrize("name", NAMES)
def test_any_call_has_the_same_faults(
    name: str,
    pairs: dict[str, tuple[ModuleType, Path]],
    node: Runtime,
    data: st.DataObject,
) -> None:
    python, typescript = pairs[name]
    schema = python.WORKFLOW.schema
    names = [
        *schema["properties"],
        "nonsense",
        *(f"{each}s" for each in schema["properties"]),
    ]
    choices = st.sampled_from(["small", "large", "other", "720p", "manual", 4, 0.5])
    values = JSON_VALUES | choices if name == "branching" else JSON_VALUES
    call = data.draw(st.dictionaries(st.sampled_from(names), values, max_size=5))
    text = json.dumps(_as_javascript_has_it(call))
    found = node.do(typescript, "validate", call=text)
    theirs = sorted((each["parameter"], _neutral(each["message"])) for each in found)
    assert theirs == sorted(_faults(python, json.loads(text)))


def _faults(module: ModuleType, call: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        module.WORKFLOW.parse(call)
    except InvalidParametersError as error:
        return [(each.parameter, _neutral(each.message)) for each in error.faults]
    return []


def _as_javascript_has_it(value: Any) -> Any:
    """The value with whole floats as whole numbers, since
    there is one kind, and objects in JavaScript's order.
    """
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_as_javascript_has_it(each) for each in value]
        case dict():
            ordered = sorted(value.items(), key=lambda item: _place(item[0]))
            return {name: _as_javascript_has_it(each) for name, each in ordered}
        case _:
            return value


def _place(name: str) -> int:
    """Names that are an array's index come first, in their order; the others stay in theirs."""
    is_index = name.isascii() and name.isdigit() and str(int(name)) == name
    return int(name) if is_index else 2**32


def _neutral(message: str) -> str:
    """Without what names the files of one language alone, and what not every Unicode has."""
    message = "".join(filter(str.isascii, message))
    if message.startswith("must be a file ("):
        return "must be a file, not " + message.partition("), not ")[2]
    return message.partition(", never a path;")[0]


@pytest.mark.parametrize("name", ["toString", "valueOf", "constructor", "__proto__"])
def test_an_object_may_have_any_name_in_it(
    name: str, pairs: dict[str, tuple[ModuleType, Path]], node: Runtime
) -> None:
    python, typescript = pairs["values_of_all_kinds"]
    call = json.dumps({"table": {name: 1}})
    params, _ = python.WORKFLOW.to_wire(python.WORKFLOW.parse(json.loads(call)))
    [key] = _keys(python.WORKFLOW.schema["properties"]["table"])
    assert node.do(typescript, "wire", call=call)["params"][key] == params[key]


def test_every_fault_has_both_names(
    pairs: dict[str, tuple[ModuleType, Path]], node: Runtime
) -> None:
    _, module = pairs["image_to_image"]
    call = json.dumps({"image": "data:,x", "positive_prompt": 5, "step": 20})
    assert node.do(module, "validate", call=call) == [
        {
            "parameter": "step",
            "property": "step",
            "message": "is not a parameter; did you mean steps?",
        },
        {
            "parameter": "positive_prompt",
            "property": "positivePrompt",
            "message": "must be text, not 5",
        },
    ]


def test_a_call_as_text_and_as_a_value_are_one(
    pairs: dict[str, tuple[ModuleType, Path]], node: Runtime
) -> None:
    _, module = pairs["image_to_image"]
    call = {"image": "data:,x", "steps": 0}
    text = node.do(module, "validate", call=json.dumps(call))
    assert node.do(module, "validate", call=call) == text != []


@pytest.mark.parametrize("call", ["", "[]", "null", "{", 5, None, [], '"text"'])
def test_what_is_not_an_object_is_refused(
    call: Any, pairs: dict[str, tuple[ModuleType, Path]], node: Runtime
) -> None:
    [fault] = node.do(pairs["image_to_image"][1], "validate", call=call)
    assert fault["parameter"] == "(the call)"
    assert fault["message"] == "must be an object of names and values"


@given(data=st.data())
@settings(max_examples=100)
@pytest.mark.parametrize("name", NAMES)
def test_any_call_that_is_accepted_is_sent_alike(
    name: str,
    pairs: dict[str, tuple[ModuleType, Path]],
    node: Runtime,
    data: st.DataObject,
) -> None:
    python, typescript = pairs[name]
    properties = python.WORKFLOW.schema["properties"]
    call = {
        each: data.draw(st.sampled_from(list(_values(properties[each]))))
        for each in data.draw(st.sets(st.sampled_from(sorted(properties))))
        | {*python.WORKFLOW.schema["required"]}
    }
    # What seeds draw is chance: the others have to be the same.
    seeds = {
        key
        for each, schema in properties.items()
        if "null" in str(schema.get("type"))
        and call.get(each, schema.get("default")) is None
        for key in _keys(schema)
    }
    try:
        params, files = python.WORKFLOW.to_wire(python.WORKFLOW.parse(call))
    except InvalidParametersError:
        with pytest.raises(Failed, match="invalid parameters"):
            node.do(typescript, "wire", call=json.dumps(call))
        return
    theirs = node.do(typescript, "wire", call=json.dumps(call))
    assert theirs["params"].keys() == params.keys()
    assert set(theirs["files"]) == files.keys()
    for key in params.keys() - seeds:
        assert theirs["params"][key] == _told(params[key]), key


def _values(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that a parameter takes, those at its bounds among them."""
    if "x-viewcomfy-media" in schema:
        yield "data:image/png;base64,iVBORw0KGgo="
        return
    if "default" in schema:
        yield schema["default"]
    for each in (schema, *schema.get("anyOf", ()), *_branches(schema)):
        yield from each.get("enum", ())
        yield from (each[bound] for bound in ("minimum", "maximum") if bound in each)
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    others: dict[str, Any] = {
        "null": None,
        "array": [1, ["a"]],
        "object": {"a": [2]},
        "boolean": True,
        "string": 'a "cat"\n😀',
        "integer": 3,
        "number": 1e-5,
        "any": {"b": 0},
    }
    yield from (others[kind] for kind in kinds)


def _branches(schema: dict[str, Any]) -> list[dict[str, Any]]:
    branches: list[dict[str, Any]] = schema.get("x-viewcomfy-branches", [])
    return branches


def _keys(schema: dict[str, Any]) -> list[str]:
    keys = schema["x-viewcomfy-key"]
    return [keys] if isinstance(keys, str) else keys


def _told(value: Any) -> Any:
    """A value as the driving script writes it: large numbers as texts of their digits."""
    is_large = isinstance(value, int) and abs(value) > 2**53 - 1
    return f"{value}n" if is_large else value
