"""Finds the branch of a field that a call chooses, and checks the field's value there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .branches import Branch, in_words, json_equal
from .types import Choice, InvalidValueError, ParameterType, accept

if TYPE_CHECKING:
    from .fields import Field


def branch_of(
    field: Field, values: Mapping[str, object], fields: Mapping[str, Field]
) -> Branch | None:
    """The branch of a field that a call's values choose; the field itself if a choice is
    unknown.
    """
    for branch in field.branches:
        if branch.holds(values):
            return branch
    selectors = {name for branch in field.branches for name in branch.when}
    if all(_is_known(values[name], fields[name].type) for name in selectors):
        return None
    return Branch({}, field.type)


def _is_known(value: object, kind: ParameterType) -> bool:
    return value is None or not isinstance(kind, Choice) or value in kind.options


def fault(field: Field, values: Mapping[str, object], branch: Branch | None) -> str:
    """The fault of a field's value with the call's choices; empty if it is valid."""
    value = values[field.name]
    if value is None:
        return ""
    if branch is None:
        if json_equal(value, field.default):
            return ""
        return f"applies only where {in_words(field.branches)}: leave it out"
    try:
        accept(branch.type, value)
    except InvalidValueError as error:
        return f"{error}, where {branch.in_words()}" if branch.when else str(error)
    return ""
