"""Reduces a server's answer to facts in the original format, small enough to commit with a project.

The result can be used anywhere a complete answer can.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from viewcomfy_runtime.json_types import JsonObject, JsonValue, as_list, as_object

from .distilling import node_record
from .facts import AUTOGROW, CONTROL, DYNAMIC_COMBO, DYNAMIC_GROUP
from .input_options import FLAGS, SEEDS, UPLOADS
from .limits import LONGEST_NAME
from .prose import without_prose
from .records import ENDS, AutogrowRecord, InputRecord, InputSpec, Span

_PLAIN: Final = ("min", "max", "step", "default", "files", "tooltip")
_OPTIONS: Final = {
    **{fact: fact for fact in _PLAIN},
    **{str(fact): option for option, fact in FLAGS.items()},
    "widget_type": "widgetType",
}
"""The option that states each fact."""

_UPLOAD_FLAGS: Final = {media: flag for flag, media in reversed(UPLOADS.items())}


def kept_text(classes: Mapping[str, object]) -> str:
    """The text of a catalog: one class per line, sorted by name to keep diffs readable."""
    lines = (
        f"{json.dumps(name)}: {json.dumps(described, separators=(',', ':'))}"
        for name, described in sorted(classes.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def kept_facts(
    classes: Mapping[str, object],
    used: Collection[str] | None = None,
    *,
    tooltips: bool = False,
) -> dict[str, JsonObject]:
    """The facts about a server's classes, or about the `used` ones; prose only with `tooltips`."""
    return {
        name: _described(described, name, tooltips)
        for name, described in classes.items()
        if len(name) <= LONGEST_NAME
        and isinstance(described, dict)
        and (used is None or name in used)
    }


def _described(
    described: Mapping[str, object], name: str, tooltips: bool
) -> JsonObject:
    record = node_record(described, name)
    if not tooltips:
        record = without_prose(record)
    found: JsonObject = {
        "input": _sections(record["inputs"]),
        "output": [*record["outputs"]],
        "output_node": record["output_node"],
    }
    if record["name"] not in (None, name):
        found["display_name"] = record["name"]
    if "output_names" in record:
        found["output_name"] = [*record["output_names"]]
    if record.get("has_intermediate_output"):
        found["has_intermediate_output"] = True
    if record.get("api_node"):
        found["api_node"] = True
    return found


def _sections(inputs: Mapping[str, InputSpec]) -> JsonObject:
    found: dict[str, JsonObject] = {"required": {}, "optional": {}}
    for name, record in inputs.items():
        if isinstance(record, str):
            needed = not record.startswith("?")
        else:
            needed = "optional" not in record
        found["required" if needed else "optional"][name] = _spec(record, name)
    return {section: specs for section, specs in found.items() if specs}


def _spec(record: InputSpec, name: str = "") -> list[JsonValue]:
    """An input's specification in the server's format, made from its record."""
    if isinstance(record, str):
        return [record.removeprefix("?")]
    facts = as_object(record)
    options = {
        option: facts[fact] for fact, option in _OPTIONS.items() if fact in facts
    }
    if "upload" in record:
        options[_UPLOAD_FLAGS[record["upload"]]] = True
    if "control" in record:
        options[CONTROL] = record["control"]
    elif name in SEEDS and record["type"] == "INT":
        options[CONTROL] = False
    options |= _inner(record)
    return [record["type"], options] if options else [record["type"]]


def _inner(record: InputRecord) -> JsonObject:
    """The choices of an input, or the inputs that it adds."""
    match record["type"]:
        case "COMBO" | "MULTICOMBO" if "choices" in record:
            return {"options": as_list(record["choices"])}
        case kind if kind == DYNAMIC_COMBO:
            branches = record.get("branches", {}).items()
            return {
                "options": [
                    {"key": option, "inputs": _sections(members)}
                    for option, members in branches
                ]
            }
        case kind if kind == DYNAMIC_GROUP and "group" in record:
            group = record["group"]
            return {"template": _sections(group["members"]), **_span(group)}
        case kind if kind == AUTOGROW and "autogrow" in record:
            return {"template": _template(record["autogrow"])}
        case _:
            return {}


def _template(grown: AutogrowRecord) -> JsonObject:
    found: JsonObject = {"input": _sections({"element": grown["element"]})}
    found |= _span(grown)
    if "names" in grown:
        found["names"] = [*grown["names"]]
    if "prefix" in grown:
        found["prefix"] = grown["prefix"]
    return found


def _span(record: Span) -> JsonObject:
    return {end: bound for end in ENDS if (bound := record.get(end)) is not None}
