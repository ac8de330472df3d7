"""Which inputs have no parameter: those that have no effect and those that only the web page
uses.
"""

from __future__ import annotations

import re
from typing import Final

from ..catalog import glossary
from ..catalog.vocabulary import class_words, held_by, vocabulary
from ..graph.roles import Roles
from ..words import plain_name, words
from .widget import Widget

_EDITOR_STATE: Final = re.compile(
    r"(?:^|_)(?:store|ui)$|^isfloat_|^select_to_add|^__|^(?:video|image|audio)_preview$"
)
_CONTROLS: Final = frozenset({"fixed", "randomize", "increment", "decrement"})
_NAME: Final = re.compile(r"[\w.-]+")
"""The form of an input's name. A button's name is a label with spaces and symbols."""


def hidden_reason(widget: Widget, roles: Roles) -> str:
    """Why an input has no parameter unless one is requested; empty if it has one."""
    node, name, value, declared, _ = widget
    plain = plain_name(name)
    if value is None and (declared is None or not declared.holds_value):
        return "it is empty"
    if _EDITOR_STATE.search("_".join(words(name)) if name[:2] != "__" else name):
        return "it is the state of the editor"
    if roles.is_show(node) and isinstance(value, str | list | dict):
        if declared is None or declared.type in ("STRING", "*"):
            return "its node only shows what is linked to it"
    if glossary().has_no_effect(node.class_type, plain):
        return "it has no effect on the result"
    spoken = class_words(node.class_type)
    if vocabulary().describes(spoken, name):
        return "it is only a description"
    holding = held_by(node.class_type, name)
    if holding is not None and holding.switch in node.values:
        if node.values[holding.switch] != holding.state:
            return "its node uses another of its inputs instead"
    if name == "output" and isinstance(value, str):
        return "it keeps the result of an earlier run"
    if value == name and " " in name:
        return "it is only a label"
    if value == "" and declared is None and plain in ("image", "video", "audio"):
        return "it is empty"
    if plain in ("inputcount", "input_count") and declared is not None:
        return "it counts the sockets of its node"
    return ""


def only_on_the_page(widget: Widget) -> bool:
    """Whether an input is a button, a header, a view or a control that only the web page uses."""
    _, name, value, declared, known = widget
    if declared is not None:
        return declared.page_only
    if known is not None and known.is_page_only(name):
        return True
    if isinstance(value, dict):
        kind = value.get("type")
        return (
            isinstance(kind, str) and kind.endswith("Widget")
        ) or name.lower().endswith("preview")
    if value is None or value == "":
        return (value is None and known is not None) or _NAME.fullmatch(name) is None
    if isinstance(value, str):
        return value in _CONTROLS or (
            "upload" in words(name) and value in ("image", "video", "audio")
        )
    return False
