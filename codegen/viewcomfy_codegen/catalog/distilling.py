"""Distills facts from ComfyUI's answer at /object_info, in any form its versions and packs use.

A class becomes a record of plain JSON that contains only facts. A linked input is represented by
its type alone, preceded by `?` if optional; an input that holds a value is an object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .facts import (
    AUTOGROW,
    CONTROL,
    DYNAMIC_COMBO,
    DYNAMIC_GROUP,
    MATCH_TYPE,
    PAGE_TYPES,
    WIDGETS,
)
from .limits import (
    LONGEST_NAME,
    MOST_CHOICES,
    as_dict,
    as_list,
    is_fact,
    is_file,
    is_name,
    is_number,
    is_small,
)

UPLOADS: Final = {
    "image_upload": "image/*",
    "animated_image_upload": "image/*",
    "video_upload": "video/*",
    "audio_upload": "audio/*",
    "file_upload": "*/*",
}
UNFLAGGED_UPLOADS: Final = {
    ("VHS_LoadAudioUpload", "audio"): "audio/*",
    ("VHS_LoadVideo", "video"): "video/*",
    ("VHS_LoadVideoFFmpeg", "video"): "video/*",
}
"""Inputs with an upload button of their pack's own, which no flag declares."""

_CHOICES_FROM: Final = {("CustomCombo", "choice"): "option"}
"""Inputs whose choices are stored in other inputs of the node, with the prefix of those inputs'
names.
"""

_ADDED: Final[Mapping[str, Mapping[str, list[Any]]]] = {
    "VHS_VideoCombine": {
        "pix_fmt": [["yuv420p", "yuv420p10le", "yuva420p"]],
        "crf": ["INT", {"min": 0, "max": 100}],
        "bitrate": ["INT", {"min": 1}],
        "megabit": ["BOOLEAN"],
        "save_metadata": ["BOOLEAN"],
        "trim_to_audio": ["BOOLEAN"],
    },
}
"""Inputs that the web page adds for certain choices and that /object_info doesn't list."""

_PAGE_INPUTS: Final = frozenset("compare_view last_incoming viewport_state".split())
_PAGE_NAMES: Final = {
    "CustomCombo": ["option", "index"],
    "Load3D": ["clear"],
    "Preview3D": ["image"],
    "SaveGLB": ["image"],
}
"""Prefixes of the names of inputs that the web page adds to a class for its own use."""

FLAGS: Final = {
    "multiline": "multiline",
    "multi_select": "multiselect",
    "multiselect": "multiselect",
    "forceInput": "force_input",
    "advanced": "advanced",
    "socketless": "socketless",
    "dynamicPrompts": "dynamic_prompts",
    "hidden": "hidden",
}
SEEDS: Final = frozenset({"seed", "noise_seed"})
"""Inputs that have a control unless stated otherwise; inputs nested in a choice have none."""
_COUNTS: Final = frozenset(
    "count counts crf frame frames segments steps num number batch".split()
)
DEEPEST: Final = 6
"""Maximum nesting of choices that add inputs; deeper levels are dropped."""


def node_record(node: Mapping[str, Any], class_type: str = "") -> dict[str, Any]:
    """The record of facts for one class."""
    name = node.get("display_name")
    record: dict[str, Any] = {
        "name": name if is_name(name) else None,
        "outputs": [_output_type(kind) for kind in as_list(node.get("output"))],
        "output_node": bool(node.get("output_node")),
        "inputs": _inputs_record(
            as_dict(node.get("input")), as_dict(node.get("input_order")), class_type
        ),
    }
    names = [
        each if is_name(each) else "*" for each in as_list(node.get("output_name"))
    ]
    if names and names != record["outputs"]:
        record["output_names"] = names
    if node.get("has_intermediate_output"):
        record["has_intermediate_output"] = True
    if class_type in _PAGE_NAMES:
        record["page_names"] = _PAGE_NAMES[class_type]
    return record


def _output_type(kind: object) -> str:
    """The type of an output; `*` if it depends on an input."""
    if not isinstance(kind, str):
        return "COMBO"
    return "*" if kind == MATCH_TYPE else kind[:LONGEST_NAME]


def specs(
    sections: Mapping[str, Any], order: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Any, bool]]:
    """The inputs in the web page's order, each with its specification and whether it is
    required.
    """
    for section in ("required", "optional"):
        described = as_dict(sections.get(section))
        listed = [
            name
            for name in as_list((order or {}).get(section))
            if isinstance(name, str) and name in described
        ]
        for name in dict.fromkeys([*listed, *described]):
            if is_name(name):
                yield name, described[name], section == "required"


def _inputs_record(
    sections: Mapping[str, Any],
    order: Mapping[str, Any] | None = None,
    class_type: str = "",
    depth: int = 0,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, spec, required in specs(sections, order):
        if not isinstance(spec, list) or not spec:
            continue
        record = input_record(spec, name, depth)
        media = UNFLAGGED_UPLOADS.get((class_type, name))
        if media is not None and isinstance(record, dict):
            record = {"type": record["type"], "upload": media}
        if (class_type, name) in _CHOICES_FROM and isinstance(record, dict):
            record["choices_from"] = _CHOICES_FROM[class_type, name]
        if not required:
            record = (
                f"?{record}"
                if isinstance(record, str)
                else {**record, "optional": True}
            )
        found[name] = record
    for name, spec in _ADDED.get(class_type, {}).items():
        found.setdefault(name, {**as_dict(input_record(spec, name)), "optional": True})
    return found


def input_record(
    spec: list[Any], name: str = "", depth: int = 0
) -> str | dict[str, Any]:
    """The facts about one input, from its type and options; the bare type for a linked input."""
    kind = spec[0]
    options = as_dict(spec[1]) if len(spec) > 1 else {}
    choices: Any = []
    if isinstance(kind, list):
        choices, kind = kind, "COMBO"
    elif kind in ("COMBO", "MULTICOMBO"):
        choices = options.get("options")
    if not isinstance(kind, str):
        return "*"
    if kind == "INT:seed":
        kind = "INT"
        options = {CONTROL: True, **options}
    if kind == MATCH_TYPE:
        allowed = as_dict(options.get("template")).get("allowed_types")
        return allowed if isinstance(allowed, str) and is_name(allowed) else "*"
    growing = _growing(kind, options, depth)
    if growing is not None:
        return {"type": kind, **growing}
    widget_type = options.get("widgetType")
    if kind not in WIDGETS and not isinstance(widget_type, str):
        return kind[:LONGEST_NAME]
    record: dict[str, Any] = {"type": kind[:LONGEST_NAME]}
    if isinstance(widget_type, str):
        record["widget_type"] = widget_type[:LONGEST_NAME]
    if kind in PAGE_TYPES or name in _PAGE_INPUTS:
        record["page_only"] = True
    return (
        record
        | _range(kind, options, name)
        | _flags(options, name if depth == 0 else "", kind)
        | _choices(record["type"], options, choices)
    )


def _growing(
    kind: str, options: Mapping[str, Any], depth: int
) -> dict[str, Any] | None:
    """The inputs that a choice adds, or that are added as they are used; None for all other
    types.
    """
    if kind not in (DYNAMIC_COMBO, AUTOGROW, DYNAMIC_GROUP):
        return None
    flags = _flags(options, "", kind)
    if depth >= DEEPEST:
        return flags
    if kind == DYNAMIC_COMBO:
        branches = {
            each["key"]: _inputs_record(as_dict(each.get("inputs")), depth=depth + 1)
            for each in as_list(options.get("options"))[:MOST_CHOICES]
            if isinstance(each, dict) and is_name(each.get("key"))
        }
        default = options.get("default")
        stated = (
            {"default": default}
            if isinstance(default, str) and default in branches
            else {}
        )
        return {**flags, **stated, "branches": branches}
    template = as_dict(options.get("template"))
    bounds = template if kind == AUTOGROW else options
    span = {
        fact: bounds[fact]
        for fact in ("min", "max")
        if is_number(bounds.get(fact)) and isinstance(bounds[fact], int)
    }
    if kind == DYNAMIC_GROUP:
        members = _inputs_record(template, depth=depth + 1)
        return {**flags, "group": {"members": members, **span}}
    elements = _inputs_record(as_dict(template.get("input")), depth=depth + 1)
    names = [each for each in as_list(template.get("names")) if is_name(each)]
    prefix = template.get("prefix")
    grown = {"element": next(iter(elements.values()), "*"), **span}
    if names:
        grown["names"] = names[:MOST_CHOICES]
    elif isinstance(prefix, str) and is_name(prefix):
        grown["prefix"] = prefix
    return {**flags, "autogrow": grown}


def _range(kind: str, options: Mapping[str, Any], name: str) -> dict[str, Any]:
    record = {
        fact: options[fact]
        for fact in ("min", "max", "step")
        if is_number(options.get(fact))
    }
    if is_small(options.get("default")):
        record["default"] = options["default"]
    if kind == "FLOAT" and not _COUNTS.isdisjoint(name.lower().split("_")):
        stated = [value for value in record.values() if is_number(value)]
        if record.get("step", 0) >= 1 and all(
            float(each).is_integer() for each in stated
        ):
            record["whole"] = True
    return record


def _flags(options: Mapping[str, Any], name: str, kind: str) -> dict[str, Any]:
    record: dict[str, Any] = {
        fact: True for flag, fact in FLAGS.items() if options.get(flag)
    }
    for flag, media in UPLOADS.items():
        if options.get(flag):
            record["upload"] = media
    control = options.get(CONTROL)
    if isinstance(control, str) and is_name(control):
        record["control"] = control
    elif control or (control is None and kind == "INT" and name in SEEDS):
        record["control"] = CONTROL
    told = options.get("tooltip")
    if isinstance(told, str):
        record["tooltip"] = " ".join(told[:2000].split())[:400]
    return record


def _choices(kind: str, options: Mapping[str, Any], choices: Any) -> dict[str, Any]:
    """The choices that belong to the class, without those that depend on one machine's files."""
    if kind not in ("COMBO", "MULTICOMBO") or any(map(options.get, UPLOADS)):
        return {}
    known = as_list(choices)
    if options.get("files") is True or any(is_file(choice) for choice in known):
        return {"files": True}
    if not known or len(known) > MOST_CHOICES:
        return {}
    if all(
        is_name(each) if isinstance(each, str) else is_number(each) for each in known
    ):
        return {"choices": known}
    return {}


def without_prose(record: Any) -> Any:
    """The facts of a record, without the prose that the class's author wrote."""
    if not isinstance(record, dict):
        return record
    kept = {
        key: value if key == "choices" else without_prose(value)
        for key, value in record.items()
        if key != "tooltip" or isinstance(value, dict)
    }
    if isinstance(record.get("type"), str) and not is_fact(record.get("default", 0)):
        del kept["default"]
    return kept
