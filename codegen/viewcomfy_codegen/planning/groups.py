"""Which inputs people set each time, and which ones they rarely touch."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from viewcomfy_runtime.parameters.types import (
    Choice,
    Flag,
    Integer,
    Json,
    Media,
    Number,
    ParameterType,
    Text,
)

from ..catalog import InputFacts, NodeFacts
from ..catalog.vocabulary import class_words, family_of
from ..graph.roles import Roles
from ..graph.workflow import Node
from ..naming.texts import PROMPT_WORDS
from ..words import words
from .declared_types import is_model_file

Words = tuple[str, ...]

SIZES: Final = frozenset(
    "width height length megapixels resolution resolutions ratio duration seconds minutes"
    " frames fps rate"
    " count aspect octree longer shorter pad".split()
)
SAMPLING: Final = frozenset(
    "steps step cfg guidance sampler scheduler denoise strength weight shift scale".split()
)
STRENGTHS: Final = frozenset("strength weight multiplier amplitude".split())
_MAKING: Final = SIZES | SAMPLING | {"seed", "batch", "speed", "motion"}

_RARE: Final = frozenset(
    "device dtype precision provider providers cache offload backend attention sageattention"
    " quantization"
    " tiling tile tiles tiled temporal overlap filename prefix format codec crf pix metadata"
    " extension compression lossless quality method interpolation subfolder directory dir path"
    " save output folder debug unload workflow pingpong loop"
    # Noise between two samplers, and where control begins and ends.
    " add leftover percent at begin tolerance threshold confidence eta churn tau eps"
    # Cutting, padding and masking.
    " crop channel feather feathering grow expand tapered erode dilation blur divisible"
    " proportion keep pad padding"
    " alpha invert dsize vx vy parts facedetection orientation"
    # Inner works of models, and how a long video is cut into windows for them.
    " clip interpretation normalization normalize embeds unfold hooks schedule cond uncond area"
    " terminal stretch chunk chunks layer norm context window stride guarantee"
    " rope riflex template beta version algorithm config model models union index order"
    " detection guide timestep latents"
    " direction mode variance iters equal easing handling"
    # What a service is reached with.
    " endpoint api role"
    # The server's care.
    " gpu gc log print verbose console memory state hidden force token tokens_per vram compile"
    " block blocks swap".split()
)
"""Words in the names of inputs that few people touch."""

_WANTED_CHOICES: Final = frozenset(
    "style aspect ratio preset language lang voice function sampler scheduler resolution"
    " duration size gender genre mood"
    " task ethnicity shot camera color theme emotion instrument key timesignature character"
    " function".split()
)
"""Words in the names of choices that people make for each run."""

ASKED: Final = _WANTED_CHOICES - {"sampler", "scheduler"}
"""Those of them that say what is wanted, rather than how it is made."""

_SAID: Final = PROMPT_WORDS | _WANTED_CHOICES | {"url", "word", "words", "title"}
"""Words in the names of texts that people write for each run, however short they are."""

_FILES: Final = frozenset(
    "ckpt vae clip lora unet model config control net controlnet ipadapter file encoder upscale"
    " style".split()
)
_GLUE: Final = frozenset(
    "delimiter separator linebreak addition clean whitespace find comparison operation multiple"
    " of purge library".split()
)
"""Words for how values are put together, compared or freed."""

_RARE_ALONE: Final = frozenset(
    "device dtype precision cache offload debug unload log print memory timeout api".split()
)
_BOUNDS: Final = frozenset(
    "at percent dtype type begin interpretation token uncond".split()
)
_CUTTING: Final = frozenset(
    "crop tile tiles tiled overlap at resolution_steps pad target temporal cache clear context"
    " window chunk guarantee".split()
)
_LIMITS: Final = frozenset({"min", "max"})
_SWITCHING: Final = frozenset({"enable", "enabled", "use", "switch"})
_NUMBER: Final = re.compile(r"\d{1,6}$")
_SETTING: Final = re.compile(r"[a-z0-9][a-z0-9_.:-]*|None|Disabled|Enabled")
"""A text that is one of several settings, rather than something that people say."""

_SHORTEST_TABLE: Final = 8
"""So many numbers of one name are a table, such as the weights of a model's layers."""


def is_rare(
    node: Node,
    name: str,
    value: Any,
    kind: ParameterType,
    facts: InputFacts | None,
    known: NodeFacts | None,
    roles: Roles,
    slots: Slots,
) -> bool:
    """Whether people seldom touch it: model files, devices, how a result is saved, inner works."""
    parts = words(name)
    while len(parts) > 1 and parts[-1].isdecimal():
        parts = parts[:-1]
    if isinstance(kind, Media) or (facts is not None and facts.choices_from):
        return False
    if _loads_model(node, parts, value, facts):
        return True
    if "seed" in parts and isinstance(kind, Integer):
        return not kind.random or node.values.get("add_noise") in ("disable", False)
    if slots.is_empty(name) or slots.is_in_table(name):
        return True
    if roles.is_math(node) or _GLUE.issuperset(parts):
        return True
    hinted = (
        facts is not None and facts.advanced and _MAKING.isdisjoint(parts)
    )  # by its class
    if roles.generates_alone(node) and _RARE_ALONE.isdisjoint(parts):
        return hinted
    if known is not None and known.output_node and _MAKING.isdisjoint(parts):
        return True
    if _is_hint(node, parts) or _is_place(parts, kind):
        return True
    if isinstance(kind, Text) and kind.multiline:
        return "template" in parts
    if not STRENGTHS.isdisjoint(parts):
        return not _BOUNDS.isdisjoint(parts)
    if not _RARE.isdisjoint(parts) and not _is_making(parts):
        return True
    if hinted or _is_work(node, parts, known):
        return True
    if _of_masks(node) and isinstance(kind, Integer | Number | Flag | Choice):
        return not {"width", "height"}.intersection(parts)
    return _is_technical(parts, kind) or (
        known is None and isinstance(kind, Text) and _is_setting(parts, value)
    )


def works_on_images(node: Node, known: NodeFacts | None) -> bool:
    """Whether a node handles images that it is given, rather than makes latents of a number."""
    if known is not None:
        return not _IMAGES.isdisjoint(known.outputs) and any(
            known.inputs[link].type in _IMAGES
            for link in node.links
            if link in known.inputs
        )
    return _LATENTS.isdisjoint(class_words(node.class_type)) and any(
        not _FRAMES.isdisjoint(words(link)) for link in node.links
    )


_PARTS: Final = frozenset({"encode", "decode", "tile"})
_IMAGES: Final = frozenset({"IMAGE", "VIDEO", "MASK"})
_FRAMES: Final = frozenset("image images video frames pixels".split())
_LATENTS: Final = frozenset("sampler latent encode conditioning to".split())


def _loads_model(
    node: Node, parts: Words, value: Any, facts: InputFacts | None
) -> bool:
    if (facts is not None and facts.files) or is_model_file(value):
        return True
    if not isinstance(value, str) or parts[-1:] != ("name",):
        return False
    loader = len(parts) == 1 and "loader" in class_words(node.class_type)
    return loader or not _FILES.isdisjoint(parts)


class _Beginnings:
    """Texts with what each stands for, found by what begins with one of them."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self._texts: list[str] = []
        for text in sorted(known):
            # One that begins with another stands for the same slot.
            if not (self._texts and text.startswith(self._texts[-1])):
                self._texts.append(text)
        self._known = known

    def of(self, name: str) -> int | None:
        """What the text stands for that `name` begins with."""
        place = bisect_right(self._texts, name) - 1
        if place < 0 or not name.startswith(self._texts[place]):
            return None
        return self._known[self._texts[place]]


class Slots:
    """What the values of a node say of each other: which slots hold nothing, such as that of
    `lora2_strength` beside a `lora2_name` of None, and which numbers are one of a table.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        numbered = {name: _NUMBER.search(name) for name in values}
        self._stems_of_numbers = Counter(
            name[: found.start()] for name, found in numbered.items() if found
        )
        self._has_texts = any(
            isinstance(value, str) and numbered[name] for name, value in values.items()
        )
        empty = [name for name, value in values.items() if value == "None"]
        stems = (name[: -len("_name")] for name in empty if name.endswith("_name"))
        self._stems = _Beginnings(dict.fromkeys(stems, 0))
        self._numbers = {found[0] for found in map(_NUMBER.search, empty) if found}
        self._counts = _Beginnings(
            {
                name[: -len("count")]: value
                for name, value in values.items()
                if type(value) is int and name.endswith("_count")
            }
        )

    def is_empty(self, name: str) -> bool:
        """Whether the input belongs to a slot that holds nothing."""
        if self._stems.of(name) is not None:
            return True
        number = _NUMBER.search(name)
        if number is None:
            return False
        count = self._counts.of(name)
        return number[0] in self._numbers or (
            count is not None and int(number[0]) > count
        )

    def is_in_table(self, name: str) -> bool:
        """Whether the input is one of many numbers that only their places tell apart."""
        number = _NUMBER.search(name)
        if number is None or type(self._values[name]) not in (int, float):
            return False
        alike = self._stems_of_numbers[name[: number.start()]]
        return alike >= _SHORTEST_TABLE and not self._has_texts


def _is_hint(node: Node, parts: Words) -> bool:
    """Whether a size is only told to a model, as text encoders and schedules take it, or bounds
    another, and makes nothing of that size.
    """
    if not {"width", "height"}.intersection(parts):
        return False
    spoken = class_words(node.class_type)
    return (
        not _LIMITS.isdisjoint(parts)
        or not {"encode", "scheduler"}.isdisjoint(spoken)
        or {"model", "sampling"} <= set(spoken)
    )


def _is_place(parts: Words, kind: ParameterType) -> bool:
    """Whether it says where or in which way something is done, rather than what is made."""
    if {"x", "y"}.intersection(parts[-1:]) and isinstance(kind, Integer | Number):
        return _PLACED.issuperset(parts[:-1])
    if parts[-1:] == ("type",) or parts[-2:] in (("start", "step"), ("end", "step")):
        return True
    return parts in _WEAK


_PLACED: Final = frozenset(
    "image images a b source layer position pos offset location center crop".split()
)
"""What stands at such a place; of a face's parts they say how it looks."""

_WEAK: Final = frozenset(
    [
        *(("start",), ("end",), ("rotate",), ("version",), ("base",), ("a",)),
        *(("resolution", "steps"), ("noise",), ("s", "noise")),
    ]
)


def _is_making(parts: Words) -> bool:
    """Whether a word that is rare elsewhere stands in a name that says what is made."""
    making = {"width", "height", "steps", "cfg", "denoise", "megapixels", "frames"}
    return bool(making.intersection(parts)) and _CUTTING.isdisjoint(parts)


def _is_work(node: Node, parts: Words, known: NodeFacts | None) -> bool:
    """Whether it says how much of what it is given a node handles at once."""
    if parts[-2:] != ("batch", "size"):
        return False
    return not _PARTS.isdisjoint(parts) or works_on_images(node, known)


def _of_masks(node: Node) -> bool:
    return family_of(node.class_type) in (("mask",), ("crop",))


def _is_technical(parts: Words, kind: ParameterType) -> bool:
    """Whether a switch or a choice is one that a workflow's author sets once, rather than its users
    each time.
    """
    if isinstance(kind, Choice):
        return _WANTED_CHOICES.isdisjoint(parts)
    if isinstance(kind, Flag):
        return _SWITCHING.isdisjoint(parts)
    return isinstance(kind, Json)


def _is_setting(parts: Words, value: Any) -> bool:
    """Whether a text of an unknown class looks like one of its choices, which nobody lists."""
    return (
        isinstance(value, str)
        and _SETTING.fullmatch(value) is not None
        and _SAID.isdisjoint(parts)
    )
