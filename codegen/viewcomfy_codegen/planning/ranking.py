"""What people set most, what they rarely touch, and what changes nothing."""

from __future__ import annotations

import re
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

from ..catalog import InputFacts, NodeFacts, glossary
from ..catalog.vocabulary import class_words, family_of, vocabulary
from ..graph.roles import Roles
from ..graph.workflow import Node
from ..naming.texts import PROMPT_WORDS
from ..words import plain_name, words
from .types import MODEL_FILE

_SIZES: Final = frozenset(
    "width height length megapixels resolution resolutions ratio duration seconds minutes"
    " frames fps rate"
    " count aspect octree longer shorter pad".split()
)
_SAMPLING: Final = frozenset(
    "steps step cfg guidance sampler scheduler denoise strength weight shift scale".split()
)
_STRENGTHS: Final = frozenset("strength weight multiplier amplitude".split())
_PROMPTED: Final = frozenset("prompt text lyrics tags caption question".split())
_MAKING: Final = _SIZES | _SAMPLING | {"seed", "batch", "speed", "motion"}

_RARE: Final = frozenset(
    "device dtype precision provider providers cache offload backend attention sageattention"
    " quantization"
    " tiling tile tiled temporal overlap filename prefix format codec crf pix metadata extension"
    " compression lossless quality method interpolation subfolder directory dir path save"
    " output folder debug unload workflow pingpong loop"
    # Noise between two samplers, and where control begins and ends.
    " add leftover percent at begin tolerance threshold"
    # Cutting, padding and masking.
    " crop channel feather feathering grow expand tapered erode dilation blur divisible"
    " proportion keep pad padding"
    " alpha invert dsize vx vy parts facedetection orientation"
    # Inner works of models.
    " clip interpretation normalization normalize embeds unfold hooks schedule cond area"
    " terminal stretch chunks layer norm"
    " rope riflex template beta version algorithm config model models union index order"
    " detection guide timestep latents"
    " direction mode variance"
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

_ASKED: Final = _WANTED_CHOICES - {"sampler", "scheduler"}
_LOADING: Final = frozenset("custom load skip select force".split())
_FILES: Final = frozenset(
    "ckpt vae clip lora unet model config control net controlnet ipadapter file encoder upscale"
    " style".split()
)
_EDITOR_STATE: Final = re.compile(
    r"(?:^|_)store$|^select_to_add|^__|^(?:video|image|audio)_preview$"
)


def rank(name: str, kind: ParameterType, titled: bool = False) -> int:
    """Where a parameter stands among those of its group, by its final name: files, prompts, titled
    knobs, seeds, sizes, sampling.
    """
    parts = set(words(name))
    match kind:
        case Media():
            return 0
        case Text(multiline) if parts & _PROMPTED and (
            multiline or parts & PROMPT_WORDS
        ):
            return 2 if "negative" in parts else 1
        case Text() if "url" in parts:
            return 0
        case Integer(random=True):
            return 4
    if titled or (isinstance(kind, Choice | Text) and parts & _ASKED):
        return 3
    if isinstance(kind, Flag) and parts & {"enabled", "enable"}:
        return 4
    if "batch" in parts:
        return 9
    if parts & _SIZES:
        return 8 if parts & _LOADING else 5
    if parts & (_STRENGTHS | {"denoise", "guidance", "motion"}):
        return 6
    return 7 if parts & _SAMPLING else 8


def is_rare(
    node: Node,
    name: str,
    value: Any,
    kind: ParameterType,
    facts: InputFacts | None,
    known: NodeFacts | None,
    roles: Roles,
) -> bool:
    """Whether people seldom touch it: model files, devices, how a result is saved, inner works."""
    parts = words(name)
    if isinstance(kind, Media):
        return False
    if _is_model_file(parts, value, facts):
        return True
    if "seed" in parts and isinstance(kind, Integer):
        return node.values.get("add_noise") in ("disable", False)
    if _in_empty_slot(node, name):
        return True
    if roles.is_math(node) or _GLUE.issuperset(parts):
        return True
    alone = roles.generates_alone(node)
    if alone and _RARE_ALONE.isdisjoint(parts):
        return facts is not None and facts.advanced and _MAKING.isdisjoint(parts)
    if known is not None and known.output_node and _MAKING.isdisjoint(parts):
        return True
    if _is_hint(node, parts, known):
        return True
    if parts[-1:] == ("type",) or parts[-2:] in (("start", "step"), ("end", "step")):
        return True
    if parts in (("start",), ("end",), ("rotate",), ("version",), ("base",), ("a",)):
        return True
    if parts in (("resolution", "steps"), ("noise",)):
        return True
    if isinstance(kind, Text) and kind.multiline:
        return "template" in parts
    if not _STRENGTHS.isdisjoint(parts):
        return not _BOUNDS.isdisjoint(parts)
    if not _RARE.isdisjoint(parts) and not _is_making(parts):
        return True
    if facts is not None and facts.advanced and _MAKING.isdisjoint(parts):
        return True
    if _of_masks(node) and isinstance(kind, Integer | Number | Flag | Choice):
        return not {"width", "height"}.intersection(parts)
    return _is_technical(parts, kind)


_GLUE: Final = frozenset(
    "delimiter separator linebreak addition clean whitespace find comparison operation multiple"
    " of purge library".split()
)
"""Words for how values are put together, compared or freed."""

_RARE_ALONE: Final = frozenset(
    "device dtype precision cache offload debug unload log print memory timeout".split()
)


def _is_model_file(
    parts: tuple[str, ...], value: Any, facts: InputFacts | None
) -> bool:
    if facts is not None and facts.files:
        return True
    if isinstance(value, str) and MODEL_FILE.search(value):
        return True
    return isinstance(value, str) and (
        parts[-1:] == ("name",) and not _FILES.isdisjoint(parts)
    )


def _in_empty_slot(node: Node, name: str) -> bool:
    """Whether the input belongs to a slot of its node that holds nothing: `lora2_strength` beside a
    `lora2_name` of None.
    """
    number = _NUMBER.search(name)
    for other, value in node.values.items():
        stem = other.removesuffix("_name")
        if stem != other and value == "None" and name.startswith(stem):
            return True
        if number is None:
            continue
        alike = _NUMBER.search(other)
        if value == "None" and alike is not None and alike[0] == number[0]:
            return True
        counts = type(value) is int and other.endswith("_count")
        if counts and name.startswith(other.removesuffix("count")):
            return int(number[0]) > int(value)
    return False


_NUMBER: Final = re.compile(r"\d{1,6}$")


def _is_hint(node: Node, parts: tuple[str, ...], known: NodeFacts | None) -> bool:
    """Whether a size is only told to a model, as text encoders and schedules take it, and makes
    nothing of that size.
    """
    if not {"width", "height"}.intersection(parts):
        return False
    spoken = class_words(node.class_type)
    return not {"encode", "scheduler"}.isdisjoint(spoken) or {
        "model",
        "sampling",
    } <= set(spoken)


_BOUNDS: Final = frozenset("at percent dtype type begin interpretation token".split())


def _is_making(parts: tuple[str, ...]) -> bool:
    """Whether a word that is rare elsewhere stands in a name that says what is made."""
    making = {"width", "height", "steps", "cfg", "denoise", "megapixels", "frames"}
    return bool(making.intersection(parts)) and _CUTTING.isdisjoint(parts)


_CUTTING: Final = frozenset(
    "crop tile tiled overlap at resolution_steps pad target temporal".split()
)


def _of_masks(node: Node) -> bool:
    family = family_of(node.class_type)
    return family in (("mask",), ("crop",), ("resize",)) and family != ("resize",)


def _is_technical(parts: tuple[str, ...], kind: ParameterType) -> bool:
    """Whether a switch or a choice is one that a workflow's author sets once, rather than its users
    each time.
    """
    if isinstance(kind, Choice):
        return _WANTED_CHOICES.isdisjoint(parts)
    if isinstance(kind, Flag):
        return not {"enable", "enabled", "use", "switch"}.intersection(parts)
    return isinstance(kind, Json)


def hidden_reason(
    node: Node,
    name: str,
    value: Any,
    declared: InputFacts | None,
    roles: Roles,
) -> str:
    """Why an input has no parameter unless somebody asks for it; empty where it has one."""
    plain = plain_name(name)
    if value is None and declared is None:
        return "it holds nothing"
    if _EDITOR_STATE.search("_".join(words(name)) if name[:2] != "__" else name):
        return "it is the state of the editor"
    if roles.is_show(node) and isinstance(value, str | list | dict):
        if declared is None or declared.type in ("STRING", "*"):
            return "its node only shows what is linked to it"
    if glossary().has_no_effect(node.class_type, plain):
        return "it has no effect on the result"
    if vocabulary().describes(class_words(node.class_type), name):
        return "it describes an input for people"
    if name == "output" and isinstance(value, str):
        return "it keeps the result of an earlier run"
    if value == "" and declared is None and plain in ("image", "video", "audio"):
        return "it holds nothing"
    if plain in ("inputcount", "input_count") and declared is not None:
        return "it counts the sockets of its node"
    return ""
