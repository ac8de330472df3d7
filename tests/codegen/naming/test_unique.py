"""Numbers behind names that are taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viewcomfy_codegen.words import unique


def test_names_are_numbered_from_below() -> None:
    taken: set[str] = set()
    assert [unique("seed", taken) for _ in range(4)] == [
        "seed",
        "seed_2",
        "seed_3",
        "seed_4",
    ]


def test_many_of_one_name_take_no_more_than_a_few_looks_each() -> None:
    looks = 0

    class Counted(set[str]):
        def __contains__(self, name: object) -> bool:
            nonlocal looks
            looks += 1
            return super().__contains__(name)

    taken = Counted()
    names = {unique("seed", taken) for _ in range(4000)}
    assert len(names) == 4000
    assert looks < 4000 * 40


@given(st.sets(st.integers(2, 40)), st.integers(1, 30))
def test_no_name_is_given_twice_whatever_is_taken(
    numbers: set[int], count: int
) -> None:
    taken = {f"seed_{number}" for number in numbers}
    before = set(taken)
    given = [unique("seed", taken) for _ in range(count)]
    assert len(set(given)) == count and before.isdisjoint(given)
