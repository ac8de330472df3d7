"""Parameters' values given as text, as forms and command lines have them."""

from __future__ import annotations

import io
from typing import NamedTuple

import pytest

from viewcomfy_runtime import InvalidParametersError, Upload
from viewcomfy_runtime.parameters.fields import REQUIRED, Field
from viewcomfy_runtime.parameters.texts import parsed_texts, value_of
from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    InvalidValueError,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
)


class Sent(NamedTuple):
    """What a web framework makes of a file field."""

    filename: str
    content_type: str
    file: io.BytesIO


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Text(), " x ", " x "),
        (Integer(), " 7 ", 7),
        (Integer(random=True), "Random", None),
        (Number(), "1.5", 1.5),
        (Flag(), " YES ", True),
        (Flag(), "off", False),
        (Choice(("a", "b")), "b", "b"),
        (Choice((1, 2), open=False), "2", 2),
        (Json(), '{"a": [1]}', {"a": [1]}),
    ],
)
def test_a_text_stands_for_a_value_of_its_type(
    kind: ParameterType, text: str, value: object
) -> None:
    assert value_of(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (Integer(), "1.5", "must be a whole number"),
        (Integer(random=True), "any", "must be a whole number, or random"),
        (Number(), "high", "must be a number"),
        (Flag(), "maybe", "must be true or false"),
        (Choice((1, 2), open=False), "a", "must be a whole number"),
        (Json(), "{", "must be JSON"),
        (Json(), "[" * 100_000, "must be JSON"),
    ],
)
def test_a_text_that_stands_for_no_value_says_what_is_accepted(
    kind: ParameterType, text: str, says: str
) -> None:
    with pytest.raises(InvalidValueError, match=says):
        value_of(kind, text)


FIELDS = (
    Field("prompt", Text(), (), REQUIRED),
    Field("title", Text(), (), default="x"),
    Field("steps", Integer(), (), default=20),
    Field("image", Media("image/*"), (), REQUIRED),
)


def test_what_a_form_leaves_empty_keeps_its_default() -> None:
    empty = Sent("", "application/octet-stream", io.BytesIO())
    texts = {"prompt": "", "title": "", "steps": None, "image": empty}
    assert parsed_texts(FIELDS, texts) == {"prompt": ""}


def test_a_forms_file_is_an_upload_with_its_name_and_kind() -> None:
    given = Sent("me.png", "image/png", io.BytesIO(b"x"))
    found = parsed_texts(FIELDS, {"image": given})["image"]
    assert isinstance(found, Upload)
    assert (found.filename, found.content_type) == ("me.png", "image/png")


def test_other_objects_and_unknown_names_are_left_to_the_judgement_of_values() -> None:
    assert parsed_texts(FIELDS, {"steps": 3, "stepz": "x"}) == {
        "steps": 3,
        "stepz": "x",
    }


def test_all_faults_of_a_form_are_reported_at_once() -> None:
    fields = (*FIELDS, Field("on", Flag(), (), default=True))
    with pytest.raises(InvalidParametersError) as caught:
        parsed_texts(fields, {"steps": "many", "on": "maybe"})
    assert [each.parameter for each in caught.value.faults] == ["steps", "on"]
