"""Finds the consumers of constants and the name they share."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

from ..catalog.vocabulary import declared_by, held_by
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

_DEEPEST: Final = 4
"""The maximum number of formulas in a row that are followed."""

_OF_SEEDS: Final = frozenset("offset shift increment delta count step stride".split())
"""Words for how seeds are counted or moved: a number that has one is not drawn."""


_EDGES: Final = frozenset("left right top bottom x y width height".split())
"""Words for the sides of one thing: a value for all of them is that thing's."""

_TYPE_PREFIXES: Final = frozenset("bool int float str string num number img".split())
"""How people begin the names of inputs to say their types."""


class Fed(NamedTuple):
    """The consumer of a constant: its class, or an empty string if there are several, and the input
    name they share.
    """

    class_type: str
    input: str


class Operand(NamedTuple):
    """A value in a formula: what the formula calculates, and the letter of the value in it."""

    what: tuple[str, ...]
    letter: tuple[str, ...]


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

    def operand(self, node: Node) -> Operand | None:
        """What a constant is in the only formula that uses it; None unless the formula's result
        has one purpose.
        """
        uses = self._workflow.uses[node.id]
        if node.links or len(uses) != 1:
            return None
        name, id = uses[0].input, uses[0].node
        for _ in range(_DEEPEST):
            if not has_word(self._workflow.nodes[id], MATHS):
                return None
            users = self._users[id]
            if users:
                named = {words(use.input) for use in users}
                what, letter = named.pop(), words(name)[-1:]
                telling = bool(what) and PRIMITIVE.isdisjoint(what)
                return Operand(what, letter) if telling and not named else None
            uses = self._workflow.uses[id]
            if len(uses) != 1:
                return None
            id = uses[0].node
        return None

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
        classes = {self._workflow.nodes[use.node].class_type for use in uses}
        ending = _common_end(spoken)
        if not ending or len(ending) < min(map(len, spoken)):
            begun = tuple(reversed(_common_end([said[::-1] for said in spoken])))
            if (
                len(classes) == 1
                and begun
                and _EDGES.issuperset(
                    word for said in spoken for word in said[len(begun) :]
                )
            ):
                return Fed(classes.pop(), "_".join(begun))
            return None
        name = next(
            use.input for use, said in zip(uses, spoken, strict=True) if said == ending
        )
        return Fed(classes.pop() if len(classes) == 1 else "", name)


def declared_name(node: Node) -> tuple[str, ...]:
    """The name that a node gives the input of the workflow that it declares; empty if it declares
    none. Its place in a list and its type are no part of it: `2. prompt`, `img_product`.
    """
    found = declared_by(node.class_type)
    name = node.values.get(found[0]) if found is not None else None
    said = words(name if isinstance(name, str) else "")
    while said[1:] and (said[0].isdecimal() or said[0] in _TYPE_PREFIXES):
        said = said[1:]
    return said


def held_words(node: Node, name: str) -> tuple[str, ...]:
    """The words for what an input holds: `value` if its node only holds it for others, under
    whatever name; else the input's own words.
    """
    declared = declared_by(node.class_type)
    if declared is not None and name == declared[1]:
        return ("value",)
    holding = held_by(node.class_type, name)
    return holding.words if holding is not None else words(name)


def _common_end(spoken: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The words that all names end with."""
    ending: list[str] = []
    for column in zip(*map(reversed, spoken), strict=False):
        if len(set(column)) > 1:
            break
        ending.append(column[0])
    return tuple(reversed(ending))
