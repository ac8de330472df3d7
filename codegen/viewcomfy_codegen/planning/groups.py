"""Which inputs people set for each run, and which ones they rarely change."""

from __future__ import annotations

import re
from typing import Final

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
from ..naming.texts import PROMPT_WORDS, SERVER
from ..words import words
from .declared_types import is_model_file
from .slots import Slots
from .widget import Widget

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
    # Noise between two samplers; the range of a control.
    " add leftover percent at begin tolerance threshold confidence eta churn tau eps"
    # Cropping, padding and masking.
    " crop channel spacing feather feathering grow expand tapered erode dilation blur divisible"
    " proportion keep pad padding"
    " alpha invert dsize vx vy parts facedetection orientation"
    # Internals of models, and the windows into which they split a long video.
    " clip interpretation normalization normalize embeds unfold hooks schedule cond uncond area"
    " terminal stretch chunk chunks layer norm dim bit context window stride guarantee"
    " rope riflex template beta version algorithm config model models union index order"
    " detection guide timestep latents"
    " direction mode variance iters equal easing handling"
    # Access to a service.
    " endpoint api role proxies proxy auth service inputcount"
    # The server's resources.
    " gpu gc log print verbose console memory state hidden force token tokens_per vram compile"
    " block blocks blocking fp16 accumulation threads ctx retry cuda dram dynamo recompile"
    # Fine points of methods that have their defaults.
    " epsilon thresh tol teacache aliasing ssaa dilate beams populated exponent phi sched"
    " process postprocess schema stop implementation"
    # Bookkeeping and what the page shows.
    " counter increment decimals widget hashes preview bit autorefresh modelname"
    # How found regions are cut out.
    " bbox drop stick sensitivity sparsity seam downsample quantize label pattern slice swap"
    # How long videos are made of parts.
    " boundary continue".split()
)
"""Words in the names of inputs that few people change."""

_WANTED_CHOICES: Final = frozenset(
    "style aspect ratio preset language lang voice function sampler scheduler resolution"
    " duration size gender genre mood"
    " task ethnicity shot camera color theme emotion instrument key timesignature character"
    " dimensions".split()
)
"""Words in the names of choices that people make for each run."""

ASKED: Final = _WANTED_CHOICES - {"sampler", "scheduler"}
"""The choices among them that describe the result rather than how it is made."""

_SAID: Final = PROMPT_WORDS | _WANTED_CHOICES | {"url", "word", "words", "title"}
"""Words in the names of texts that people write for each run, however short."""

_FILES: Final = frozenset(
    "ckpt vae clip lora unet model config control net controlnet ipadapter file encoder upscale"
    " style".split()
)
_GLUE: Final = frozenset(
    "delimiter separator linebreak addition clean whitespace find comparison operation multiple"
    " of purge library".split()
)
"""Words for how values are combined, compared or released."""

_RARE_ALONE: Final = frozenset(
    "device dtype precision cache offload debug unload log print memory timeout api"
    " format moderation auto normalization".split()
)
_BOUNDS: Final = frozenset(
    "at percent dtype type begin interpretation token uncond latent".split()
)
_CUTTING: Final = frozenset(
    "crop tile tiles tiled overlap spacing at resolution_steps pad target temporal cache clear"
    " context window chunk guarantee seam".split()
)
_PROGRAMS: Final = frozenset("template code script populated".split())
"""Words in the names of long texts that an author writes once."""

_EXTENTS: Final = frozenset("width height w h".split())
_LIMITS: Final = frozenset({"min", "max"})
_SWITCHING: Final = frozenset({"enable", "enabled", "use", "switch"})
_SETTING: Final = re.compile(
    r"[a-z0-9][a-z0-9_.:-]*|None|Disabled|Enabled|[A-Z0-9]+(?:_[A-Z0-9]+)+|\w+\.\w+"
)
"""A text that is one of several settings rather than something that a person wrote."""


def is_rare(widget: Widget, kind: ParameterType, roles: Roles, slots: Slots) -> bool:
    """Whether people rarely change an input: model files, devices, how a result is saved,
    internals.
    """
    node, name, value, facts, known = widget
    parts = _without_number(words(name))
    if isinstance(kind, Media) or (facts is not None and facts.choices_from):
        return False
    if _loads_model(node, parts, value, facts):
        return True
    if isinstance(value, str) and SERVER.fullmatch(value):
        return True
    if "seed" in parts and isinstance(kind, Integer):
        return not kind.random or node.values.get("add_noise") in ("disable", False)
    if isinstance(kind, Text) and _is_source(node, parts):
        return False
    if roles.names_files(node):
        return True
    if slots.is_empty(name) or slots.is_in_table(name) or slots.is_count(name):
        return True
    if isinstance(value, str) and roles.joins(node, name):
        return True
    if _is_for_nothing(node, name):
        return True
    if roles.is_math(node) or _GLUE.issuperset(parts) or _parses(node):
        return True
    if roles.only_shows(node) or (roles.saves(node) and SIZES.isdisjoint(parts)):
        return True  # Prompts and steps, too: they are only written down there.
    makes = not _MAKING.isdisjoint(parts)
    advanced = facts is not None and facts.advanced and not makes
    if roles.generates_alone(node) and _RARE_ALONE.isdisjoint(parts):
        return advanced
    if known is not None and known.output_node and not makes:
        return True
    return _is_rare_by_name(node, parts, value, kind, known, advanced)


def _is_source(node: Node, parts: Words) -> bool:
    """Whether a text names what its node loads and nothing before it does: a URL, a folder."""
    spoken = set(class_words(node.class_type))
    loads = "load" in spoken and not _MEDIA.isdisjoint(
        word.removesuffix("s") for word in spoken
    )
    named = not _SOURCES.isdisjoint(parts[-1:]) and parts not in _WEAK
    return loads and named and not node.links


_SOURCES: Final = frozenset("url path directory folder".split())


def _is_for_nothing(node: Node, name: str) -> bool:
    """Whether an input is about an image that nothing supplies: `strength_2` beside `image_1`
    alone.
    """
    number = name.rpartition("_")[2]
    return (
        number.isdecimal()
        and f"image_{number}" not in node.links
        and "image_1" in node.links
        and not name.startswith("image_")
    )


def _parses(node: Node) -> bool:
    """Whether a node only takes texts apart, or fetches files before anything is made."""
    spoken = class_words(node.class_type)
    if "downloader" in spoken:
        return not node.links
    return not {"parser", "parse", "formatter", "json"}.isdisjoint(spoken)


def _without_number(parts: Words) -> Words:
    while len(parts) > 1 and parts[-1].isdecimal():
        parts = parts[:-1]
    return parts


def _is_rare_by_name(
    node: Node,
    parts: Words,
    value: object,
    kind: ParameterType,
    known: NodeFacts | None,
    advanced: bool,
) -> bool:
    """Whether people rarely change an input with these words in its name; `advanced` if its class
    says so.
    """
    if _is_hint(node, parts) or _is_place(parts, kind):
        return True
    if isinstance(kind, Text) and kind.multiline:
        return not _PROGRAMS.isdisjoint(parts)
    if not STRENGTHS.isdisjoint(parts):
        return not _BOUNDS.isdisjoint(parts)
    if not _RARE.isdisjoint(parts) and not _is_making(parts):
        return True
    if parts == ("resolution",) and (
        family_of(node.class_type) in _READINGS
        or "preprocessor" in class_words(node.class_type)
    ):
        return True
    taken = parts == ("num", "frames") or (parts == ("length",) and known is not None)
    if taken and works_on_images(node, known):
        return True
    if _is_tuning(node, parts, kind):
        return True
    if advanced or _is_work(node, parts, known) or _is_internal(node, parts):
        return True
    if _of_masks(node) and isinstance(kind, Integer | Number | Flag | Choice):
        return "force" not in parts or _EXTENTS.isdisjoint(parts)
    return _is_technical(parts, kind) or (
        known is None and isinstance(kind, Text) and _is_setting(parts, value)
    )


def _is_tuning(node: Node, parts: Words, kind: ParameterType) -> bool:
    """Whether an input tunes how a node works inside: the lower end of a schedule, the width of a
    blur, an attention.
    """
    if not isinstance(kind, Integer | Number | Flag):
        return False
    spoken = set(class_words(node.class_type))
    if not spoken.isdisjoint(_INSIDE) and "guidance" not in spoken:
        return True
    if parts[-1] in _LIMITS and isinstance(kind, Number):
        return True
    return parts[-1] == "sigma" or (parts[-1] == "steps" and "encode" in spoken)


_INSIDE: Final = frozenset("attention cache compile increment teacache".split())
"""Words in the names of classes that only work for others."""

_READINGS: Final = frozenset(
    {(each,) for each in "canny depth lineart pose scribble softedge".split()}
)
"""Families of nodes that read edges, depths or poses from an image to control another."""


def works_on_images(node: Node, known: NodeFacts | None) -> bool:
    """Whether a node processes given images rather than creating latents of a given number."""
    if known is not None:
        return not _IMAGES.isdisjoint(known.outputs) and any(
            known.inputs[link].type in _IMAGES
            for link in node.links
            if link in known.inputs
        )
    return _LATENTS.isdisjoint(class_words(node.class_type)) and any(
        not _FRAMES.isdisjoint(words(link)) for link in node.links
    )


_MEDIA: Final = frozenset("image video audio mask".split())
_PARTS: Final = frozenset({"encode", "decode", "tile"})
_IMAGES: Final = frozenset({"IMAGE", "VIDEO", "MASK"})
_FRAMES: Final = frozenset("image images video frames pixels".split())
_LATENTS: Final = frozenset("sampler latent encode conditioning to".split())


def _loads_model(
    node: Node, parts: Words, value: object, facts: InputFacts | None
) -> bool:
    if (facts is not None and facts.files) or is_model_file(value):
        return True
    if not isinstance(value, str):
        return False
    if parts == ("lora",) and family_of(node.class_type) == parts:
        return True
    loader = "loader" in class_words(node.class_type)
    if parts[1:] == ("file",) and loader and _MEDIA.isdisjoint(parts):
        return True
    if parts[-1:] != ("name",):
        return False
    return (loader and len(parts) == 1) or not _FILES.isdisjoint(parts)


def _is_hint(node: Node, parts: Words) -> bool:
    """Whether a size is only information for a model, as text encoders and schedulers take it, or a
    limit, and nothing of that size is created.
    """
    if not _EXTENTS.intersection(parts):
        return False
    spoken = set(class_words(node.class_type))
    encodes = "encode" in spoken and not {"to", "video"} <= spoken
    return (
        not _LIMITS.isdisjoint(parts)
        or encodes
        or "scheduler" in spoken
        or {"model", "sampling"} <= spoken
    )


def _is_place(parts: Words, kind: ParameterType) -> bool:
    """Whether an input says where or how something is done rather than what is made."""
    if {"x", "y"}.intersection(parts) and isinstance(kind, Integer | Number):
        if parts[-1] in ("x", "y", "offset"):
            return _PLACED.issuperset({*parts} - {"x", "y"})
    if parts[-1:] == ("type",) or parts[-2:] in (("start", "step"), ("end", "step")):
        return True
    return parts in _WEAK


_PLACED: Final = frozenset(
    "image images a b source layer position pos offset location center crop".split()
)
"""What is placed at such a position. For parts of a face, x and y describe its expression."""

_WEAK: Final = frozenset(
    [
        *(
            ("start",),
            ("end",),
            ("rotate",),
            ("rotation",),
            ("version",),
            ("base",),
            ("a",),
        ),
        *(("resolution", "steps"), ("noise",), ("s", "noise")),
        *(("id",), ("node", "title"), ("key", "opt"), ("mask", "offset"), ("repeat",)),
        *(("color", "space"), ("color", "correction"), ("black", "point")),
        *(("white", "point"), ("detail", "range"), ("batch", "offset")),
        *(("max", "shift"), ("base", "shift"), ("noise", "augmentation")),
        *(("fusion",), ("train", "step"), ("use", "gray"), ("join", "with")),
        *(("detect", "gender", "input"), ("detect", "gender", "source")),
        *(("top", "p"), ("top", "k"), ("num", "beams"), ("use", "top", "n")),
        *(("use", "sampling"), ("k",), ("base", "resolution")),
        *(("local", "url"), ("download", "source"), ("similarity", "metric")),
    ]
)


def _is_making(parts: Words) -> bool:
    """Whether a name with a rarely changed word nevertheless says what is made."""
    making = {"width", "height", "steps", "cfg", "denoise", "megapixels", "frames"}
    return bool(making.intersection(parts)) and _CUTTING.isdisjoint(parts)


def _is_work(node: Node, parts: Words, known: NodeFacts | None) -> bool:
    """Whether an input says how much of its data a node processes at once."""
    if parts[-2:] != ("batch", "size"):
        return False
    return not _PARTS.isdisjoint(parts) or works_on_images(node, known)


def _is_internal(node: Node, parts: Words) -> bool:
    """Whether an input is an internal of a node that loads a checkpoint, splits texts, makes
    frames in between, or finds regions and redraws them.
    """
    if not {"checkpoint", "tokenizer"}.isdisjoint(class_words(node.class_type)):
        return True
    if family_of(node.class_type) == ("interpolation",) and "scale" in parts:
        return True
    return family_of(node.class_type)[-1:] == ("detailer",) and "max" in parts


def _of_masks(node: Node) -> bool:
    return family_of(node.class_type) in (("mask",), ("crop",), ("uncrop",))


def _is_technical(parts: Words, kind: ParameterType) -> bool:
    """Whether a switch or choice is one that a workflow's author sets once rather than its users
    for each run.
    """
    if isinstance(kind, Choice):
        return _WANTED_CHOICES.isdisjoint(parts)
    if isinstance(kind, Flag):
        return _SWITCHING.isdisjoint(parts)
    return isinstance(kind, Json)


def _is_setting(parts: Words, value: object) -> bool:
    """Whether a text of an unknown class looks like one of several choices."""
    return (
        isinstance(value, str)
        and _SETTING.fullmatch(value) is not None
        and _SAID.isdisjoint(parts)
    )
