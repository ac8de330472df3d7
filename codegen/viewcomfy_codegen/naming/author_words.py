"""Similar nodes distinguished by their author's words: titles, subgraphs, and groups on the
canvas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise

from ..graph.roles import side_in
from ..graph.workflow import Node
from ..words import words
from .candidates import Labels
from .prefixes import Contest, Prefix, Prefixes
from .rules import Rule, Words, brandless
from .spots import only_numbers
from .surroundings import Surroundings
from .texts import PROMPT_FILLERS
from .traits import Traits


class AuthorWords:
    """What the author of a workflow wrote on and around its nodes."""

    def __init__(self, labels: Labels, traits: Traits) -> None:
        self._labels = labels
        self._workflow = labels.workflow
        self._traits = traits

    def by_title(self, contest: Contest) -> Prefixes | None:
        said = {node.id: self._beyond_side(node, contest) for node in contest.nodes}
        short = self._shortest(said)
        counts = Counter(short.values())
        unique = [n for n in contest.nodes if short[n.id] and counts[short[n.id]] == 1]
        if all(short.values()) and len(unique) < len(contest.nodes):
            return contest.within(short, Rule.APART)
        if not unique:
            return None
        if len(unique) == len(contest.nodes):
            return _numbered_titles(contest.nodes, short)
        titled = {node.id for node in unique}
        rest = [node for node in contest.nodes if node.id not in titled]
        found = contest.rest(rest)
        if len(rest) == 1 and rest[0].id not in contest.owners:
            # Beside titled ones, a node of another kind is known by its kind.
            noun = self._labels.class_noun(rest[0])
            if noun not in {self._labels.class_noun(node) for node in unique}:
                found = {rest[0].id: Prefix(noun=noun, rule=Rule.NOUN)}
        for node in unique:
            found[node.id] = Prefix(short[node.id], rule=Rule.APART)
        return found

    def _beyond_side(self, node: Node, contest: Contest) -> Words:
        """The node's title, or nothing if it only states the side of the prompt that the other
        nodes are on, too.
        """
        said = self._traits.said(node)
        if side_in(said) is None or not PROMPT_FILLERS.issuperset(said):
            return said
        sides = {self._labels.roles.side(each) for each in contest.nodes}
        return said if len(sides) > 1 else ()

    def _shortest(self, said: Mapping[str, Words]) -> dict[str, Words]:
        """As few words of each title as distinguish them: those that recur across the workflow if
        they suffice, else the first ones.
        """
        telling = [set(each) for each in said.values() if each]
        common = set.intersection(*telling) if telling[1:] else set[str]()
        own = {
            id: tuple(word for word in each if word not in common) or each
            for id, each in said.items()
        }
        if all(only_numbers(each) for each in own.values()):
            own = dict(said)  # Parts that are numbered: `part_1` beside `part_2`.
        running = {
            id: tuple(word for word in each if self._running[word] > 1)
            for id, each in own.items()
        }
        if all(running.values()) and len(set(running.values())) == len(running):
            return running
        bare = {id: brandless(each) for id, each in own.items()}
        if len(set(bare.values())) == len(set(own.values())):
            own = bare
        for length in (2, 3):
            cut = {id: each[:length] for id, each in own.items()}
            shortened = [each for each in cut.values() if each]
            if len(shortened) == len(set(shortened)):
                return cut
        return own

    @cached_property
    def _running(self) -> Counter[str]:
        """The number of classes in whose titles each word of an author appears."""
        classes: dict[str, set[str]] = {}
        for node in self._workflow.nodes.values():
            for word in self._labels.titles.said[node.id]:
                classes.setdefault(word, set()).add(node.class_type)
        return Counter({word: len(found) for word, found in classes.items()})

    def by_subgraph(self, contest: Contest) -> Prefixes | None:
        """By the outermost subgraphs in which they differ."""
        names = {node.id: self._around(node).subgraphs for node in contest.nodes}
        for level in range(min(map(len, names.values()))):
            keys = {id: _plain(each[level]) for id, each in names.items()}
            if len(set(keys.values())) > 1:
                return contest.within(keys, Rule.SUBGRAPH)
        return None

    def by_part(self, contest: Contest) -> Prefixes | None:
        """By the numbered words that titles say of the subgraphs that the nodes are for: "Part 1"
        and "Part 2".
        """
        keys = {node.id: self._part(node) for node in contest.nodes}
        return contest.wholly_within(keys, Rule.APART)

    def _part(self, node: Node) -> Words:
        copies = self._copies[node.id]
        return self._parts.get(next(iter(copies)), ()) if len(copies) == 1 else ()

    @cached_property
    def _parts(self) -> dict[str, Words]:
        """The numbered word of each subgraph: one that the titles of its nodes say with one number,
        and those of each other subgraph with another.
        """
        numbers: dict[str, dict[str, set[str]]] = {}
        for id, said in self._labels.titles.said.items():
            for word, number in pairwise(said):
                if number.isdecimal() and not word.isdecimal():
                    for copy in self._copies[id]:
                        numbers.setdefault(word, {}).setdefault(copy, set()).add(number)
        found: dict[str, Words] = {}
        for word, by_copy in numbers.items():
            every = [number for each in by_copy.values() for number in each]
            if len(by_copy) == len(every) == len(set(every)) > 1:
                for copy, (number,) in by_copy.items():
                    found.setdefault(copy, (word, number))
        return found

    @cached_property
    def _copies(self) -> dict[str, frozenset[str]]:
        """The subgraphs that each node is for: the one around it, else those that it serves or, if
        it is an output, whose results it takes; of several only two.
        """
        nodes, uses = self._workflow.nodes, self._workflow.uses
        found: dict[str, frozenset[str]] = {}
        for id, node in reversed(nodes.items()):
            copies = {_copy_of(id)}
            if copies == {""}:
                copies.update(*(found.get(use.node, ()) for use in uses[id]))
                if not uses[id]:
                    copies.update(_copy_of(link.node) for link in node.links.values())
            found[id] = frozenset(sorted(copies - {""})[:2])
        return found

    def by_group(self, contest: Contest) -> Prefixes | None:
        """By the titles of their groups on the canvas."""
        keys = {node.id: _plain(self._around(node).group) for node in contest.nodes}
        return contest.within(keys, Rule.GROUP)

    def _around(self, node: Node) -> Surroundings:
        return self._labels.around.get(node.id, Surroundings())


def _copy_of(id: str) -> str:
    """The id of the outermost subgraph around a node; empty outside of subgraphs."""
    return id.rpartition(":")[0].partition(":")[0]


def _plain(name: str) -> Words:
    """The first two words of the name of a subgraph or group, without step numbers."""
    return tuple(
        word for word in words(name) if not word.isdecimal() and word != "step"
    )[:2]


def _numbered_titles(nodes: list[Node], said: Mapping[str, Words]) -> Prefixes:
    """The titles as prefixes; of titles that consist of one word with different numbers, the word
    becomes the noun.
    """
    stems = {id: each[-1].rstrip("0123456789") for id, each in said.items()}
    if len(set(stems.values())) == 1 and all(len(each) == 1 for each in said.values()):
        stem = next(iter(stems.values()))
        stem = "sampler" if stem == "ksampler" else stem
        numbers = {id: each[-1][len(stems[id]) :] or "1" for id, each in said.items()}
        if stem[1:] and len(set(numbers.values())) == len(nodes):
            return {
                id: Prefix((), (stem,), number, Rule.APART)
                for id, number in numbers.items()
            }
    return {id: Prefix(each, rule=Rule.APART) for id, each in said.items()}
