"""Whatever is sent, the answer is JSON and the fault is the caller's: never a status of 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcomfy_codegen.serving.calls.faults import FAULTS

from ...helpers.cases import image_to_image, values_of_all_kinds
from ...helpers.inside import app_of, asked, called
from ...helpers.json_values import json_values
from ...helpers.local import HEADERS
from ...helpers.support import text_to_image

APP = app_of(image_to_image(), values_of_all_kinds(), text_to_image())

KEYS = st.sampled_from(
    [
        "3-inputs-seed",
        "3-inputs-cfg",
        "3-inputs-model",
        "6-inputs-text",
        "9-inputs-filename_prefix",
        "10-inputs-image",
        "10-inputs-image-viewcomfymask",
        "57:8-inputs-table",
        "57:8-inputs-nothing",
        "57:8-inputs-items",
        "",
        "-inputs-",
    ]
) | st.text(max_size=12)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.text(alphabet=st.characters(categories=["Cs", "Cc"]), max_size=5)
    | st.sampled_from([10**400, ["57:9", 0], ["57:8", 0], {"__value__": []}])
)
VALUES = json_values(LEAVES, most=6)
PATHS = st.sampled_from(["/made", "/made_2", "/made_3", "/api/workflow/infer"])


def check(response: Any) -> None:
    assert response.status_code < 500, response.text
    assert isinstance(response.json(), dict | list)


@settings(max_examples=70)
@given(PATHS, st.dictionaries(KEYS, VALUES, max_size=3))
def test_any_values(path: str, params: dict[str, Any]) -> None:
    form = {"params": json.dumps(params), "prompt_id": "p", "view_comfy_api_url": path}
    parts = {name: (None, value) for name, value in form.items()}
    check(asked(APP, path=path, files=parts))


@settings(max_examples=70)
@given(
    PATHS,
    st.dictionaries(
        st.sampled_from(["params", "logs", "workflow_api", "prompt_id"]) | KEYS,
        st.tuples(st.none() | st.text(max_size=9), st.binary(max_size=60)),
        max_size=4,
    ),
    st.sampled_from(["{}", '{"3-inputs-seed": 1}', "[", "", '{"6-inputs-text": "x"}']),
)
def test_any_parts(
    path: str, parts: dict[str, tuple[str | None, bytes]], params: str
) -> None:
    encodable = {
        name: part
        for name, part in parts.items()
        if name.isprintable() and "logs" not in name
    }
    check(asked(APP, path=path, files={"params": (None, params), **encodable}))


@settings(max_examples=70)
@given(
    PATHS,
    st.binary(max_size=200),
    st.sampled_from(
        [
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "multipart/form-data; boundary=x; charset=utf-7",
            "application/x-www-form-urlencoded",
            "application/json",
            "",
        ]
    ),
    st.sampled_from([b"", b"--x\r\nContent-Disposition: form-data; name="]),
)
def test_any_body(path: str, body: bytes, kind: str, start: bytes) -> None:
    headers = {**HEADERS, "Content-Type": kind}
    check(asked(APP, path=path, headers=headers, content=start + body))


def _is_unknown(fault: str) -> bool:
    """Whether it isn't a fault that can be simulated. Hypothesis also tries texts of the code."""
    name = fault.partition("=")[0]
    known = {each.partition("=")[0] for each in FAULTS}
    return name not in known and not name.isdecimal()


@settings(max_examples=40)
@given(
    st.text(
        alphabet=st.characters(min_codepoint=32, max_codepoint=126),
        min_size=1,
        max_size=20,
    ).filter(_is_unknown)
    | st.sampled_from(["9" * 5000, "slow=", "redirect "])
)
def test_any_other_name_of_a_fault_is_refused(fault: str) -> None:
    headers = {**HEADERS, "x-viewcomfy-fault": fault}
    response = called(APP, {"6-inputs-text": 1}, headers=headers)
    assert response.status_code == 400
    assert "failure" in response.json()["errorMsg"]


@pytest.mark.parametrize("fault", ["slow=nan", "slow=-1"])
def test_a_pause_of_no_possible_length_is_none(fault: str) -> None:
    headers = {**HEADERS, "x-viewcomfy-fault": fault}
    response = called(APP, {"6-inputs-text": 1}, headers=headers)
    assert response.status_code == 400
    assert "failure" not in response.json()["errorMsg"]


@pytest.mark.parametrize(
    "params",
    [
        '{"57:8-inputs-table": ' + '{"a":' * 80 + "1" + "}" * 81,
        "[" * 100_000,
        '{"57:8-inputs-nothing": NaN}',
        '{"57:8-inputs-nothing": 1e999}',
        '{"57:8-inputs-huge": ' + "9" * 5000 + "}",
    ],
    ids=["deep", "deeper", "NaN", "infinity", "huge"],
)
def test_values_that_no_workflow_can_hold_are_refused(params: str) -> None:
    response = asked(APP, path="/made_2", files={"params": (None, params)})
    assert response.status_code == 400
    assert response.json()["errorMsg"]


def test_halves_of_characters_come_back_as_they_were_sent() -> None:
    params = '{"6-inputs-text": "\\ud800"}'
    response = asked(APP, path="/made_3", files={"params": (None, params)})
    assert response.status_code == 201
    assert response.json()["prompt"]["6"]["inputs"]["text"] == "\ud800"
