"""Inputs that belong together: deployed with equal values and connected by the graph.

Equal values alone prove nothing: two independent pipelines may both use 20 steps. Each rule here
describes a shape of the graph that makes several inputs one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, TypeVar

from viewcomfy_runtime.parameters.fields import UNUSED
from viewcomfy_runtime.parameters.key import WireKey
from viewcomfy_runtime.parameters.types import Integer, Media, Number, Text

from ..catalog.vocabulary import family_of
from ..graph.outputs import SharedOutputs, output_ids
from ..graph.roles import NEGATIVE, POSITIVE, sources
from ..graph.workflow import Node
from ..naming.texts import SERVER
from ..words import words
from .analysis import Analysis
from .declared_types import is_model_file
from .drafts import Draft
from .guessed_types import is_placeholder
from .types import is_random

Item = TypeVar("Item")
Sets = tuple[tuple[WireKey, ...], ...]

_OF_A_SCHEDULE: Final = frozenset(
    {"steps", "sampler_name", "scheduler", "noise_seed", "seed"}
)
"""What the two halves of one denoising process share."""

_LIKELY: Final = frozenset({"steps", "cfg", "sampler_name", "scheduler", "denoise"})

RATES: Final = frozenset({"frame_rate", "fps"})
_DURATIONS: Final = frozenset({"duration", "seconds"})
_FAR: Final = 3
"""The maximum number of links between the two halves of a denoising process."""

_LONGEST_CHAIN: Final = 32
"""How many nodes of a chain of LoRAs are followed."""

_PREFIXES: Final = frozenset({"filename", "prefix"})


def belonging(analysis: Analysis) -> Sets:
    """The sets of inputs that belong together, each in order of data flow."""
    return _Belonging(analysis).sets()


def likely(analysis: Analysis) -> Sets:
    """Sets that may belong together: samplers in one flow with equal settings. Only the workflow's
    author can tell.
    """
    return _Belonging(analysis).likely_sets()


class _Belonging:
    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._nodes = analysis.workflow.nodes
        self._drafts = {
            draft.key: draft
            for draft in analysis.drafts
            if draft.mask_of is None
            and not draft.hidden
            and draft.group != UNUSED
            and not isinstance(draft.type, Media)
        }
        self._by_node: dict[str, list[Draft]] = defaultdict(list)
        for draft in self._drafts.values():
            self._by_node[draft.node.id].append(draft)
        self._ends = output_ids(analysis.workflow, analysis.facts)
        self._shared = SharedOutputs(analysis.workflow, self._ends)
        self._parent: dict[WireKey, WireKey] = {}

    def sets(self) -> Sets:
        for rule in (
            self._halves,
            self._twins,
            self._texts_of_an_encoder,
            self._sizes,
            self._writers,
            self._equal_in_one_flow,
        ):
            for one, other in rule():
                self._join(one, other)
        return self._joined()

    def _joined(self) -> Sets:
        found: dict[WireKey, list[WireKey]] = defaultdict(list)
        for key in self._drafts:
            if key in self._parent:
                found[self._root(key)].append(key)
        return tuple(tuple(keys) for keys in found.values() if len(keys) > 1)

    def likely_sets(self) -> Sets:
        buckets: dict[Hashable, list[Draft]] = defaultdict(list)
        for draft in self._drafts.values():
            if draft.input in _LIKELY and "LATENT" in self._made_by(draft.node):
                buckets[draft.input, draft.node.class_type, _value(draft)].append(draft)
        for drafts in buckets.values():
            for one, other in self._shared.pairs(drafts, lambda each: each.node.id):
                self._join(one.key, other.key)
        return self._joined()

    def _made_by(self, node: Node) -> tuple[str, ...]:
        facts = self._analysis.facts[node.class_type]
        return facts.outputs if facts is not None else ()

    def _join(self, one: WireKey, other: WireKey) -> None:
        """Combine the two inputs if their types and values are the same."""
        first, second = self._drafts.get(one), self._drafts.get(other)
        if first is None or second is None or one == other:
            return
        if type(first.type) is not type(second.type) or _value(first) != _value(second):
            return
        self._parent[self._root(other)] = self._root(one)

    def _root(self, key: WireKey) -> WireKey:
        while (parent := self._parent.setdefault(key, key)) != key:
            key = parent
        return key

    def _halves(self) -> Iterator[tuple[WireKey, WireKey]]:
        """Pairs of samplers of one class in which the second continues from the latents of the
        first, each for part of the steps.
        """
        for node in self._nodes.values():
            before = self._half_before(node)
            if before is None:
                continue
            for name in node.values:
                if name in _OF_A_SCHEDULE:
                    yield WireKey(before.id, name), WireKey(node.id, name)
            yield WireKey(before.id, "end_at_step"), WireKey(node.id, "start_at_step")
            yield from self._models_of(before, node)

    def _half_before(self, node: Node) -> Node | None:
        """The sampler that ends at the step where this one starts, at most a few nodes before
        it.
        """
        start = node.values.get("start_at_step")
        if not start:
            return None
        level = [node]
        for _ in range(_FAR):
            level = [
                self._nodes[link.node]
                for each in level
                for link in sources(each)
                if link.node in self._nodes
            ]
            for other in level:
                if other.class_type == node.class_type:
                    return other if other.values.get("end_at_step") == start else None
        return None

    def _models_of(self, one: Node, other: Node) -> Iterator[tuple[WireKey, WireKey]]:
        """The inputs that the model nodes of two halves have in common, if these nodes have one
        class and load no file.
        """
        first, second = (self._feeding(each, "model") for each in (one, other))
        if first is None or second is None or first.id == second.id:
            return
        files = [each for each in self._by_node[first.id] if _is_file(each)]
        if first.class_type == second.class_type and not files:
            yield from self._alike(first, second)

    def _feeding(self, node: Node, name: str) -> Node | None:
        link = node.links.get(name)
        return self._nodes.get(link.node) if link is not None else None

    def _twins(self) -> Iterator[tuple[WireKey, WireKey]]:
        """Pairs of encoders of one class for the two sides of a prompt: every input except the
        texts.
        """
        roles = self._analysis.roles
        by_class: dict[str, list[Node]] = defaultdict(list)
        for node in self._nodes.values():
            if roles.side(node) in (POSITIVE, NEGATIVE) and roles.encodes(node):
                by_class[node.class_type].append(node)
        for nodes in by_class.values():
            for one, other in self._shared.pairs(nodes, lambda node: node.id):
                if roles.side(one) != roles.side(other):
                    yield from self._alike(
                        one, other, lambda each: not isinstance(each.type, Text)
                    )

    def _texts_of_an_encoder(self) -> Iterator[tuple[WireKey, WireKey]]:
        """The texts that an encoder takes for several language models."""
        for id, drafts in self._by_node.items():
            if self._analysis.roles.encodes(self._nodes[id]):
                yield from _pairs(
                    each.key
                    for each in drafts
                    if _is_prompt(each)
                    or (isinstance(each.type, Text) and _FOR_ONE_MODEL(each.input))
                )

    def _sizes(self) -> Iterator[tuple[WireKey, WireKey]]:
        """Nodes in one flow that repeat a width and a height."""
        for pair in (("width", "height"), ("target_width", "target_height")):
            buckets: dict[Hashable, list[Node]] = defaultdict(list)
            for node in self._nodes.values():
                drafts = [self._drafts.get(WireKey(node.id, name)) for name in pair]
                if all(drafts) and _value(drafts[0]) not in ("0", "1"):
                    buckets[tuple(_value(each) for each in drafts)].append(node)
            for nodes in buckets.values():
                for one, other in self._shared.pairs(nodes, lambda node: node.id):
                    for name in pair:
                        yield WireKey(one.id, name), WireKey(other.id, name)

    def _writers(self) -> Iterator[tuple[WireKey, WireKey]]:
        """The settings of several output nodes of one class, such as the frame rate and the format
        of videos.
        """
        writers: dict[str, list[Node]] = defaultdict(list)
        for node in self._nodes.values():
            if RATES & {*node.values, *node.links} and node.id in self._ends:
                writers[node.class_type].append(node)
        for nodes in writers.values():
            for one, other in zip(nodes, nodes[1:], strict=False):
                yield from self._alike(
                    one, other, lambda draft: _PREFIXES.isdisjoint(words(draft.input))
                )

    def _equal_in_one_flow(self) -> Iterator[tuple[WireKey, WireKey]]:
        """Seeds, model files and prompts that several nodes in one flow repeat, and the other
        settings that their loaders share.
        """
        buckets: dict[tuple[tuple[str, ...], str], list[Draft]] = defaultdict(list)
        for draft in self._drafts.values():
            kind = self._kind(draft)
            if kind is not None:
                buckets[kind, _value(draft)].append(draft)
        for (kind, _), drafts in buckets.items():
            joined = (
                _pairs(drafts)
                if kind[0] in ("file", "seed", "placeholder", "server")
                else self._shared.pairs(drafts, lambda draft: draft.node.id)
            )
            for one, other in joined:
                if kind[0] == "file" and self._in_one_chain(one.node, other.node):
                    continue
                yield one.key, other.key
                if kind[0] == "file" and one.node.class_type == other.node.class_type:
                    yield from self._options_of_loaders(one, other)

    def _in_one_chain(self, first: Node, last: Node) -> bool:
        """Whether a LoRA is added to a model that already has the other: nobody adds one file
        twice, so both are slots to fill.
        """
        if family_of(last.class_type) != ("lora",):
            return False
        node = last
        for _ in range(_LONGEST_CHAIN):
            before = self._feeding(node, "model") or self._feeding(node, "prev_lora")
            if before is None or before.id == first.id:
                return before is not None
            node = before
        return False

    def _options_of_loaders(
        self, one: Draft, other: Draft
    ) -> Iterator[tuple[WireKey, WireKey]]:
        """The settings of two loaders of the same file, except other files and their slots."""
        own = set(words(one.input))
        yield from self._alike(
            one.node,
            other.node,
            lambda draft: not _is_file(draft) and own.isdisjoint(words(draft.input)),
        )

    def _kind(self, draft: Draft) -> tuple[str, ...] | None:
        """What two equal values must have in common to be repeated on purpose; None if they may be
        equal by chance.
        """
        if is_random(draft.type) and draft.value:
            return ("seed",)
        if _is_file(draft):
            return ("file", draft.input)
        side = self._analysis.roles.side(draft.node)
        if side is not None and _is_prompt(draft):
            return ("prompt", side, draft.node.class_type, draft.input)
        if is_placeholder(draft.value):
            return ("placeholder",)
        if isinstance(draft.value, str) and SERVER.fullmatch(draft.value):
            return ("server", draft.input)
        if draft.input in _DURATIONS and isinstance(draft.type, Integer | Number):
            return ("duration",) if draft.value else None
        if _is_rate(draft.input) and isinstance(draft.type, Integer | Number):
            return ("rate", type(draft.type).__name__)
        return None

    def _alike(
        self,
        one: Node,
        other: Node,
        counts: Callable[[Draft], bool] = lambda draft: True,
    ) -> Iterator[tuple[WireKey, WireKey]]:
        for draft in self._by_node[one.id]:
            if counts(draft) and not is_random(draft.type):
                yield draft.key, WireKey(other.id, draft.input)


def _pairs(items: Iterable[Item]) -> Iterator[tuple[Item, Item]]:
    """The first item paired with each of the others."""
    listed = list(items)
    return ((listed[0], other) for other in listed[1:])


_FOR_ONE_MODEL: Final = re.compile(r"(?:text|clip)_?[lg]|t5_?xxl").fullmatch
"""Names of texts that one of an encoder's models takes: even blank ones belong together."""


def _value(draft: Draft | None) -> str:
    if draft is None:
        return ""
    value = draft.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 24.0 is 24.
    return json.dumps(value, sort_keys=True, default=repr)


def _is_rate(name: str) -> bool:
    """Whether an input is a frame rate: `fps`, `video_fps`."""
    spoken = words(name)
    return "_".join(spoken) in RATES or (len(spoken) == 2 and spoken[-1] == "fps")


def _is_file(draft: Draft) -> bool:
    return is_model_file(draft.value)


def _is_prompt(draft: Draft) -> bool:
    """Whether the draft is a text that isn't blank."""
    return isinstance(draft.type, Text) and bool(str(draft.value or "").strip())
