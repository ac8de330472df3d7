"""What distinguishes nodes whose inputs would have the same name. All inputs of a node get one
prefix, and each of the nodes gets its own.
"""

from __future__ import annotations

from itertools import count
from typing import Final

from ..catalog.vocabulary import class_words, family_of, vocabulary
from ..graph.kinds import has_word, zeroes
from ..graph.passes import ASIDE, UPSCALE
from ..graph.reading_order import places
from ..graph.roles import NEGATIVE, POSITIVE, PRIMITIVE
from ..graph.stages import stages
from ..graph.workflow import Node
from ..words import words
from .author_words import AuthorWords
from .candidates import Labels
from .connections import SAMPLERS, Connections
from .prefixes import Contest, Prefix, Prefixes, Way, grouped, if_distinct
from .rules import Rule, Words, merge
from .traits import Traits

_DEEPEST: Final = 6
"""How many kinds of difference are combined."""

_OF_TEXTS: Final = frozenset({"prompt", "text", "string", "value", "clip"})
"""Nouns of classes that say no more than that a value is a text."""


class Siblings:
    """The differences between the nodes of a workflow."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._stages = stages(labels.workflow, labels.facts)
        traits = Traits(labels)
        self.place: dict[str, int] = places(labels.workflow, labels.facts)
        said = AuthorWords(labels, traits)
        linked = Connections(labels, traits)
        self._ways: tuple[Way, ...] = (
            said.by_title,
            said.by_subgraph,
            said.by_part,
            self.by_family,
            linked.by_enhancer,
            linked.by_medium,
            self.by_stage,
            self.by_side,
            linked.by_pass,
            linked.by_switch,
            linked.by_socket,
            linked.by_interpolation,
            linked.by_branch,
            linked.by_file,
            linked.by_purpose,
            linked.by_partner,
            linked.by_loaded,
            linked.by_source,
            linked.by_output,
            said.by_group,
            self.by_kind_of_value,
            self.by_class,
        )

    def prefixes(
        self, nodes: list[Node], owners: frozenset[str], depth: int = 0
    ) -> Prefixes:
        """A prefix for each node. `owners` keep the bare name if they are the only ones of their
        kind.
        """
        if len(nodes) < 2:
            return {node.id: Prefix() for node in nodes}
        if depth < _DEEPEST:
            contest = Contest(
                nodes, owners, lambda some, own: self.prefixes(some, own, depth + 1)
            )
            for way in self._ways:
                found = way(contest)
                if found is not None:
                    return found
        return self._by_number(nodes)

    def by_family(self, contest: Contest) -> Prefixes | None:
        """By the kinds of their classes: one that owns the name keeps it bare, the others add their
        kind.
        """
        owning = [node for node in contest.nodes if node.id in contest.owners]
        others = [node for node in contest.nodes if node.id not in contest.owners]
        kinds = {node.id: self._noun(node) for node in others or owning}
        if owning and others:
            kinds |= dict.fromkeys((node.id for node in owning), ())
        parts = grouped(contest.nodes, kinds)
        if len(parts) < 2:
            return None
        if not others and self._staged(contest.nodes):
            return None
        found: Prefixes = {}
        for noun, part in parts.items():
            for id, prefix in contest.rest(part).items():
                rule = prefix.rule or Rule.NOUN
                sided = prefix.words in ((POSITIVE,), (NEGATIVE,))
                kept = () if sided or prefix.rule is Rule.APART else noun
                found[id] = prefix._replace(noun=merge(kept, prefix.noun), rule=rule)
        return found

    def by_stage(self, contest: Contest) -> Prefixes | None:
        keys = {node.id: self._stages.get(node.id, ()) for node in contest.nodes}
        aside = [node for node in contest.nodes if keys[node.id] == ASIDE]
        if not aside:
            return contest.within(keys, Rule.STAGE)
        if len(aside) == len(contest.nodes) or not all(keys.values()):
            return None
        return contest.within_some(
            {id: () if key == ASIDE else key for id, key in keys.items()}, Rule.STAGE
        )

    def _noun(self, node: Node) -> Words:
        """The kind of the node. A node that upscales between two passes belongs to the second
        one.
        """
        if not node.links and all(PRIMITIVE.issuperset(words(n)) for n in node.values):
            return ()  # A constant is named for what it feeds.
        noun = self._labels.class_noun(node)
        if noun == ("image",) and "video" in class_words(node.class_type):
            noun = ("video",)  # It makes a video of one.
        if _OF_TEXTS.issuperset(noun):
            return ()
        stage = self._stages.get(node.id, ())
        return stage if noun == ("resize",) and stage == (UPSCALE,) else noun

    def _staged(self, nodes: list[Node]) -> bool:
        stages = {self._stages.get(node.id, ()) for node in nodes}
        return () not in stages and len(stages) > 1

    def by_side(self, contest: Contest) -> Prefixes | None:
        """By the side of the prompt that their texts become, and whether the conditioning is then
        zeroed.
        """
        keys = {node.id: self._side(node) for node in contest.nodes}
        return contest.within(keys, Rule.ROLE)

    def _side(self, node: Node) -> Words:
        side = self._labels.roles.side(node)
        if side not in (POSITIVE, NEGATIVE):
            return ()
        nodes = self._labels.workflow.nodes
        zeroed = any(
            link.node in nodes and zeroes(nodes[link.node])
            for link in node.links.values()
        )
        return ("zero", side) if zeroed else (side,)

    def by_kind_of_value(self, contest: Contest) -> Prefixes | None:
        """By the kinds of their values, if they are constants: a frame rate as an integer and as a
        float.
        """
        held = {
            node.id: tuple(
                word for word in words(node.class_type) if word in ("int", "float")
            )
            for node in contest.nodes
            if not node.links
        }
        return if_distinct(held, Rule.NOUN) if len(held) == len(contest.nodes) else None

    def by_class(self, contest: Contest) -> Prefixes | None:
        """By the words in which their classes differ although they have the same noun."""
        spoken = {node.id: class_words(node.class_type) for node in contest.nodes}
        common = set.intersection(*map(set, spoken.values()))
        dull = common | vocabulary().packs | vocabulary().fillers | _OF_TEXTS
        telling = {
            id: tuple(word for word in each if word not in dull)
            for id, each in spoken.items()
        }
        first = {id: each[:1] for id, each in telling.items()}
        plain = [id for id, each in first.items() if not each]
        alike = {family_of(node.class_type) for node in contest.nodes}
        distinct = len(set(first.values())) == len(first)
        if len(plain) == 1 and distinct and len(alike) == 1 and all(alike):
            return {id: Prefix(each, rule=Rule.NOUN) for id, each in first.items()}
        return if_distinct(first, Rule.NOUN)

    def _order(self, node: Node) -> tuple[int, int]:
        """The place of the first sampler that it sets, if it sets nothing else, then its own: the
        settings of a later pass may be read before the pass whose result it refines.
        """
        place = self.place[node.id]
        users = {use.node for use in self._labels.workflow.uses[node.id]}
        if not users or not all(map(self._samples, users)):
            return place, place
        return min(self.place[id] for id in users), place

    def _samples(self, id: str) -> bool:
        node = self._labels.workflow.nodes[id]
        return bool(node.links) and has_word(node, SAMPLERS)

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
        ordered = sorted(nodes, key=self._order)
        if len(set(written.values())) == len(written):
            taken = {number for number in written.values() if number.isdecimal()}
        else:
            taken = set()
        free = (str(at) for at in count(1) if str(at) not in taken)
        return {
            node.id: (
                Prefix(number=written[node.id], rule=Rule.APART)
                if written.get(node.id) in taken
                else Prefix(number=next(free), rule=Rule.NUMBER)
            )
            for node in ordered
        }
