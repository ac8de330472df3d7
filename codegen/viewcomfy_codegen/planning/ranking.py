"""What people set most, and what they rarely touch."""

from __future__ import annotations

from typing import Any, Final

from viewcomfy_runtime.parameters.types import Integer, Media, ParameterType, Text

from ..catalog import InputFacts, NodeFacts
from ..naming.candidates import PROMPT_WORDS
from ..words import words
from .types import MODEL_FILE

_SIZES: Final = frozenset(
    "width height length size batch megapixels resolution resolutions ratio duration"
    " seconds frames fps rate count".split()
)
_SAMPLING: Final = frozenset(
    "steps step cfg guidance sampler scheduler denoise strength weight shift scale".split()
)
_MAKING: Final = _SIZES | _SAMPLING | {"seed"}
_RARE: Final = frozenset(
    "device dtype precision provider providers cache offload backend attention quantization"
    " tiling tile tiled temporal overlap filename prefix format codec crf pix metadata"
    " compression lossless quality method interpolation subfolder directory dir path save"
    " output folder debug unload workflow pingpong loop".split()
)


def rank(name: str, kind: ParameterType) -> int:
    """Where an input stands among those of its group: files, prompts, seeds, sizes, sampling, the rest."""
    parts = set(words(name))
    match kind:
        case Media():
            return 0
        case Text(multiline) if multiline or parts & PROMPT_WORDS:
            return 1
        case Integer(random=True):
            return 2
        case _:
            return 3 if parts & _SIZES else 4 if parts & _SAMPLING else 5


def is_rare(
    name: str,
    value: Any,
    kind: ParameterType,
    facts: InputFacts | None,
    node: NodeFacts | None,
) -> bool:
    """Whether people seldom touch it: model files, devices, how a result is saved."""
    if isinstance(kind, Media):
        return False
    if facts is not None and facts.files:
        return True
    if isinstance(value, str) and MODEL_FILE.search(value):
        return True
    parts = words(name)
    if node is not None and node.output_node and _MAKING.isdisjoint(parts):
        return True
    if parts[-1:] == ("type",) or parts[-2:] == ("model", "name"):
        return True
    return not _RARE.isdisjoint(parts)
