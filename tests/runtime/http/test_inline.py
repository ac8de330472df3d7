"""JSON that carries files: what arrives piece by piece is what the whole text says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_runtime.http import inline
from viewcomfy_runtime.http.bodies import NOT_JSON
from viewcomfy_runtime.http.inline import JsonReader

from ...helpers.json_values import json_values


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Values are long, and decoded, at a few characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inline, "SMALLEST", 8)
        patch.setattr(inline, "_BLOCK", 16)
        yield


def read(text: str, *sizes: int) -> Any:
    """What a reader makes of a text that arrives in pieces of these sizes, then of the last."""
    reader, left = JsonReader(), text.encode("utf-8", "surrogatepass")
    for size in sizes:
        reader.feed(left[:size])
        left = left[size:]
    reader.feed(left)
    return reader.value()


def plain(value: Any) -> Any:
    """The value with pieces of bytes as the base64 that they were."""
    match value:
        case tuple():
            return base64.b64encode(b"".join(value)).decode()
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


WORDS = st.sampled_from(
    ["data", '"data": "', 'x\\"data":"', "AAAABBBBCCCCDDDD", "A" * 40, "A=", "\\", "é"]
)
TEXTS = st.one_of(
    WORDS,
    st.text(),
    st.binary(max_size=80).map(lambda each: base64.b64encode(each).decode()),
)
KEYS = st.sampled_from(["data", "filename", 'x"data', "other"])
VALUES = json_values(st.none() | st.integers() | TEXTS, KEYS, longest=None, most=20)


@given(VALUES, st.lists(st.integers(1, 40)), st.sampled_from([None, 1]), st.booleans())
def test_any_text_in_any_pieces_has_its_value(
    value: Any, sizes: list[int], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    try:
        text.encode()
    except UnicodeEncodeError:
        assert read(text, *sizes) is NOT_JSON
    else:
        assert plain(read(text, *sizes)) == value


@given(st.text(alphabet='{}[]",:\\=ABdat0 ', max_size=60), st.lists(st.integers(1, 9)))
def test_what_is_not_json_stays_so(text: str, sizes: list[int]) -> None:
    try:
        wanted = json.loads(text)
    except ValueError:
        wanted = NOT_JSON
    assert plain(read(text, *sizes)) == wanted


@given(st.binary(min_size=6, max_size=200), st.lists(st.integers(1, 40)))
def test_a_file_is_its_bytes(content: bytes, sizes: list[int]) -> None:
    data = base64.b64encode(content).decode()
    text = json.dumps({"outputs": [{"filename": "a.png", "data": data}]})
    sizes = [44, *sizes]  # the value goes beyond its first piece
    [file] = read(text, *sizes)["outputs"]
    assert b"".join(file["data"]) == content
    assert all(len(each) <= 16 for each in file["data"])


@pytest.mark.parametrize("data", ["AAAAAAAA=AAA", "AAAAAAAAAAA", "AAAAAAAAAAB="])
def test_base64_that_is_broken_stays_as_it_came(data: str) -> None:
    text = json.dumps({"filename": "a.png", "data": data})
    assert read(text, 34, 3)["data"] == data


def test_base64_of_what_is_not_a_file_stays_text() -> None:
    data = "QUJD" * 30
    assert read(json.dumps({"data": data}), 12, 40)["data"] == data
