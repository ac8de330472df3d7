"""What a node's inputs carry where others want their names, and the nodes between which that is
to be settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple

from ..graph.workflow import Node
from .model_files import tuned_for
from .rules import Rule, Words, merge


class Prefix(NamedTuple):
    """What a node's inputs carry beside their names; `noun` is its family's, `number` its place
    along the flow.
    """

    words: Words = ()
    noun: Words = ()
    number: str = ""
    rule: Rule | None = None

    def within(self, words: Words, rule: Rule) -> Prefix:
        """The prefix of a node within those that these words tell from others."""
        known = set(self.words) <= set(words)
        joined = words if known else merge(words, self.words)
        return self._replace(words=joined, rule=self.rule or rule)


Prefixes = dict[str, Prefix]


class Contest(NamedTuple):
    """Nodes whose inputs want one name.

    `owners` keep the bare name where they are the only ones of their kind; `settle` tells some of
    them, or others that stand for them, apart by what is left.
    """

    nodes: list[Node]
    owners: frozenset[str]
    settle: Callable[[list[Node], frozenset[str]], Prefixes]

    def rest(self, nodes: list[Node]) -> Prefixes:
        """The prefixes of some of the nodes by what else tells them apart."""
        return self.settle(nodes, self.owners)

    def within(self, keys: Mapping[str, Words], rule: Rule) -> Prefixes | None:
        """The prefixes by these words, and among the nodes that share theirs by what is left; None
        where the words tell nothing.
        """
        parts = grouped(self.nodes, keys)
        if len(parts) < 2 or not all(keys.values()):
            return None
        found: Prefixes = {}
        for key, part in parts.items():
            for id, prefix in self.rest(part).items():
                found[id] = prefix.within(key, rule)
        return found

    def within_some(self, keys: Mapping[str, Words], rule: Rule) -> Prefixes | None:
        """As `within`, where some of the nodes have words: the others do without, but a LoRA alone
        still says what it is for.
        """
        parts = grouped(self.nodes, keys)
        if len(parts) < 2:
            return None
        found: Prefixes = {}
        for key, part in parts.items():
            for id, prefix in self.rest(part).items():
                found[id] = prefix.within(key, rule) if key else prefix
            if not key and len(part) == 1 and (purpose := tuned_for(part[0])):
                found[part[0].id] = Prefix(purpose, rule=Rule.FILE)
        return found


Way = Callable[[Contest], Prefixes | None]
"""One way to tell nodes apart; None where it doesn't."""


def grouped(
    nodes: Iterable[Node], keys: Mapping[str, Words]
) -> dict[Words, list[Node]]:
    """The nodes by their keys, in their order."""
    found: dict[Words, list[Node]] = {}
    for node in nodes:
        found.setdefault(keys[node.id], []).append(node)
    return found


def if_distinct(found: Mapping[str, Words], rule: Rule) -> Prefixes | None:
    """The prefixes, where every node has one of its own; long ones without what all begin with."""
    if not all(found.values()) or len(set(found.values())) < len(found):
        return None
    if max(map(len, found.values())) > 2:
        columns = zip(*found.values(), strict=False)
        same = len(list(takewhile(lambda each: len(set(each)) == 1, columns)))
        own = {id: each[same:] for id, each in found.items()}
        found = own if all(own.values()) else found
    return {id: Prefix(each, rule=rule) for id, each in found.items()}
