"""Files and annotations are equal by what they say, and say it in their `repr`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from viewcomfy_runtime import URL, Input, Stored, Upload
from viewcomfy_runtime.parameters.branches import json_equal
from viewcomfy_runtime.parameters.uploads import as_data_uri

ALIKE = [
    (URL("https://a.example/x.png"), URL("https://a.example/x.png")),
    (Upload(b"x", "x.png"), Upload(b"x", "x.png")),
    (Stored("x.png"), Stored("x.png")),
]
DIFFERENT = [
    (URL("https://a.example/x.png"), URL("https://a.example/x.png", max_bytes=9)),
    (Upload(b"x", "x.png"), Upload(b"x", "y.png")),
    (Stored("x.png"), Stored("y.png")),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_files_that_say_the_same_are_equal_and_hash_alike(
    one: object, other: object
) -> None:
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_files_that_differ_in_anything_are_not_equal(
    one: object, other: object
) -> None:
    assert one != other
    assert {one, other} == {other, one}


def test_a_file_on_the_server_shows_its_name() -> None:
    assert repr(Stored("x.png")) == "Stored('x.png')"


def test_an_annotation_shows_what_a_module_writes() -> None:
    assert repr(Input("3", "steps", ge=1)) == "Input('3', 'steps', ge=1)"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (True, 1, False),
        ({"a": [1]}, {"a": [1.0]}, True),
        ({"a": 1}, {"b": 1}, False),
        ([True], [1], False),
        ([1, 2], [1], False),
    ],
)
def test_values_are_compared_as_json_compares_them(
    one: object, other: object, equal: bool
) -> None:
    assert json_equal(one, other) is equal


def test_a_file_is_written_as_a_data_uri_whatever_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"hi")
    wanted = "data:text/plain;base64,aGk="
    assert as_data_uri(path) == wanted
    assert as_data_uri(Upload(io.BytesIO(b"hi"), "x.txt")) == wanted
    assert as_data_uri(Upload(b"hi", "x.txt")) == wanted


def test_a_url_is_written_as_it_is() -> None:
    assert as_data_uri(Upload(URL("https://a.example/x.png"), "y.png")) == (
        "https://a.example/x.png"
    )


def test_a_file_on_the_server_has_no_content_to_write() -> None:
    with pytest.raises(ValueError, match=r"x\.png is on the server"):
        as_data_uri(Stored("x.png"))
