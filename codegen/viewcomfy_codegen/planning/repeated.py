"""Values that a workflow repeats on purpose: seeds, model files, prompts, frame rates."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from viewcomfy_runtime.parameters.types import Integer, Number

from ..catalog.vocabulary import family_of
from ..graph.workflow import Node
from ..naming.texts import SERVER
from ..words import words
from .drafts import Draft
from .guessed_types import is_placeholder
from .shareable import (
    RATES,
    Pairs,
    Shareable,
    first_with_each,
    is_file,
    is_prompt,
    value_of,
)
from .types import is_random

_EVERYWHERE: Final = frozenset({"file", "seed", "placeholder", "server"})
"""Kinds of values that are repeated on purpose even where nothing connects their nodes."""

_DURATIONS: Final = frozenset({"duration", "seconds"})

_LONGEST_CHAIN: Final = 32
"""How many nodes of a chain of LoRAs are followed."""


def repeated(inputs: Shareable) -> Pairs:
    """Seeds, model files and prompts that several nodes in one flow repeat, and the other settings
    that their loaders share.
    """
    buckets: dict[tuple[tuple[str, ...], str], list[Draft]] = defaultdict(list)
    for draft in inputs.drafts.values():
        kind = _kind(inputs, draft)
        if kind is not None:
            buckets[kind, value_of(draft)].append(draft)
    for (kind, _), drafts in buckets.items():
        joined = (
            first_with_each(drafts)
            if kind[0] in _EVERYWHERE
            else inputs.in_one_flow(drafts, lambda draft: draft.node)
        )
        for one, other in joined:
            if kind[0] == "file" and _in_one_chain(inputs, one.node, other.node):
                continue
            yield one.key, other.key
            if kind[0] == "file" and one.node.class_type == other.node.class_type:
                yield from _options_of_loaders(inputs, one, other)


def _kind(inputs: Shareable, draft: Draft) -> tuple[str, ...] | None:
    """What two equal values must have in common to be repeated on purpose; None if they may be
    equal by chance.
    """
    if is_random(draft.type) and draft.value:
        return ("seed",)
    if is_file(draft):
        return ("file", draft.input)
    if isinstance(draft.value, str) and SERVER.fullmatch(draft.value):
        return ("server", draft.input)
    side = inputs.roles.side(draft.node)
    if side is not None and is_prompt(draft):
        return ("prompt", side, draft.node.class_type, draft.input)
    if is_placeholder(draft.value):
        return ("placeholder",)
    if draft.input in _DURATIONS and isinstance(draft.type, Integer | Number):
        return ("duration",) if draft.value else None
    if _is_rate(draft.input) and isinstance(draft.type, Integer | Number):
        return ("rate", type(draft.type).__name__)
    return None


def _in_one_chain(inputs: Shareable, first: Node, last: Node) -> bool:
    """Whether a LoRA is added to a model that already has the other: nobody adds one file twice, so
    both are slots to fill.
    """
    if family_of(last.class_type) != ("lora",):
        return False
    node = last
    for _ in range(_LONGEST_CHAIN):
        before = inputs.feeding(node, "model") or inputs.feeding(node, "prev_lora")
        if before is None or before.id == first.id:
            return before is not None
        node = before
    return False


def _options_of_loaders(inputs: Shareable, one: Draft, other: Draft) -> Pairs:
    """The settings of two loaders of the same file, except other files and their slots."""
    own = set(words(one.input))
    return inputs.alike(
        one.node,
        other.node,
        lambda draft: not is_file(draft) and own.isdisjoint(words(draft.input)),
    )


def _is_rate(name: str) -> bool:
    """Whether an input is a frame rate: `fps`, `video_fps`."""
    spoken = words(name)
    return "_".join(spoken) in RATES or (len(spoken) == 2 and spoken[-1] == "fps")
