"""What the files of models say: the words of their names, and what a LoRA is for."""

from __future__ import annotations

import re
from typing import Final

from ..catalog.vocabulary import family_of, vocabulary
from ..graph.workflow import Node
from ..words import words
from .rules import Words

MODEL_FILE: Final = re.compile(
    r".\.(safetensors|sft|ckpt|pth?|bin|onnx|gguf|engine)$", re.IGNORECASE
)


def file_words(node: Node) -> Words:
    """The words of the model's file that a node loads; brands keep their capitals' parts together,
    as in `CausVid`.
    """
    for value in node.values.values():
        if isinstance(value, str) and MODEL_FILE.search(value):
            return words(re.split(r"[\\/]", value)[-1].rpartition(".")[0].lower())
    return ()


def tuned_for(node: Node) -> Words:
    """What the only file of a LoRA's loader says that it is for: a word before "lora", or beside a
    number of steps.

    Alone, such a word may name the model that the LoRA is for (`z_image_turbo`).
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
    """The first word of a file's name that people use for what the model does; the letter of a
    stage and the half of the noise are no word without the other.
    """
    for before, part in zip(("", *parts), parts, strict=False):
        if before == "stage" and len(part) == 1:
            return before, part
        if before in ("high", "low") and part == "noise":
            return before, part
    return next(((part,) for part in parts if part in vocabulary().plain), ())
