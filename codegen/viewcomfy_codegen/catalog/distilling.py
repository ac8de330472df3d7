"""Distills facts from ComfyUI's answer at /object_info, in any form its versions and packs use.

A class becomes a record of plain JSON that contains only facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_list, as_object

from .facts import (
    AUTOGROW,
    CONTROL,
    DYNAMIC_COMBO,
    DYNAMIC_GROUP,
    MATCH_TYPE,
    WIDGETS,
)
from .input_options import choice_facts, flag_facts, range_facts, widget_facts
from .limits import (
    LONGEST_NAME,
    MOST_CHOICES,
    is_name,
    is_number,
)
from .records import (
    ENDS,
    AutogrowRecord,
    End,
    GroupRecord,
    InputRecord,
    InputSpec,
    NodeRecord,
)
from .unlisted import (
    ADDED_INPUTS,
    CHOICES_FROM,
    PAGE_NAMES,
    UPLOADS_BY_CLASS,
)

DEEPEST: Final = 6
"""Maximum nesting of choices that add inputs; deeper levels are dropped."""


def node_record(node: Mapping[str, object], class_type: str = "") -> NodeRecord:
    """The record of facts for one class."""
    name = node.get("display_name")
    record: NodeRecord = {
        "name": name if is_name(name) else None,
        "outputs": [_output_type(kind) for kind in as_list(node.get("output"))],
        "output_node": bool(node.get("output_node")),
        "inputs": _class_inputs(node, class_type),
    }
    names = [
        each if is_name(each) else "*" for each in as_list(node.get("output_name"))
    ]
    if names and names != record["outputs"]:
        record["output_names"] = names
    if node.get("has_intermediate_output"):
        record["has_intermediate_output"] = True
    if node.get("api_node"):
        record["api_node"] = True
    if class_type in PAGE_NAMES:
        record["page_names"] = PAGE_NAMES[class_type]
    return record


def _output_type(kind: object) -> str:
    """The type of an output; `*` if it depends on an input."""
    if not isinstance(kind, str):
        return "COMBO"
    return "*" if kind == MATCH_TYPE else kind[:LONGEST_NAME]


def _class_inputs(node: Mapping[str, object], class_type: str) -> dict[str, InputSpec]:
    """The inputs of a class, including facts that its answer doesn't contain."""
    sections, order = as_object(node.get("input")), as_object(node.get("input_order"))
    found = _inputs(sections, order)
    for name, record in found.items():
        if isinstance(record, str):
            continue
        media = UPLOADS_BY_CLASS.get((class_type, name))
        if media is not None:
            found[name] = record = _uploading(record, media)
        if (class_type, name) in CHOICES_FROM:
            record["choices_from"] = CHOICES_FROM[class_type, name]
    for name, spec in ADDED_INPUTS.get(class_type, {}).items():
        found.setdefault(name, _optional(input_record(spec, name)))
    return found


def _uploading(record: InputRecord, media: str) -> InputRecord:
    found: InputRecord = {"type": record["type"], "upload": media}
    if "optional" in record:
        found["optional"] = True
    return found


def specs(
    sections: Mapping[str, JsonValue], order: Mapping[str, JsonValue] | None = None
) -> Iterator[tuple[str, JsonValue, bool]]:
    """The inputs in the web page's order, each with its specification and whether it is
    required.
    """
    for section in ("required", "optional"):
        described = as_object(sections.get(section))
        listed = [
            name
            for name in as_list((order or {}).get(section))
            if isinstance(name, str) and name in described
        ]
        for name in dict.fromkeys([*listed, *described]):
            if is_name(name):
                yield name, described[name], section == "required"


def _inputs(
    sections: Mapping[str, JsonValue],
    order: Mapping[str, JsonValue] | None = None,
    depth: int = 0,
) -> dict[str, InputSpec]:
    found: dict[str, InputSpec] = {}
    for name, spec, required in specs(sections, order):
        if isinstance(spec, list) and spec:
            record = input_record(spec, name, depth)
            found[name] = record if required else _optional(record)
    return found


def _optional(record: InputSpec) -> InputSpec:
    if isinstance(record, str):
        return f"?{record}"
    record["optional"] = True
    return record


def input_record(spec: Sequence[object], name: str = "", depth: int = 0) -> InputSpec:
    """The facts about one input, from its type and options; the bare type for a linked input."""
    kind = spec[0]
    options = as_object(spec[1]) if len(spec) > 1 else {}
    choices: object = None
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
        allowed = as_object(options.get("template")).get("allowed_types")
        return allowed if is_name(allowed) else "*"
    if kind in (DYNAMIC_COMBO, AUTOGROW, DYNAMIC_GROUP):
        return _growing(kind, options, depth)
    widget_type = options.get("widgetType")
    if kind not in WIDGETS and not isinstance(widget_type, str):
        return kind[:LONGEST_NAME]
    return {
        "type": kind[:LONGEST_NAME],
        **widget_facts(kind, name, widget_type),
        **range_facts(kind, options, name),
        **flag_facts(options, name if depth == 0 else "", kind),
        **choice_facts(kind, options, choices),
    }


def _growing(kind: str, options: JsonObject, depth: int) -> InputRecord:
    """The facts about an input with choices that add inputs, or with inputs that are added as they
    are used.
    """
    record: InputRecord = {"type": kind, **flag_facts(options, "", kind)}
    if depth >= DEEPEST:
        return record
    if kind == DYNAMIC_COMBO:
        branches = _branches(options, depth)
        default = options.get("default")
        if isinstance(default, str) and default in branches:
            record["default"] = default
        record["branches"] = branches
    elif kind == DYNAMIC_GROUP:
        record["group"] = _group(options, depth)
    else:
        record["autogrow"] = _autogrow(as_object(options.get("template")), depth)
    return record


def _branches(options: JsonObject, depth: int) -> dict[str, dict[str, InputSpec]]:
    return {
        key: _inputs(as_object(each.get("inputs")), depth=depth + 1)
        for each in as_list(options.get("options"))[:MOST_CHOICES]
        if isinstance(each, dict) and is_name(key := each.get("key"))
    }


def _group(options: JsonObject, depth: int) -> GroupRecord:
    members = _inputs(as_object(options.get("template")), depth=depth + 1)
    group: GroupRecord = {"members": members}
    for end, bound in _span(options):
        group[end] = bound
    return group


def _autogrow(template: JsonObject, depth: int) -> AutogrowRecord:
    elements = _inputs(as_object(template.get("input")), depth=depth + 1)
    grown: AutogrowRecord = {"element": next(iter(elements.values()), "*")}
    for end, bound in _span(template):
        grown[end] = bound
    names = [each for each in as_list(template.get("names")) if is_name(each)]
    prefix = template.get("prefix")
    if names:
        grown["names"] = names[:MOST_CHOICES]
    elif is_name(prefix):
        grown["prefix"] = prefix
    return grown


def _span(bounds: JsonObject) -> Iterator[tuple[End, int]]:
    """How many inputs or rows the web page adds, as far as that is known."""
    for end in ENDS:
        bound = bounds.get(end)
        if is_number(bound) and isinstance(bound, int):
            yield end, bound
