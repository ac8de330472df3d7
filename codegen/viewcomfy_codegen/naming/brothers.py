"""What tells nodes apart whose inputs would have one name: one prefix for all inputs of a node, and
every brother carries his.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from ..graph.roles import NEGATIVE, POSITIVE, PRIMITIVE
from ..graph.stages import UPSCALE, stages
from ..graph.workflow import Node
from ..words import words
from .candidates import Labels
from .rules import Rule, Words, merge
from .surroundings import Surroundings
from .traits import Traits, saved_as, without_numbers

_DEEPEST: Final = 6
"""How many kinds of difference are looked for within one another."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a node's inputs carry beside their names; `noun` is its family's, `number` its place
    along the flow.
    """

    words: Words = ()
    noun: Words = ()
    number: str = ""
    rule: Rule | None = None

    def within(self, words: Words, rule: Rule) -> Prefix:
        """The prefix of a node within those that these words tell from others."""
        return replace(self, words=merge(words, self.words), rule=self.rule or rule)


Prefixes = dict[str, Prefix]


def _plain(name: str) -> Words:
    """The first two words of a subgraph's or a group's name, without numbers of steps."""
    return tuple(
        word for word in words(name) if not word.isdecimal() and word != "step"
    )[:2]


class Brothers:
    """The differences between the nodes of one workflow."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._workflow = labels.workflow
        self._stages = stages(labels.workflow, labels.facts)
        self._traits = Traits(labels)
        self.place = self._traits.place

    def told(
        self, nodes: list[Node], owners: frozenset[str], depth: int = 0
    ) -> Prefixes:
        """A prefix for each node; `owners` keep the bare name where they are the only ones of their
        kind.
        """
        if len(nodes) < 2:
            return {node.id: Prefix() for node in nodes}
        if depth < _DEEPEST:
            for way in (
                self._by_title,
                self._by_subgraph,
                self._by_family,
                self._by_stage,
                self._by_side,
                self._by_switch,
                self._by_socket,
                self._by_branch,
                self._by_file,
                self._by_partner,
                self._by_loaded,
                self._by_source,
                self._by_output,
                self._by_group,
                self._by_kind_of_value,
            ):
                found = way(nodes, owners, depth)
                if found is not None:
                    return found
        return self._by_number(nodes)

    # The author's word

    def _by_title(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        said = {node.id: self._traits.said(node) for node in nodes}
        short = self._shortest(said)
        counts = Counter(short.values())
        unique = [n for n in nodes if short[n.id] and counts[short[n.id]] == 1]
        if not unique:
            return None
        if len(unique) == len(nodes):
            return _numbered_titles(nodes, short)
        told = {node.id for node in unique}
        rest = [node for node in nodes if node.id not in told]
        found = self.told(rest, owners, depth + 1)
        for node in unique:
            found[node.id] = Prefix(short[node.id], rule=Rule.APART)
        return found

    def _shortest(self, said: Mapping[str, Words]) -> dict[str, Words]:
        """As few of the words as tell the titles apart: those that run through the workflow where
        they do, else the first.
        """
        common = set.intersection(*(set(each) for each in said.values()))
        own = {
            id: tuple(word for word in each if word not in common) or each
            for id, each in said.items()
        }
        running = {
            id: tuple(word for word in each if self._running[word] > 1)
            for id, each in own.items()
        }
        if all(running.values()) and len(set(running.values())) == len(running):
            return running
        for length in (2, 3):
            cut = {id: each[:length] for id, each in own.items()}
            told = [each for each in cut.values() if each]
            if len(told) == len(set(told)):
                return cut
        return own

    @cached_property
    def _running(self) -> Counter[str]:
        """In the titles of how many classes each word stands that authors wrote."""
        classes: dict[str, set[str]] = {}
        for node in self._workflow.nodes.values():
            for word in self._labels.titles.said[node.id]:
                classes.setdefault(word, set()).add(node.class_type)
        return Counter({word: len(found) for word, found in classes.items()})

    def _by_subgraph(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By the names of the subgraphs that they are in, where they first part."""
        names = {node.id: self._around(node).subgraphs for node in nodes}
        for level in range(min(map(len, names.values()))):
            keys = {id: _plain(each[level]) for id, each in names.items()}
            if len(set(keys.values())) > 1:
                return self._within(nodes, keys, owners, depth, Rule.SUBGRAPH)
        return None

    def _by_group(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By the titles of the groups that they lie in on the canvas."""
        keys = {node.id: _plain(self._around(node).group) for node in nodes}
        return self._within(nodes, keys, owners, depth, Rule.GROUP)

    def _around(self, node: Node) -> Surroundings:
        return self._labels.around.get(node.id, Surroundings())

    # The stage and the kind of node

    def _by_family(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """Where their classes differ in kind: one that owns the name keeps it bare, the others
        carry what they are.
        """
        owning = [node for node in nodes if node.id in owners]
        others = [node for node in nodes if node.id not in owners]
        kinds = {node.id: self._noun(node) for node in others or owning}
        if owning and others:
            kinds |= dict.fromkeys((node.id for node in owning), ())
        parts = _parts(nodes, kinds)
        if len(parts) < 2:
            return None
        if not others and self._staged(nodes):
            return None
        found: Prefixes = {}
        for noun, part in parts.items():
            for id, prefix in self.told(part, owners, depth + 1).items():
                rule = prefix.rule or Rule.NOUN
                sided = prefix.words in ((POSITIVE,), (NEGATIVE,))
                kept = () if sided or prefix.rule is Rule.APART else noun
                found[id] = replace(prefix, noun=merge(kept, prefix.noun), rule=rule)
        return found

    def _by_stage(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        keys = {node.id: self._stages.get(node.id, ()) for node in nodes}
        return self._within(nodes, keys, owners, depth, Rule.STAGE)

    def _noun(self, node: Node) -> Words:
        """What the node is; what enlarges between two passes is the second one's."""
        if not node.links and all(PRIMITIVE.issuperset(words(n)) for n in node.values):
            return ()  # A constant is what it feeds, whatever holds it.
        noun = self._labels.class_noun(node)
        stage = self._stages.get(node.id, ())
        return stage if noun == ("resize",) and stage == (UPSCALE,) else noun

    def _staged(self, nodes: list[Node]) -> bool:
        stages = {self._stages.get(node.id, ()) for node in nodes}
        return () not in stages and len(stages) > 1

    def _by_side(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        sides = {node.id: self._labels.roles.side(node) for node in nodes}
        keys = {
            id: (side,) if side in (POSITIVE, NEGATIVE) else ()
            for id, side in sides.items()
        }
        return self._within(nodes, keys, owners, depth, Rule.ROLE)

    def _within(
        self,
        nodes: list[Node],
        keys: Mapping[str, Words],
        owners: frozenset[str],
        depth: int,
        rule: Rule,
    ) -> Prefixes | None:
        parts = _parts(nodes, keys)
        if len(parts) < 2 or not all(keys.values()):
            return None
        found: Prefixes = {}
        for key, part in parts.items():
            for id, prefix in self.told(part, owners, depth + 1).items():
                found[id] = prefix.within(key, rule)
        return found

    # Where they are linked and what they lead to

    def _by_switch(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """Where a switch takes one of two: the one that it takes when on carries what its author
        calls being on.
        """
        if len(nodes) != 2:
            return None
        ways: dict[str, str] = {}
        switches: set[str] = set()
        for node in nodes:
            for use in self._workflow.uses[node.id]:
                if self._labels.roles.is_switch(self._workflow.nodes[use.node]):
                    switches.add(use.node)
                    ways[node.id] = "on" if "true" in words(use.input) else "off"
        if len(switches) != 1 or sorted(ways.values()) != ["off", "on"]:
            return None
        said = self._traits.switched_by(self._workflow.nodes[switches.pop()])
        return (
            {
                id: Prefix(said if way == "on" else (), rule=Rule.SOCKET)
                for id, way in ways.items()
            }
            if said
            else None
        )

    def _by_socket(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        found = {node.id: self._traits.socket(node) for node in nodes}
        bare = {id: without_numbers(each) for id, each in found.items()}
        if len(set(bare.values())) > 1:
            return _if_distinct(bare, Rule.SOCKET)
        # Sockets that differ in their number alone: layer1 and layer2.
        stem = next(iter(bare.values()))
        numbers = {
            id: "".join(filter(str.isdecimal, "".join(each)))
            for id, each in found.items()
        }
        if (
            not stem
            or "" in numbers.values()
            or len(set(numbers.values())) < len(nodes)
        ):
            return None
        return {
            id: Prefix(noun=stem, number=number, rule=Rule.SOCKET)
            for id, number in numbers.items()
        }

    def _by_branch(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By what the author calls the only outputs that they lead to."""
        ends = {node.id: self._traits.ends.get(node.id, frozenset()) for node in nodes}
        if all(len(each) == 1 for each in ends.values()):
            savers = {
                id: self._workflow.nodes[next(iter(each))] for id, each in ends.items()
            }
            said = {id: self._traits.said(saver) for id, saver in savers.items()}
            if (found := _if_distinct(said, Rule.BRANCH)) is not None:
                return found
            prefixes = {id: saved_as(saver) for id, saver in savers.items()}
            if (found := _if_distinct(prefixes, Rule.BRANCH)) is not None:
                return found
        return None

    def _by_source(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By the kinds of the nodes that work for each
        alone: a LoRA for one, a model for the other.
        """
        kinds = {node.id: self._traits.source_kinds(node) for node in nodes}
        counts = Counter(kind for each in kinds.values() for kind in set(each))
        own = {
            id: next((kind for kind in each if counts[kind] == 1), ())
            for id, each in kinds.items()
        }
        return _if_distinct(own, Rule.PARTNER)

    def _by_kind_of_value(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """Constants by what they hold: one frame rate as a whole number, one with a fraction."""
        held = {
            node.id: tuple(
                word for word in words(node.class_type) if word in ("int", "float")
            )
            for node in nodes
            if not node.links
        }
        return _if_distinct(held, Rule.NOUN) if len(held) == len(nodes) else None

    def _by_output(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By what the outputs that are nearest to each have in common."""
        keys = {node.id: self._traits.leads_to(node) for node in nodes}
        return self._within(nodes, keys, owners, depth, Rule.BRANCH)

    def _by_file(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        found = {node.id: self._traits.file_word(node) for node in nodes}
        if any(found.values()) and not all(found.values()):
            found |= self._traits.own_file_words(nodes, found)
        return _if_distinct(found, Rule.FILE)

    def _by_partner(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By what tells the nodes apart that these belong to: each feeds one of its own, all of one
        class.
        """
        partners: dict[str, Node] = {}
        for node in nodes:
            users = {use.node for use in self._workflow.uses[node.id]}
            if len(users) != 1:
                return None
            partners[node.id] = self._workflow.nodes[users.pop()]
        classes = {partner.class_type for partner in partners.values()}
        ids = {partner.id for partner in partners.values()}
        if len(classes) > 1 or len(ids) < len(nodes) or ids & set(partners):
            return None
        told = self.told(list(partners.values()), frozenset(), depth + 2)
        if any(each.number or not each.words for each in told.values()):
            return None
        return {
            id: Prefix(told[partner.id].words, rule=Rule.PARTNER)
            for id, partner in partners.items()
        }

    def _by_loaded(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        """By the files that the nodes work on, each on one of its own: start and end image, or two
        people.
        """
        found: dict[str, Words] = {}
        for node in nodes:
            said = self._traits.loaded(node)
            if not said:
                return None
            found[node.id] = said
        return _if_distinct(found, Rule.PARTNER)

    # Numbers

    def _by_number(self, nodes: list[Node]) -> Prefixes:
        said = {node.id: self._labels.titles.said[node.id] for node in nodes}
        written = {id: each[0] for id, each in said.items() if len(each) == 1}
        if len(set(written.values())) == len(nodes) and all(
            number.isdecimal() for number in written.values()
        ):
            return {
                id: Prefix(number=number, rule=Rule.APART)
                for id, number in written.items()
            }
        ordered = sorted(nodes, key=lambda node: self.place[node.id])
        return {
            node.id: Prefix(number=str(number), rule=Rule.NUMBER)
            for number, node in enumerate(ordered, 1)
        }


def _parts(nodes: Iterable[Node], keys: Mapping[str, Words]) -> dict[Words, list[Node]]:
    found: dict[Words, list[Node]] = {}
    for node in nodes:
        found.setdefault(keys[node.id], []).append(node)
    return found


def _if_distinct(found: Mapping[str, Words], rule: Rule) -> Prefixes | None:
    """The prefixes, where every node has one of its own."""
    if not all(found.values()) or len(set(found.values())) < len(found):
        return None
    return {id: Prefix(each, rule=rule) for id, each in found.items()}


def _numbered_titles(nodes: list[Node], said: Mapping[str, Words]) -> Prefixes:
    """The titles as prefixes; those that differ in a number behind one word alone, with that
    number.
    """
    stems = {id: each[-1].rstrip("0123456789") for id, each in said.items()}
    if len(set(stems.values())) == 1 and all(len(each) == 1 for each in said.values()):
        stem = next(iter(stems.values()))
        numbers = {id: each[-1][len(stem) :] or "1" for id, each in said.items()}
        if stem and len(set(numbers.values())) == len(nodes):
            return {
                id: Prefix((), (stem,), number, Rule.APART)
                for id, number in numbers.items()
            }
    return {id: Prefix(each, rule=Rule.APART) for id, each in said.items()}
