"""The traits of a node that could distinguish it from similar ones: its title, sockets, outputs,
files and place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import Final

from ..catalog.vocabulary import family_of, vocabulary
from ..graph.roles import side_in
from ..graph.workflow import Node
from ..words import words
from .candidates import Labels
from .model_files import MODEL_FILE, file_words, plain_word
from .rules import Words
from .spots import own_words

_MEDIA_FILE: Final = re.compile(
    r".\.(png|jpe?g|webp|mp4|mov|webm|mkv|gif|wav|mp3|flac)$", re.IGNORECASE
)
_SHOWN: Final = frozenset("""
    canny depth scribble lineart openpose pose softedge normal seg left right front back face person
    background style mask
    """.split())
"""Words in the names of image files that say what the image shows."""

_PREFIXES: Final = ("filename_prefix", "save_prefix", "prefix", "filename")
_DECIMAL: Final = re.compile(r"(?<![^\W_])\d+\.\d+(?![^\W_])")
"""A setting in a file's name: `denoise_0.3`."""

_CLOCK: Final = re.compile(r"\d{4,}")
"""A date or a time in a file's name."""

_DULL_PREFIXES: Final = frozenset(
    "comfyui comfy output outputs image images video audio img result results final".split()
)
_PLAIN_SOCKETS: Final = frozenset({""}) | frozenset("""
    image images pixels video audio mask input any value positive negative model clip vae latent
    samples image_output conditioning control net text string prompt lora stack hooks noise sigmas
    guider sampler a b on off true false on_true on_false data pipe options source destination
    from to c
    """.split())
_UNTOLD: Final = frozenset("image images video audio mask input file".split())
"""Words in the names of files that don't tell one from another."""

_TURNS_ON: Final = frozenset("enable use turn on switch is mode".split())
_MEDIA: Final = frozenset({"IMAGE", "MASK", "VIDEO", "AUDIO", "*"})
DEEPEST: Final = 6
"""How many nodes away traits are searched for."""


class Traits:
    """The traits of a workflow's nodes."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._workflow = labels.workflow
        self._media: dict[str, tuple[Node, ...]] = {}

    def said(self, node: Node) -> Words:
        said = self._labels.titles.said[node.id]
        return () if all(word.isdecimal() for word in said) else said

    def switched_by(self, switch: Node) -> Words:
        """The author's name for turning a switch on."""
        for name, link in switch.links.items():
            source = self._workflow.nodes.get(link.node)
            if source is not None and {"switch", "boolean"}.intersection(words(name)):
                said = self._labels.titles.said[source.id]
                return _without_turning(said)
        said = self._labels.titles.said[switch.id]
        return _without_turning(said)

    def socket(self, node: Node) -> Words:
        """The first meaningful name of an input that the node's output, or what is made of it
        alone, is linked to.
        """
        for _ in range(DEEPEST):
            uses = self._workflow.uses[node.id]
            if node.id not in self._workflow.used_by_one:
                return ()
            names = {own_words(use.input) for use in uses}
            if len(names) == 1:
                name = names.pop()
                is_plain = _PLAIN_SOCKETS.issuperset(without_numbers(name))
                if not is_plain and side_in(name) is None:
                    return name[:2]
            node = self._workflow.nodes[uses[0].node]
        return ()

    @cached_property
    def ends(self) -> dict[str, frozenset[str]]:
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

    def leads_to(self, node: Node) -> Words:
        """What the author's names for the outputs nearest to a node have in common."""
        names = [
            self._called(self._workflow.nodes[id]) for id in self._nearest[node.id]
        ]
        common = set(names[0]).intersection(*names[1:]) if names else set()
        return (
            tuple(word for word in names[0] if word in common and not word.isdecimal())
            if common
            else ()
        )

    @cached_property
    def _nearest(self) -> dict[str, tuple[str, ...]]:
        """For each node, the nearest outputs with a name of their author's."""
        found: dict[str, tuple[int, tuple[str, ...]]] = {}
        for node in reversed(self._workflow.nodes.values()):
            if not self._workflow.uses[node.id]:
                found[node.id] = (0, (node.id,) if self._called(node) else ())
                continue
            reached = [
                found[use.node]
                for use in self._workflow.uses[node.id]
                if use.node in found and found[use.node][1]
            ]
            steps = min((each for each, _ in reached), default=0)
            ids = dict.fromkeys(
                id for each, ids in reached if each == steps for id in ids
            )
            found[node.id] = (steps + 1, tuple(ids)[:DEEPEST])
        return {id: ids for id, (_, ids) in found.items()}

    def _called(self, saver: Node) -> Words:
        return self.said(saver) or saved_as(saver)

    def file_word(self, node: Node) -> Words:
        """A plain word of the file that the node loads, or that another node loads for it alone."""
        sources = [node, *self._own_sources(node)]
        for each in sources:
            for value in each.values.values():
                if isinstance(value, str) and MODEL_FILE.search(value):
                    found = plain_word(words(re.split(r"[\\/]", value)[-1]))
                    if found:
                        return found
        for value in node.values.values():
            if isinstance(value, str) and _MEDIA_FILE.search(value):
                said = words(re.split(r"[\\/]", value)[-1])
                if shown := tuple(word for word in said if word in _SHOWN):
                    return shown[:1]
        for each in sources[1:]:
            family = family_of(each.class_type)
            if family and family[0] in vocabulary().plain:
                return family
        return ()

    def own_file_words(
        self, nodes: list[Node], found: Mapping[str, Words]
    ) -> dict[str, Words]:
        """For nodes whose files have no plain word: the first word that no other file has."""
        spoken = {node.id: file_words(node) for node in nodes}
        counts = Counter(word for each in spoken.values() for word in set(each))
        return {
            node.id: next(
                (
                    (word,)
                    for word in spoken[node.id]
                    if counts[word] == 1
                    and len(word) > 3
                    and word.isalpha()
                    and word not in vocabulary().fillers
                ),
                (),
            )
            for node in nodes
            if not found[node.id]
        }

    def _own_sources(self, node: Node) -> list[Node]:
        """The nodes that only this one uses, nearest first."""
        found: list[Node] = []
        pending = [node]
        while pending and len(found) < 2 * DEEPEST:
            for _, link in sorted(pending.pop(0).links.items()):
                source = self._workflow.nodes.get(link.node)
                if source is None or source in found or len(found) >= 2 * DEEPEST:
                    continue
                alone = source.id in self._workflow.used_by_one
                if alone and source.class_type != node.class_type:
                    found.append(source)
                    pending.append(source)
        return found

    def source_kinds(self, node: Node) -> list[Words]:
        """The kinds of the nodes that load a model file for this one alone, nearest first."""
        families = (
            family_of(each.class_type)
            for each in self._own_sources(node)
            if file_words(each)
        )
        return [family for family in families if family]

    def media_sources(self, node: Node) -> list[Node]:
        """The nodes that supply the images, videos and sounds that this one processes, nearest
        first.
        """
        found: dict[str, Node] = {}
        pending = [node]
        while pending and len(found) < 2 * DEEPEST:
            for source in self._media_links(pending.pop(0)):
                if source.id not in found:
                    found[source.id] = source
                    pending.append(source)
        return list(found.values())

    def _media_links(self, node: Node) -> tuple[Node, ...]:
        """The nodes from which this one takes an image, a video or a sound, in order of its inputs'
        names.
        """
        if node.id not in self._media:
            found: dict[str, Node] = {}
            for _, link in sorted(node.links.items()):
                source = self._workflow.nodes.get(link.node)
                if source is None:
                    continue
                facts = self._labels.facts[source.class_type]
                outputs = facts.outputs if facts is not None else ()
                if _MEDIA.issuperset(outputs[link.output : link.output + 1]):
                    found[source.id] = source
            self._media[node.id] = tuple(islice(found.values(), 2 * DEEPEST))
        return self._media[node.id]

    def loaded(self, node: Node) -> Words:
        """The words that describe the only file that this node loads or processes."""
        found = set()
        for source in (node, *self.media_sources(node)):
            name = self._labels.files.loaded_by(source)
            if name:
                found.add(tuple(word for word in name if word not in _UNTOLD) or name)
        return found.pop()[:2] if len(found) == 1 else ()


def without_numbers(name: Words) -> Words:
    """The meaningful words of a socket's name, without numbers."""
    bare = (
        word if word in vocabulary().numbered else word.rstrip("0123456789")
        for word in name
    )
    return tuple(word for word in bare if word not in _PLAIN_SOCKETS)


def saved_as(saver: Node) -> Words:
    """The words of the prefix of the file that a node saves."""
    for name in _PREFIXES:
        value = saver.values.get(name)
        if isinstance(value, str):
            said = words(re.sub(_DECIMAL, " ", re.split(r"[\\/]", value)[-1]))
            telling = tuple(word for word in said if word not in _DULL_PREFIXES)
            telling = tuple(word for word in telling if not _CLOCK.fullmatch(word))
            if all(word.isdecimal() for word in telling):
                named = tuple(word for word in said if word not in ("comfyui", "comfy"))
                return named[:3] if telling else ()
            return telling[:3]
    return ()


def _without_turning(said: Words) -> Words:
    """What the title of a switch says that it turns on; in how many steps that works is no part of
    its name.
    """
    counted = {said[at + 1] for at, word in enumerate(said[:-1]) if word.isdecimal()}
    dull = _TURNS_ON | counted & {"step", "steps"}
    return tuple(w for w in said if w not in dull and not w[0].isdecimal())[:2]
