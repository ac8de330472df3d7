"""The prefixes of the names of a node's inputs, and the contest between nodes that settles them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from ..graph.workflow import Node
from .model_files import tuned_for
from .rules import MOST_WORDS, Rule, Words, brandless, merge
from .spots import Base, Spot


class Prefix(NamedTuple):
    """What is added to the names of a node's inputs. `noun` is that of its family, `number` its
    place in order of data flow.
    """

    words: Words = ()
    noun: Words = ()
    number: str = ""
    rule: Rule | None = None

    def within(self, words: Words, rule: Rule) -> Prefix:
        """The prefix of a node in a part of the nodes that `words` distinguish from the others."""
        known = {each.rstrip("s") for each in self.words} <= {
            each.rstrip("s") for each in words
        }
        joined = words if known else merge(words, self.words)
        return self._replace(words=joined, rule=self.rule or rule)


Prefixes = dict[str, Prefix]


class Contest(NamedTuple):
    """Nodes whose inputs would have the same name.

    `owners` keep the bare name if they are the only ones of their kind. `settle` distinguishes some
    of the nodes, or others in their place, by the remaining differences.
    """

    nodes: list[Node]
    owners: frozenset[str]
    settle: Callable[[list[Node], frozenset[str]], Prefixes]

    def rest(self, nodes: list[Node]) -> Prefixes:
        """The prefixes of some of the nodes by the remaining differences."""
        return self.settle(nodes, self.owners)

    def within(self, keys: Mapping[str, Words], rule: Rule) -> Prefixes | None:
        """The prefixes by these words and, among nodes with the same words, by the remaining
        differences; None if the words distinguish nothing.
        """
        parts = grouped(self.nodes, keys)
        if len(parts) < 2 or not all(keys.values()):
            return None
        found: Prefixes = {}
        for key, part in parts.items():
            for id, prefix in self.rest(part).items():
                found[id] = prefix.within(key, rule)
        return found

    def wholly_within(self, keys: Mapping[str, Words], rule: Rule) -> Prefixes | None:
        """Like `within`, but None, too, if some of the nodes would still have to be numbered."""
        found = self.within(keys, rule)
        numbered = found and any(prefix.number for prefix in found.values())
        return None if numbered else found

    def within_some(self, keys: Mapping[str, Words], rule: Rule) -> Prefixes | None:
        """Like `within`, but only some of the nodes have words. The others get none, except that a
        lone LoRA still says what it is for.
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
"""One way to distinguish nodes; returns None if it doesn't."""


def grouped(
    nodes: Iterable[Node], keys: Mapping[str, Words]
) -> dict[Words, list[Node]]:
    """The nodes by key, in order."""
    found: dict[Words, list[Node]] = {}
    for node in nodes:
        found.setdefault(keys[node.id], []).append(node)
    return found


def if_distinct(found: Mapping[str, Words], rule: Rule) -> Prefixes | None:
    """The prefixes if each node has a different one; long ones without the words that all begin
    with.
    """
    if not all(found.values()) or len(set(found.values())) < len(found):
        return None
    if max(map(len, found.values())) > 2:
        columns = zip(*found.values(), strict=False)
        same = len(list(takewhile(lambda each: len(set(each)) == 1, columns)))
        own = {id: each[same:] for id, each in found.items()}
        found = own if all(own.values()) else found
    return {id: Prefix(each, rule=rule) for id, each in found.items()}


_SAMPLING: Final = (("sampler",), ("scheduler",))
"""Nouns that say less than which of several passes a node makes."""


def alike(
    prefixes: Mapping[int, Prefix], spots: Sequence[Spot], bases: Sequence[Base]
) -> dict[int, Prefix]:
    """The prefixes, where all inputs of a node that have the same noun get the most telling words
    that any of them has, and as many as fit before all of them.
    """
    prefixes = _numbered_alike(prefixes, spots, bases)
    longest: dict[tuple[str, Words], Prefix] = {}
    double: set[str] = set()
    for index, prefix in prefixes.items():
        id, base = spots[index].node.id, bases[index]
        if not prefix.number:
            known = longest.setdefault((id, prefix.noun), prefix)
            if len(prefix.words) > len(known.words):
                longest[id, prefix.noun] = prefix
        if not (base.role or base.noun) and len(base.words) == 2:
            double.add(id)
    plain = {id: each for (id, noun), each in longest.items() if not noun}
    short = _shortened(plain, double)
    found: dict[int, Prefix] = {}
    for index, prefix in prefixes.items():
        id = spots[index].node.id
        told = short.get(id, Prefix())
        same = prefix == plain.get(id) and not bases[index].role
        if prefix.number:
            found[index] = prefix
        elif told.words and (same or (prefix.noun in _SAMPLING and not prefix.words)):
            found[index] = told
        elif prefix.noun:
            found[index] = longest[id, prefix.noun]
        else:
            found[index] = prefix
    return found


def _numbered_alike(
    prefixes: Mapping[int, Prefix], spots: Sequence[Spot], bases: Sequence[Base]
) -> dict[int, Prefix]:
    """The prefixes, where numbers stand behind a noun before all inputs of a node if they do before
    any: `overlay_1_x_offset` beside `overlay_1_width`.
    """
    nouns: dict[str, Words] = {}
    for index, prefix in prefixes.items():
        named = prefix.noun and prefix.noun not in _SAMPLING
        if prefix.number and named and not spots[index].hidden:
            nouns.setdefault(spots[index].node.id, prefix.noun)
    return {
        index: (
            prefix._replace(noun=nouns.get(spots[index].node.id, ()))
            if prefix.number and not (prefix.noun or bases[index].noun)
            else prefix
        )
        for index, prefix in prefixes.items()
    }


def _shortened(prefixes: dict[str, Prefix], double: set[str]) -> dict[str, Prefix]:
    """The prefixes by node, those of nodes in `double` with only as many words as fit before a name
    of two words, if these still distinguish them.
    """
    cut = {
        id: brandless(each.words)[: MOST_WORDS - 2] if id in double else each.words
        for id, each in prefixes.items()
    }
    whole: dict[Words, set[Words]] = {}
    for id, each in prefixes.items():
        whole.setdefault(cut[id], set()).add(each.words)
    return {
        id: each._replace(words=cut[id]) if len(whole[cut[id]]) == 1 else each
        for id, each in prefixes.items()
    }
