"""What model files say: the words of their names, and the purpose of a LoRA."""

from __future__ import annotations

import re
from typing import Final

from ..catalog.vocabulary import family_of, vocabulary
from ..graph.workflow import Node
from ..words import words
from .rules import Words

MODEL_FILE: Final = re.compile(
    r".\.(safetensors|sft|ckpt|pth?|bin|onnx|gguf|engine|patch)$", re.IGNORECASE
)


def file_words(node: Node) -> Words:
    """The words of the model file that a node loads; brand names in camel case, as `CausVid`, are
    one word.
    """
    for value in node.values.values():
        if isinstance(value, str) and MODEL_FILE.search(value):
            return words(re.split(r"[\\/]", value)[-1].rpartition(".")[0].lower())
    return ()


def tuned_for(node: Node) -> Words:
    """The purpose that the only file of a LoRA loader states: a word before "lora" or beside a
    number of steps.

    Elsewhere, such a word may belong to the model that the LoRA is for (`z_image_turbo`).
    """
    if family_of(node.class_type) != ("lora",):
        return ()
    files = [
        value
        for value in node.values.values()
        if isinstance(value, str) and MODEL_FILE.search(value)
    ]
    if len(files) != 1:
        return ()
    spoken = [word for word in file_words(node) if not word.isdecimal()]
    stepping = any(word.lstrip("0123456789") in ("step", "steps") for word in spoken)
    for word, after in zip(spoken, (*spoken[1:], ""), strict=True):
        if word in vocabulary().tunings and (stepping or after == "lora"):
            return (word,)
    return ()


def plain_word(parts: Words) -> Words:
    """The first word of a file's name that people use for what the model does. The letter of a
    stage and the half of the noise need their other word.
    """
    for before, part in zip(("", *parts), parts, strict=False):
        if before == "stage" and len(part) == 1:
            return before, part
        if before in ("high", "low") and part == "noise":
            return before, part
    return next(((part,) for part in parts if part in vocabulary().plain), ())
