"""The schema, `parse` and `run` accept and refuse the same calls."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from viewcomfy_runtime import InvalidParametersError

from ...helpers.cases import CASES
from ...helpers.json_values import json_values
from ...helpers.support import module_of

JSON_VALUES = json_values(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.0, 1.0, 20.0, -0.0, 1e300, 2.0**64])
    | st.text(max_size=5)
    | st.sampled_from(
        ["euler", "enable", "center", "data:,x", "data:image/png;base64,AAAA"]
    ),
    st.text(max_size=3),
    most=5,
)


@pytest.fixture(
    scope="module", params=["image_to_image", "values_of_all_kinds", "base_and_refiner"]
)
def module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ModuleType:
    return module_of(CASES[request.param](), tmp_path_factory.mktemp("made"))


@given(data=st.data())
@settings(max_examples=150)
def test_they_agree_on_any_call(module: ModuleType, data: st.DataObject) -> None:
    schema = module.WORKFLOW.schema
    names = st.sampled_from([*schema["properties"], "nonsense"])
    call = data.draw(st.dictionaries(names, JSON_VALUES, max_size=4))
    if data.draw(st.booleans()):
        call = {**{name: "data:,x" for name in schema["required"]}, **call}
    valid = Draft202012Validator(schema).is_valid(call)
    assert _parses(module, call) == valid
    if call.keys() <= schema["properties"].keys() >= call.keys() and schema[
        "required"
    ] == [name for name in schema["required"] if name in call]:
        assert _goes_out(module, call) == valid


def _parses(module: ModuleType, call: dict[str, Any]) -> bool:
    try:
        module.WORKFLOW.parse(call)
    except InvalidParametersError:
        return False
    return True


def _goes_out(module: ModuleType, call: dict[str, Any]) -> bool:
    try:
        module.WORKFLOW.to_wire(module.Parameters(**call))
    except InvalidParametersError:
        return False
    return True


def test_a_whole_float_is_an_integer(module: ModuleType) -> None:
    name = next(
        name
        for name, each in module.WORKFLOW.schema["properties"].items()
        if each.get("type") in ("integer", ["integer", "null"])
    )
    files = {each: "data:,x" for each in module.WORKFLOW.schema["required"]}
    value = getattr(module.WORKFLOW.parse({**files, name: 1.0}), name)
    assert (value, type(value)) == (1, int)


def test_all_faults_come_in_one_error_with_the_nearest_name(tmp_path: Path) -> None:
    module = module_of(CASES["image_to_image"](), tmp_path)
    with pytest.raises(InvalidParametersError) as caught:
        module.WORKFLOW.parse({"step": 3, "seed": True, "cfg": "high", "denoise": 2})
    assert {str(fault) for fault in caught.value.faults} == {
        "step: is not a parameter; did you mean steps?",
        "image: is required",
        "seed: must be a whole number or null, not true",
        'cfg: must be a finite number, not "high"',
        "denoise: must be at most 1, not 2",
    }


def test_a_call_that_is_no_object_is_refused(module: ModuleType) -> None:
    with pytest.raises(InvalidParametersError, match="must be an object"):
        module.WORKFLOW.parse(json.loads("[1]"))


def test_a_plain_path_in_a_text_is_refused_with_its_remedy(tmp_path: Path) -> None:
    module = module_of(CASES["only_files"](), tmp_path)
    with pytest.raises(InvalidParametersError, match=r'Path\("me\.png"\)'):
        module.WORKFLOW.to_wire(module.Parameters(image="me.png"))
