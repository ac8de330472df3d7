"""How a value out of its range is refused."""

from __future__ import annotations

import pytest

from viewcomfy_runtime.parameters.types import (
    Integer,
    InvalidValueError,
    Number,
    accept,
)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Number(0.0, 1.0), -1, "must be at least 0, not -1"),
        (Number(0.0, 1.0), 1.5, "must be at most 1, not 1.5"),
        (Number(0.25, None), 0, "must be at least 0.25, not 0"),
        (Integer(0, 2**64 - 1), 2**64, f"must be at most {2**64 - 1}, not {2**64}"),
    ],
)
def test_a_whole_bound_is_shown_without_a_fraction(
    kind: Integer | Number, value: float, message: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        accept(kind, value)
    assert str(caught.value) == message
