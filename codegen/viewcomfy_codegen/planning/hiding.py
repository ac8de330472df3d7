"""Which inputs have no parameter: what changes nothing, by what is known of it."""

from __future__ import annotations

import re
from typing import Any, Final

from ..catalog import InputFacts, glossary
from ..catalog.vocabulary import class_words, vocabulary
from ..graph.roles import Roles
from ..graph.workflow import Node
from ..words import plain_name, words

_EDITOR_STATE: Final = re.compile(
    r"(?:^|_)store$|^select_to_add|^__|^(?:video|image|audio)_preview$"
)


def hidden_reason(
    node: Node,
    name: str,
    value: Any,
    declared: InputFacts | None,
    roles: Roles,
) -> str:
    """Why an input has no parameter unless somebody asks for it; empty where it has one."""
    plain = plain_name(name)
    if value is None and (declared is None or not declared.holds_value):
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
