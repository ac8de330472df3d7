"""Inputs that belong together: deployed with equal values and connected by the graph.

Equal values alone prove nothing: two independent pipelines may both use 20 steps. Each rule
describes a shape of the graph that makes several inputs one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable
from typing import Final

from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Text

from ..graph.roles import NEGATIVE, POSITIVE
from ..graph.workflow import Node
from ..words import words
from .analysis import Analysis
from .drafts import Draft
from .halves import halves
from .repeated import repeated
from .shareable import RATES, Pairs, Shareable, first_with_each, is_prompt, value_of

Sets = tuple[tuple[WireKey, ...], ...]

_LIKELY: Final = frozenset({"steps", "cfg", "sampler_name", "scheduler", "denoise"})
_PREFIXES: Final = frozenset({"filename", "prefix"})

_FOR_ONE_MODEL: Final = re.compile(r"(?:text|clip)_?[lg]|t5_?xxl").fullmatch
"""Names of texts that one of an encoder's models takes: even blank ones belong together."""


def belonging(analysis: Analysis) -> Sets:
    """The sets of inputs that belong together, each in order of data flow."""
    inputs = Shareable(analysis)
    joined = _Joined(inputs)
    for rule in (halves, _twins, _texts_of_an_encoder, _sizes, _writers, repeated):
        joined.add(rule(inputs))
    return joined.sets()


def likely(analysis: Analysis) -> Sets:
    """Sets that may belong together: samplers in one flow with equal settings. Only the workflow's
    author can tell.
    """
    inputs = Shareable(analysis)
    buckets: dict[Hashable, list[Draft]] = defaultdict(list)
    for draft in inputs.drafts.values():
        facts = inputs.facts[draft.node.class_type]
        if draft.input in _LIKELY and facts is not None and "LATENT" in facts.outputs:
            kind = draft.input, draft.node.class_type, value_of(draft)
            buckets[kind].append(draft)
    joined = _Joined(inputs)
    for drafts in buckets.values():
        pairs = inputs.in_one_flow(drafts, lambda draft: draft.node)
        joined.add((one.key, other.key) for one, other in pairs)
    return joined.sets()


class _Joined:
    """Sets of inputs, which grow as pairs of inputs join them."""

    def __init__(self, inputs: Shareable) -> None:
        self._drafts = inputs.drafts
        self._parent: dict[WireKey, WireKey] = {}

    def add(self, pairs: Pairs) -> None:
        """Join the inputs of each pair if their types and values are the same."""
        for one, other in pairs:
            first, second = self._drafts.get(one), self._drafts.get(other)
            if first is None or second is None or one == other:
                continue
            same_type = type(first.type) is type(second.type)
            if same_type and value_of(first) == value_of(second):
                self._parent[self._root(other)] = self._root(one)

    def sets(self) -> Sets:
        """The sets, and the inputs in each, in the order of the workflow."""
        found: dict[WireKey, list[WireKey]] = defaultdict(list)
        for key in self._drafts:
            if key in self._parent:
                found[self._root(key)].append(key)
        return tuple(tuple(keys) for keys in found.values() if len(keys) > 1)

    def _root(self, key: WireKey) -> WireKey:
        while (parent := self._parent.setdefault(key, key)) != key:
            key = parent
        return key


def _twins(inputs: Shareable) -> Pairs:
    """Pairs of encoders of one class for the two sides of a prompt: every input but the texts."""
    roles = inputs.roles
    by_class: dict[str, list[Node]] = defaultdict(list)
    for node in inputs.nodes.values():
        if roles.side(node) in (POSITIVE, NEGATIVE) and roles.encodes(node):
            by_class[node.class_type].append(node)
    for nodes in by_class.values():
        for one, other in inputs.in_one_flow(nodes, lambda node: node):
            if roles.side(one) != roles.side(other):
                yield from inputs.alike(
                    one, other, lambda draft: not isinstance(draft.type, Text)
                )


def _texts_of_an_encoder(inputs: Shareable) -> Pairs:
    """The texts that an encoder takes for several language models."""
    for id, drafts in inputs.by_node.items():
        if inputs.roles.encodes(inputs.nodes[id]):
            yield from first_with_each(
                draft.key
                for draft in drafts
                if is_prompt(draft)
                or (isinstance(draft.type, Text) and _FOR_ONE_MODEL(draft.input))
            )


def _sizes(inputs: Shareable) -> Pairs:
    """Nodes in one flow that repeat a width and a height."""
    for pair in (("width", "height"), ("target_width", "target_height")):
        buckets: dict[Hashable, list[Node]] = defaultdict(list)
        for node in inputs.nodes.values():
            keys = [WireKey(node.id, name) for name in pair]
            values = [
                value_of(inputs.drafts[key]) for key in keys if key in inputs.drafts
            ]
            if len(values) == 2 and values[0] not in ("0", "1"):
                buckets[tuple(values)].append(node)
        for nodes in buckets.values():
            for one, other in inputs.in_one_flow(nodes, lambda node: node):
                for name in pair:
                    yield WireKey(one.id, name), WireKey(other.id, name)


def _writers(inputs: Shareable) -> Pairs:
    """The settings of several output nodes of one class, such as the frame rate and the format of
    videos.
    """
    writers: dict[str, list[Node]] = defaultdict(list)
    for node in inputs.nodes.values():
        if RATES & {*node.values, *node.links} and node.id in inputs.ends:
            writers[node.class_type].append(node)
    for nodes in writers.values():
        for one, other in zip(nodes, nodes[1:], strict=False):
            yield from inputs.alike(
                one, other, lambda draft: _PREFIXES.isdisjoint(words(draft.input))
            )
