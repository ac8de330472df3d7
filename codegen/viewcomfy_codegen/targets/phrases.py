"""Types and outputs in a few words."""

from __future__ import annotations

from typing import Final

from viewcomfy_runtime.parameters.docs import named_node
from viewcomfy_runtime.parameters.outputs import OutputNode
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

from ..planning.wording import spoken

_MADE: Final = {
    "image": "images",
    "video": "videos",
    "audio": "audio files",
    "model": "3D models",
    "text": "texts",
}


def made(kind: str) -> str:
    """What output nodes of this kind produce."""
    return _MADE.get(kind, "files")


def about_output(output: OutputNode) -> str:
    """A sentence about an output: what it is, and which node it comes from."""
    named = named_node(output.title, spoken(output.class_type))
    node = f"node {spoken(output.node)}, {named}"
    text = f"{made(output.kind)} from {node}."
    return text[0].upper() + text[1:]


def type_phrase(kind: ParameterType) -> str:
    """A type in a few words."""
    match kind:
        case Text(multiline):
            return "multiline text" if multiline else "text"
        case Integer(lo, hi, random):
            return f"integer{_range(lo, hi)}{', or random' if random else ''}"
        case Number(lo, hi):
            return f"number{_range(lo, hi)}"
        case Flag():
            return "true or false"
        case Choice(options, open_):
            shown = ", ".join(map(str, options[:4])) + (", …" if options[4:] else "")
            return f"one of {len(options)} ({shown}){', or another' if open_ else ''}"
        case Media(media, optional):
            return f"file ({media}){', optional' if optional else ''}"
        case Json(shape):
            return "JSON" if shape == "any" else f"JSON {shape}"


def _range(lo: int | float | None, hi: int | float | None) -> str:
    if lo is None and hi is None:
        return ""
    return f" {'…' if lo is None else lo} to {'…' if hi is None else hi}"
