"""Distills the options of an input that holds a value: its widget, range, flags and choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from viewcomfy_runtime.json_types import JsonObject, as_list

from .facts import CONTROL, PAGE_TYPES
from .limits import (
    LONGEST_NAME,
    MOST_CHOICES,
    is_file_name,
    is_name,
    is_number,
    is_small,
)
from .records import InputOptions
from .unlisted import PAGE_INPUTS

UPLOADS: Final = {
    "image_upload": "image/*",
    "animated_image_upload": "image/*",
    "video_upload": "video/*",
    "audio_upload": "audio/*",
    "file_upload": "*/*",
}

Flag: TypeAlias = Literal[
    "multiline",
    "multiselect",
    "force_input",
    "advanced",
    "socketless",
    "dynamic_prompts",
    "hidden",
]
FLAGS: Final[Mapping[str, Flag]] = {
    "multiline": "multiline",
    "multi_select": "multiselect",
    "multiselect": "multiselect",
    "forceInput": "force_input",
    "advanced": "advanced",
    "socketless": "socketless",
    "dynamicPrompts": "dynamic_prompts",
    "hidden": "hidden",
}
"""The facts that options of a server's answer state."""

SEEDS: Final = frozenset({"seed", "noise_seed"})
"""Inputs that have a control unless stated otherwise; inputs nested in a choice have none."""
_COUNTS: Final = frozenset(
    "count counts crf frame frames segments steps num number batch".split()
)


def widget_facts(kind: str, name: str, widget_type: object) -> InputOptions:
    """The widget's type if it differs from the input's, and whether only the web page uses it."""
    record: InputOptions = {}
    if isinstance(widget_type, str):
        record["widget_type"] = widget_type[:LONGEST_NAME]
    if kind in PAGE_TYPES or name in PAGE_INPUTS:
        record["page_only"] = True
    return record


_RANGE: Final[tuple[Literal["min", "max", "step"], ...]] = ("min", "max", "step")


def range_facts(kind: str, options: JsonObject, name: str) -> InputOptions:
    """The range and the default. A FLOAT with whole steps may count something, by its name."""
    record: InputOptions = {}
    for fact in _RANGE:
        stated = options.get(fact)
        if is_number(stated):
            record[fact] = stated
    default = options.get("default")
    if is_small(default):
        record["default"] = default
    if kind == "FLOAT" and not _COUNTS.isdisjoint(name.lower().split("_")):
        stated_numbers = [each for each in record.values() if is_number(each)]
        if record.get("step", 0) >= 1 and all(
            isinstance(each, int) or each.is_integer() for each in stated_numbers
        ):
            record["whole"] = True
    return record


def flag_facts(options: JsonObject, name: str, kind: str) -> InputOptions:
    """The flags, the media of an upload, the control and the tooltip."""
    record: InputOptions = {}
    for flag, fact in FLAGS.items():
        if options.get(flag):
            record[fact] = True
    for flag, media in UPLOADS.items():
        if options.get(flag):
            record["upload"] = media
    control = options.get(CONTROL)
    if is_name(control):
        record["control"] = control
    elif control or (control is None and kind == "INT" and name in SEEDS):
        record["control"] = CONTROL
    tooltip = options.get("tooltip")
    if isinstance(tooltip, str):
        record["tooltip"] = " ".join(tooltip[:2000].split())[:400]
    return record


def choice_facts(kind: str, options: JsonObject, choices: object) -> InputOptions:
    """The choices that belong to the class, without those that depend on one machine's files."""
    if kind not in ("COMBO", "MULTICOMBO") or any(map(options.get, UPLOADS)):
        return {}
    known = as_list(choices)
    if options.get("files") is True or any(is_file_name(choice) for choice in known):
        return {"files": True}
    if not known or len(known) > MOST_CHOICES:
        return {}
    found = [each for each in known if is_name(each) or is_number(each)]
    return {"choices": found} if len(found) == len(known) else {}
