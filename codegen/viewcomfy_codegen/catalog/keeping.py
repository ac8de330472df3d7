"""Reduces a server's answer to facts in the original format, small enough to commit with a project.

The result can be used anywhere a complete answer can.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from .distilling import FLAGS, SEEDS, UPLOADS, node_record, without_prose
from .facts import AUTOGROW, CONTROL, DYNAMIC_COMBO, DYNAMIC_GROUP
from .limits import LONGEST_NAME

_OPTIONS: Final = {
    **{fact: option for option, fact in FLAGS.items()},
    "widget_type": "widgetType",
}
_UPLOAD_FLAGS: Final = {media: flag for flag, media in reversed(UPLOADS.items())}
_RANGE: Final = ("min", "max", "step", "default", "files", "tooltip")


def kept_text(classes: Mapping[str, Any]) -> str:
    """The text of a catalog: one class per line, sorted by name to keep diffs readable."""
    lines = (
        f"{json.dumps(name)}: {json.dumps(described, separators=(',', ':'))}"
        for name, described in sorted(classes.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def kept_facts(
    classes: Mapping[str, Any],
    used: Collection[str] | None = None,
    *,
    tooltips: bool = False,
) -> dict[str, Any]:
    """The facts about a server's classes, or about the `used` ones; prose only with `tooltips`."""
    return {
        name: _described(described, name, tooltips)
        for name, described in classes.items()
        if len(name) <= LONGEST_NAME
        and isinstance(described, dict)
        and (used is None or name in used)
    }


def _described(described: Mapping[str, Any], name: str, tooltips: bool) -> Any:
    record = node_record(described, name)
    if not tooltips:
        record = without_prose(record)
    found: dict[str, Any] = {
        "input": _sections(record["inputs"]),
        "output": record["outputs"],
        "output_node": record["output_node"],
    }
    if record["name"] not in (None, name):
        found["display_name"] = record["name"]
    if "output_names" in record:
        found["output_name"] = record["output_names"]
    if record.get("has_intermediate_output"):
        found["has_intermediate_output"] = True
    return found


def _sections(inputs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {"required": {}, "optional": {}}
    for name, record in inputs.items():
        linked = isinstance(record, str)
        needed = not record.startswith("?") if linked else "optional" not in record
        found["required" if needed else "optional"][name] = _spec(record, name)
    return {section: specs for section, specs in found.items() if specs}


def _spec(record: str | Mapping[str, Any], name: str = "") -> list[Any]:
    """An input's specification in the server's format, made from its record."""
    if isinstance(record, str):
        return [record.removeprefix("?")]
    options: dict[str, Any] = {
        _OPTIONS.get(fact, fact): record[fact]
        for fact in (*_RANGE, *_OPTIONS)
        if fact in record
    }
    if "upload" in record:
        options[_UPLOAD_FLAGS[record["upload"]]] = True
    if "control" in record:
        options[CONTROL] = record["control"]
    elif name in SEEDS and record["type"] == "INT":
        options[CONTROL] = False
    options |= _inner(record)
    return [record["type"], options] if options else [record["type"]]


def _inner(record: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of an input, or the inputs that it adds."""
    match record["type"]:
        case "COMBO" | "MULTICOMBO" if "choices" in record:
            return {"options": record["choices"]}
        case kind if kind == DYNAMIC_COMBO:
            branches = record.get("branches", {}).items()
            return {
                "options": [
                    {"key": option, "inputs": _sections(members)}
                    for option, members in branches
                ]
            }
        case kind if kind == DYNAMIC_GROUP and "group" in record:
            repeated = dict(record["group"])
            return {"template": _sections(repeated.pop("members")), **repeated}
        case kind if kind == AUTOGROW and "autogrow" in record:
            grown = dict(record["autogrow"])
            element = _sections({"element": grown.pop("element")})
            return {"template": {"input": element, **grown}}
        case _:
            return {}
