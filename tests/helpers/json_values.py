"""JSON values of any shape, for tests of what comes from outside."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

WORDS: Final = st.text(max_size=8)
EXACT: Final = st.none() | st.booleans() | st.integers() | WORDS
"""What no reader of JSON rounds or refuses."""
LEAVES: Final = EXACT | st.floats()


def json_values(
    leaves: st.SearchStrategy[Any] = LEAVES,
    keys: st.SearchStrategy[str] = WORDS,
    *,
    longest: int | None = 3,
    most: int = 12,
) -> st.SearchStrategy[Any]:
    """Values of these leaves, in lists and objects of at most `longest` members, of at most `most`
    leaves in all.
    """
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=longest)
            | st.dictionaries(keys, inner, max_size=longest)
        ),
        max_leaves=most,
    )


JSON: Final = json_values()
