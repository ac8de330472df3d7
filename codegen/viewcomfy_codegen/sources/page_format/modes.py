"""Which of its inputs a bypassed node hands on."""

from __future__ import annotations

from collections.abc import Sequence

ANY = frozenset({"", "*"})


def handed_on(
    inputs: Sequence[str], outputs: Sequence[str], output: int, wanted: str
) -> int | None:
    """The number of the input that replaces an output of a bypassed node, by their types; None if
    none fits.

    `wanted` is the type of the input that the output is linked to. Whether the chosen input is
    connected does not matter.
    """
    if not inputs:
        return None
    if wanted in ANY:
        return output if output < len(inputs) else 0
    own = outputs[output] if output < len(outputs) else wanted
    if output < len(inputs) and fits(inputs[output], own):
        return output
    exact = (index for index, kind in enumerate(inputs) if kind == wanted)
    loose = (index for index, kind in enumerate(inputs) if fits(kind, wanted))
    return next(exact, next(loose, None))


def fits(one: str, other: str) -> bool:
    """Whether an output and an input of these types can be linked; commas separate accepted
    types.
    """
    if one in ANY or other in ANY or one == other:
        return True
    ones, others = set(one.lower().split(",")), set(other.lower().split(","))
    return not ones.isdisjoint(others) or not ANY.isdisjoint(ones | others)
