"""Similar nodes distinguished by what they are linked to: sockets, outputs, sources, partners,
files.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from ..catalog.vocabulary import family_of
from ..graph.kinds import has_word
from ..graph.roles import NEGATIVE, POSITIVE
from ..graph.workflow import Node
from ..words import words
from .candidates import ENHANCER, Labels
from .model_files import file_words, tuned_for
from .prefixes import Contest, Prefix, Prefixes, if_distinct
from .rules import Rule, Words
from .traits import DEEPEST, Traits, saved_as, without_numbers

_MEDIA: Final = frozenset({"audio", "video", "image"})


SAMPLERS: Final = frozenset({"sampler", "ksampler"})


class Connections:
    """What precedes and follows the nodes of a workflow."""

    def __init__(self, labels: Labels, traits: Traits) -> None:
        self._labels = labels
        self._workflow = labels.workflow
        self._traits = traits

    def by_switch(self, contest: Contest) -> Prefixes | None:
        """If a switch selects one of two: the one that it selects when on gets the author's name
        for being on.
        """
        if len(contest.nodes) != 2:
            return None
        ways: dict[str, str] = {}
        switches: set[str] = set()
        for node in contest.nodes:
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

    def by_socket(self, contest: Contest) -> Prefixes | None:
        found = {node.id: self._traits.socket(node) for node in contest.nodes}
        bare = {id: without_numbers(each) for id, each in found.items()}
        if len(set(bare.values())) > 1:
            return if_distinct(bare, Rule.SOCKET)
        # Sockets that differ only in their number: layer1 and layer2.
        stem = next(iter(bare.values()))
        numbers = {
            id: "".join(filter(str.isdecimal, "".join(each)))
            for id, each in found.items()
        }
        if (
            not stem
            or "" in numbers.values()
            or len(set(numbers.values())) < len(contest.nodes)
        ):
            return None
        return {
            id: Prefix(noun=stem, number=number, rule=Rule.SOCKET)
            for id, number in numbers.items()
        }

    def by_interpolation(self, contest: Contest) -> Prefixes | None:
        """Videos with frames in between are distinguished from those of what was made alone."""
        if {family_of(node.class_type) for node in contest.nodes} != {("video",)}:
            return None
        found = {
            node.id: (
                ("interpolated",)
                if any(
                    family_of(source.class_type) == ("interpolation",)
                    for source in self._traits.media_sources(node)
                )
                else ()
            )
            for node in contest.nodes
        }
        return contest.within_some(found, Rule.PARTNER)

    def by_branch(self, contest: Contest) -> Prefixes | None:
        """By the author's names for the only outputs that they lead to."""
        ends = {
            node.id: self._traits.ends.get(node.id, frozenset())
            for node in contest.nodes
        }
        if all(len(each) == 1 for each in ends.values()):
            savers = {
                id: self._workflow.nodes[next(iter(each))] for id, each in ends.items()
            }
            said = {id: self._traits.said(saver) for id, saver in savers.items()}
            if (found := if_distinct(said, Rule.BRANCH)) is not None:
                return found
            prefixes = {id: saved_as(saver) for id, saver in savers.items()}
            if (found := if_distinct(prefixes, Rule.BRANCH)) is not None:
                return found
        return None

    def by_source(self, contest: Contest) -> Prefixes | None:
        """By the kinds of the nodes that serve each one alone: a LoRA for one, a model for the
        other.
        """
        kinds = {node.id: self._traits.source_kinds(node) for node in contest.nodes}
        counts = Counter(kind for each in kinds.values() for kind in set(each))
        own = {
            id: next((kind for kind in each if counts[kind] == 1), ())
            for id, each in kinds.items()
        }
        return if_distinct(own, Rule.PARTNER)

    def by_output(self, contest: Contest) -> Prefixes | None:
        """By what the names of the nearest outputs of each have in common."""
        keys = {node.id: self._traits.leads_to(node) for node in contest.nodes}
        return contest.wholly_within(keys, Rule.BRANCH)

    def by_file(self, contest: Contest) -> Prefixes | None:
        found = {node.id: self._traits.file_word(node) for node in contest.nodes}
        if any(found.values()) and not all(found.values()):
            found |= self._traits.own_file_words(contest.nodes, found)
        return if_distinct(found, Rule.FILE)

    def by_purpose(self, contest: Contest) -> Prefixes | None:
        """By what LoRAs are for, if only some of their files say so."""
        return contest.within_some(
            {node.id: tuned_for(node) for node in contest.nodes}, Rule.FILE
        )

    def by_medium(self, contest: Contest) -> Prefixes | None:
        """By the medium that model files are for: an audio VAE serves all stages."""
        found = {
            node.id: tuple(word for word in file_words(node) if word in _MEDIA)
            for node in contest.nodes
        }
        return if_distinct(found, Rule.FILE)

    def by_enhancer(self, contest: Contest) -> Prefixes | None:
        """The nodes that only a prompt enhancer uses are distinguished from those that make the
        result.
        """
        found: dict[str, Words] = {}
        for node in contest.nodes:
            users = [self._workflow.nodes[u.node] for u in self._workflow.uses[node.id]]
            enhances = users and all(
                self._labels.class_noun(user) == ENHANCER for user in users
            )
            found[node.id] = ENHANCER if enhances else ()
        return contest.within_some(found, Rule.PARTNER)

    def by_partner(self, contest: Contest) -> Prefixes | None:
        """By what distinguishes the nodes that these feed, if each feeds one of its own and all of
        those have one class.
        """
        partners: dict[str, Node] = {}
        for node in contest.nodes:
            users = {use.node for use in self._workflow.uses[node.id]}
            if len(users) != 1:
                return None
            partners[node.id] = self._workflow.nodes[users.pop()]
        classes = {partner.class_type for partner in partners.values()}
        ids = {partner.id for partner in partners.values()}
        if len(classes) > 1 or len(ids) < len(contest.nodes) or ids & set(partners):
            return None
        settled = contest.settle(list(partners.values()), frozenset())
        if not all(_is_distinct(each) for each in settled.values()):
            return None
        return {
            id: settled[partner.id]._replace(rule=Rule.PARTNER)
            for id, partner in partners.items()
        }

    def by_pass(self, contest: Contest) -> Prefixes | None:
        """The texts by the samplers or detailers that they are for, if each has one of its own."""
        passes: dict[str, Node] = {}
        for node in contest.nodes:
            user = self._pass_of(node)
            if user is None:
                return None
            passes[node.id] = user
        users = {user.id: user for user in passes.values()}
        if len(users) < len(contest.nodes) or users.keys() & passes.keys():
            return None
        samplers = {id for id, user in users.items() if has_word(user, SAMPLERS)}
        settled = contest.settle(list(users.values()), frozenset(samplers))
        if not any(each.words or each.noun for each in settled.values()):
            return None
        return {
            id: settled[user.id]._replace(rule=Rule.PARTNER)
            for id, user in passes.items()
        }

    def _pass_of(self, node: Node) -> Node | None:
        """The only sampler or detailer to which a text leads through nodes that change its prompt
        only.
        """
        if self._labels.roles.side(node) not in (POSITIVE, NEGATIVE):
            return None
        for _ in range(DEEPEST):
            users = {use.node for use in self._workflow.uses[node.id]}
            if len(users) != 1:
                return None
            node = self._workflow.nodes[users.pop()]
            if {"steps", "denoise", "cfg"} & {*node.values, *node.links}:
                return node
        return None

    def by_loaded(self, contest: Contest) -> Prefixes | None:
        """By the files that the nodes process, each its own: start and end image, or two people."""
        found: dict[str, Words] = {}
        for node in contest.nodes:
            said = self._traits.loaded(node)
            if not said:
                return None
            found[node.id] = said
        return if_distinct(found, Rule.PARTNER)


def _is_distinct(prefix: Prefix) -> bool:
    """Whether a prefix distinguishes its node by more than a number that we chose."""
    if prefix.number:
        return bool(prefix.noun) and prefix.rule is Rule.APART
    return bool(prefix.words)
