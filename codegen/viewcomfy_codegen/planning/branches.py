"""Inputs that a choice brings (COMFY_DYNAMICCOMBO_V3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..catalog import InputFacts


def wire_names(inputs: Mapping[str, InputFacts], before: str = "") -> Iterator[str]:
    """The names of a class's inputs in their order, each selector followed by those that its choices bring."""
    for name, facts in inputs.items():
        yield f"{before}{name}"
        for members in facts.branches.values():
            yield from wire_names(members, f"{before}{name}.")
