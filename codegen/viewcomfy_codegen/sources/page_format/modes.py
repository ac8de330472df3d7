"""Determines which input a bypassed node passes on."""

from __future__ import annotations

from collections.abc import Sequence

ANY = frozenset({"", "*"})


class HandedOn:
    """The inputs of a bypassed node, indexed by type."""

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self._inputs = inputs
        self._outputs = outputs
        self._exact: dict[str, int] = {}
        self._accepting: dict[str, int] = {}
        self._own: dict[int, bool] = {}
        for index, kind in enumerate(inputs):
            self._exact.setdefault(kind, index)
            for each in _accepted(kind):
                self._accepting.setdefault(each, index)

    def place(self, output: int, wanted: str) -> int | None:
        """The index of the input that replaces an output, by type; None if none fits.

        `wanted` is the type of the input that the output is linked to. It doesn't matter whether
        the chosen input is connected.
        """
        if not self._inputs:
            return None
        if wanted in ANY:
            return output if output < len(self._inputs) else 0
        if output < len(self._inputs) and self._fits_own(output, wanted):
            return output
        if wanted in self._exact:
            return self._exact[wanted]
        accepted = _accepted(wanted)
        if not accepted.isdisjoint(ANY):
            return 0
        found = (self._accepting.get(each) for each in accepted | ANY)
        return min((each for each in found if each is not None), default=None)

    def _fits_own(self, output: int, wanted: str) -> bool:
        """Whether an output and the input with the same index have compatible types."""
        if output >= len(self._outputs):
            return fits(self._inputs[output], wanted)
        if output not in self._own:
            kind = self._inputs[output]
            self._own[output] = fits(kind, self._outputs[output])
        return self._own[output]


def fits(one: str, other: str) -> bool:
    """Whether an output and an input of these types can be linked; commas separate alternatives."""
    ones, others = _accepted(one), _accepted(other)
    return not (
        ones.isdisjoint(others) and ones.isdisjoint(ANY) and others.isdisjoint(ANY)
    )


def _accepted(kind: str) -> frozenset[str]:
    return frozenset(kind.lower().split(","))
