"""Finds the consumers of constants and the name they share."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from ..words import words
from .kinds import (
    MATHS,
    MOST_USES,
    PLAIN_TYPES,
    REROUTES,
    SHOWS,
    SWITCHES,
    Kinds,
    has_word,
)
from .workflow import Node, Use

PRIMITIVE: Final = frozenset(
    "value int float string number boolean text bool integer".split()
)
"""Words in the names of inputs that hold a value for other nodes."""

_OF_SEEDS: Final = frozenset("offset shift increment delta count step stride".split())
"""Words for how seeds are counted or moved: a number that has one is not drawn."""


class Fed(NamedTuple):
    """The consumer of a constant: its class, or an empty string if there are several, and the input
    name they share.
    """

    class_type: str
    input: str


class ConstantRoles(Kinds):
    """The consumers of constants, computed in one pass against the data flow."""

    def fed(self, node: Node) -> Fed | None:
        """The class and input name of a constant's consumers if they all use the same name, or else
        None. Also None for nodes that compute something.
        """
        facts = self._facts(node.class_type)
        if node.links or (
            facts is not None and not PLAIN_TYPES.issuperset(facts.outputs)
        ):
            return None
        return self._fed[node.id]

    def is_seed(self, node: Node, name: str) -> bool:
        """Whether an input holds a seed: by its own name, or by that of the one that it feeds."""
        own = set(words(name.rpartition(".")[2]))
        if "seed" in own:
            return _OF_SEEDS.isdisjoint(own)
        fed = self.fed(node)
        return fed is not None and own <= PRIMITIVE and "seed" in words(fed.input)

    def users(self, node: Node) -> tuple[Use, ...]:
        """The inputs that consume a constant, except those of nodes that only calculate with it or
        display it. Empty for nodes that compute something.
        """
        facts = self._facts(node.class_type)
        plain = facts is None or PLAIN_TYPES.issuperset(facts.outputs)
        return self._users[node.id] if plain and not node.links else ()

    @cached_property
    def _users(self) -> dict[str, tuple[Use, ...]]:
        """The consumers of each node's outputs, following switches and reroutes; nodes that only
        calculate or display are skipped.
        """
        reached: dict[str, tuple[Use, ...]] = {}
        for node in reversed(self._workflow.nodes.values()):
            users: dict[Use, None] = {}
            for use in self._workflow.uses[node.id]:
                target = self._workflow.nodes[use.node]
                if has_word(target, REROUTES | SHOWS) or (
                    has_word(target, SWITCHES) and "switch" not in words(use.input)
                ):
                    users |= dict.fromkeys(reached.get(target.id, ()))
                elif not has_word(target, MATHS):
                    users[use] = None
            reached[node.id] = tuple(islice(users, MOST_USES))
        return reached

    @cached_property
    def _fed(self) -> dict[str, Fed | None]:
        return {id: self._agreed(uses) for id, uses in self._users.items()}

    def _agreed(self, uses: tuple[Use, ...]) -> Fed | None:
        if not uses:
            return None
        spoken = [words(use.input) for use in uses]
        ending = _common_end(spoken)
        if not ending or len(ending) < min(map(len, spoken)):
            return None
        classes = {self._workflow.nodes[use.node].class_type for use in uses}
        name = next(
            use.input for use, said in zip(uses, spoken, strict=True) if said == ending
        )
        return Fed(classes.pop() if len(classes) == 1 else "", name)


def _common_end(spoken: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The words that all names end with."""
    ending: list[str] = []
    for column in zip(*map(reversed, spoken), strict=False):
        if len(set(column)) > 1:
            break
        ending.append(column[0])
    return tuple(reversed(ending))
