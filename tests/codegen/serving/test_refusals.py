"""What a refused call is told, in ComfyUI's own words for each kind of fault."""

from __future__ import annotations

import pytest

from ...helpers.inside import app_of, called
from ...helpers.local import HEADERS
from ...helpers.support import node, text_to_image


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("3-inputs-steps", 0, "value_smaller_than_min"),
        ("3-inputs-steps", 10**6, "value_bigger_than_max"),
        ("3-inputs-steps", "many", "invalid_input_type"),
        ("3-inputs-sampler_name", 3, "value_not_in_list"),
        ("1-inputs-image", 3, "invalid_input_type"),
        ("1-inputs-image", "none.png", "custom_validation_failed"),
    ],
)
def test_a_value_is_refused_as_comfyui_calls_it(
    key: str, value: object, kind: str
) -> None:
    workflow = {
        **text_to_image(),
        "1": node("LoadImage", image="none.png"),
        "2": node("PreviewImage", images=["1", 0]),
    }
    answer = called(app_of(workflow), {key: value})
    assert answer.status_code == 400
    id, _, name = key.partition("-inputs-")
    errors = answer.json()["errorDetails"]["node_errors"][id]["errors"]
    assert (kind, name) in [(each["type"], each["details"]) for each in errors]


def test_an_unknown_file_is_named_once() -> None:
    files = {"9-inputs-nothing": ("a.png", b"x", "image/png")}
    answer = called(app_of(text_to_image()), {"3-inputs-seed": 1}, files)
    assert answer.json()["errorDetails"] == [
        "9-inputs-nothing is not an input of the workflow"
    ]


def test_a_failure_on_request_is_an_event_where_logs_are_wanted() -> None:
    headers = {**HEADERS, "x-viewcomfy-fault": "error"}
    answer = called(
        app_of(text_to_image()), {"3-inputs-seed": 1}, headers=headers, logs="true"
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: error\n" in answer.text
    assert '"status": "error"' in answer.text
