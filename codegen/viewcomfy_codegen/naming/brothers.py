"""What tells nodes apart whose inputs would have one name: one prefix for all inputs of a node, and
every brother carries his.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from ..catalog.vocabulary import class_words, vocabulary
from ..graph.roles import NEGATIVE, POSITIVE, PRIMITIVE, side_in
from ..graph.stages import UPSCALE, stages
from ..graph.workflow import Node, natural
from ..words import words
from .candidates import Labels, own_words
from .rules import Rule, Words, merge
from .surroundings import Surroundings

MODEL_FILE: Final = re.compile(
    r".\.(safetensors|sft|ckpt|pth?|bin|onnx|gguf|engine)$", re.IGNORECASE
)
_PREFIXES: Final = ("filename_prefix", "save_prefix", "prefix", "filename")
_DULL_PREFIXES: Final = frozenset(
    "comfyui comfy output outputs image images video audio img result results final".split()
)
_PLAIN_SOCKETS: Final = frozenset({""}) | frozenset(
    "image images pixels video audio mask input any value positive negative model clip vae"
    " latent samples image_output"
    " conditioning control net text string prompt lora stack hooks noise sigmas guider sampler a"
    " b on off true false on_true"
    " on_false data pipe options source destination".split()
)
_TURNS_ON: Final = frozenset("enable use turn on switch is mode".split())
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
                self._by_group,
            ):
                found = way(nodes, owners, depth)
                if found is not None:
                    return found
        return self._by_number(nodes)

    # The author's word

    def _by_title(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        said = {node.id: self._said(node) for node in nodes}
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

    def _said(self, node: Node) -> Words:
        said = self._labels.titles.said[node.id]
        return () if all(word.isdecimal() for word in said) else said

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
        said = self._switched_by(self._workflow.nodes[switches.pop()])
        return (
            {
                id: Prefix(said if way == "on" else (), rule=Rule.SOCKET)
                for id, way in ways.items()
            }
            if said
            else None
        )

    def _switched_by(self, switch: Node) -> Words:
        """What the author of the value that turns a switch on calls that."""
        for name, link in switch.links.items():
            source = self._workflow.nodes.get(link.node)
            if source is not None and {"switch", "boolean"}.intersection(words(name)):
                said = self._labels.titles.said[source.id]
                return tuple(w for w in said if w not in _TURNS_ON)[:2]
        said = self._labels.titles.said[switch.id]
        return tuple(w for w in said if w not in _TURNS_ON)[:2]

    def _by_socket(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        found = {node.id: self._socket(node) for node in nodes}
        bare = {id: _without_numbers(each) for id, each in found.items()}
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

    def _socket(self, node: Node) -> Words:
        """The first telling name of an input that the node's output, or what was made of it alone,
        is linked to.
        """
        for _ in range(_DEEPEST):
            uses = self._workflow.uses[node.id]
            if len({use.node for use in uses}) != 1:
                return ()
            names = {own_words(use.input) for use in uses}
            if len(names) == 1:
                name = names.pop()
                told = _PLAIN_SOCKETS.issuperset(_without_numbers(name))
                if not told and side_in(name) is None:
                    return name[:2]
            node = self._workflow.nodes[uses[0].node]
        return ()

    def _by_branch(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        ends = {node.id: self._ends.get(node.id, frozenset()) for node in nodes}
        if len(set(ends.values())) < len(nodes) or any(
            len(each) != 1 for each in ends.values()
        ):
            return None
        savers = {
            id: self._workflow.nodes[next(iter(each))] for id, each in ends.items()
        }
        said = {id: self._said(saver) for id, saver in savers.items()}
        if (found := _if_distinct(said, Rule.BRANCH)) is not None:
            return found
        prefixes = {id: _saved_as(saver) for id, saver in savers.items()}
        return _if_distinct(prefixes, Rule.BRANCH)

    @cached_property
    def _ends(self) -> dict[str, frozenset[str]]:
        """The output nodes that each node leads to."""
        found: dict[str, frozenset[str]] = {}
        for node in reversed(self._workflow.nodes.values()):
            facts = self._labels.facts[node.class_type]
            uses = self._workflow.uses[node.id]
            ends = frozenset[str]()
            for use in uses:
                ends |= found.get(use.node, frozenset())
            if (facts is not None and facts.output_node) or not uses:
                ends |= {node.id}
            found[node.id] = ends if len(ends) < 3 else frozenset(sorted(ends)[:3])
        return found

    def _by_file(
        self, nodes: list[Node], owners: frozenset[str], depth: int
    ) -> Prefixes | None:
        found = {node.id: self._file_word(node) for node in nodes}
        if any(found.values()) and not all(found.values()):
            found |= self._own_file_words(nodes, found)
        return _if_distinct(found, Rule.FILE)

    def _own_file_words(
        self, nodes: list[Node], found: Mapping[str, Words]
    ) -> dict[str, Words]:
        """For those whose files have no plain word: the first that no other's file has."""
        spoken = {node.id: _file_words(node) for node in nodes}
        counts = Counter(word for each in spoken.values() for word in set(each))
        return {
            node.id: next(
                (
                    (word,)
                    for word in spoken[node.id]
                    if counts[word] == 1 and len(word) > 3 and word.isalpha()
                ),
                (),
            )
            for node in nodes
            if not found[node.id]
        }

    def _file_word(self, node: Node) -> Words:
        """A plain word of the model's file that the node loads, or that another loads for it alone."""
        sources = [node, *self._own_sources(node)]
        for each in sources:
            for value in each.values.values():
                if isinstance(value, str) and MODEL_FILE.search(value):
                    found = _plain_word(words(re.split(r"[\\/]", value)[-1]))
                    if found:
                        return found
        for each in sources[1:]:
            family = vocabulary().family(class_words(each.class_type))
            if family and family[0] in vocabulary().plain:
                return family
        return ()

    def _own_sources(self, node: Node) -> list[Node]:
        """The nodes that only this one uses, nearest first."""
        found: list[Node] = []
        pending = [node]
        while pending and len(found) < 2 * _DEEPEST:
            for _, link in sorted(pending.pop(0).links.items()):
                source = self._workflow.nodes.get(link.node)
                if source is None or source in found:
                    continue
                users = {use.node for use in self._workflow.uses[source.id]}
                if len(users) == 1 and source.class_type != node.class_type:
                    found.append(source)
                    pending.append(source)
        return found

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
            said = self._loaded(node)
            if not said:
                return None
            found[node.id] = said
        return _if_distinct(found, Rule.PARTNER)

    def _loaded(self, node: Node) -> Words:
        """What tells about the one file that only this node works on."""
        found = set()
        for source in self._own_sources(node):
            name = self._labels.file_name(source)
            if name:
                found.add(tuple(word for word in name if word not in _PLAIN_SOCKETS))
        return found.pop()[:2] if len(found) == 1 else ()

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

    @cached_property
    def place(self) -> dict[str, int]:
        """Each node's place as one reads the flow backwards from each output: what belongs together
        stands together.
        """
        found: dict[str, int] = {}
        ends = [id for id, uses in self._workflow.uses.items() if not uses]
        rest = [id for id in self._workflow.nodes if self._workflow.uses[id]]
        for end in [*sorted(ends, key=natural), *rest]:
            self._visit(end, found)
        return found

    def _visit(self, end: str, found: dict[str, int]) -> None:
        pending: list[tuple[str, bool]] = [(end, False)]
        entered: set[str] = set()
        while pending:
            id, done = pending.pop()
            if id in found:
                continue
            if done:
                found[id] = len(found)
                continue
            if id in entered:
                continue
            entered.add(id)
            pending.append((id, True))
            node = self._workflow.nodes[id]
            for name in reversed(self._in_order(node)):
                source = node.links[name].node
                if source in self._workflow.nodes and source not in found:
                    pending.append((source, False))

    def _in_order(self, node: Node) -> list[str]:
        facts = self._labels.facts[node.class_type]
        declared = list(facts.inputs) if facts is not None else []
        listed = [name for name in declared if name in node.links]
        rest = sorted((name for name in node.links if name not in listed), key=natural)
        return listed + rest


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


def _without_numbers(name: Words) -> Words:
    """The telling words of a socket's name, without numbers."""
    bare = (word.rstrip("0123456789") for word in name)
    return tuple(word for word in bare if word not in _PLAIN_SOCKETS)


def _saved_as(saver: Node) -> Words:
    """What tells about the file that a node saves: the words of its prefix."""
    for name in _PREFIXES:
        value = saver.values.get(name)
        if isinstance(value, str):
            said = words(re.split(r"[\\/]", value)[-1])
            telling = tuple(word for word in said if word not in _DULL_PREFIXES)
            if all(word.isdecimal() for word in telling):
                return said[:3] if telling else ()
            return telling[:3]
    return ()


def _file_words(node: Node) -> Words:
    """The words of the model's file that a node loads."""
    for value in node.values.values():
        if isinstance(value, str) and MODEL_FILE.search(value):
            return words(re.split(r"[\\/]", value)[-1].rpartition(".")[0])
    return ()


def _plain_word(parts: Words) -> Words:
    """The first word of a file's name that people use for what the model does."""
    for before, part in zip(("", *parts), parts, strict=False):
        if before == "stage" and len(part) == 1:
            return before, part
    return next(((part,) for part in parts if part in vocabulary().plain), ())


Way = Callable[[list[Node], frozenset[str], int], "Prefixes | None"]
