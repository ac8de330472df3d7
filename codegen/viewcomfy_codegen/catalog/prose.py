"""Removes what the author of a class wrote from its record, so that only facts remain."""

from __future__ import annotations

from .limits import is_fact
from .records import InputSpec, NodeRecord


def without_prose(record: NodeRecord) -> NodeRecord:
    """The record of a class without prose, and without defaults that are prose or files."""
    return {**record, "inputs": _inputs(record["inputs"])}


def input_without_prose(spec: InputSpec) -> InputSpec:
    """The same for a single input."""
    if isinstance(spec, str):
        return spec
    found = spec.copy()
    found.pop("tooltip", None)
    if not is_fact(found.get("default")):
        del found["default"]
    if "branches" in found:
        found["branches"] = {
            option: _inputs(members) for option, members in found["branches"].items()
        }
    if "autogrow" in found:
        element = input_without_prose(found["autogrow"]["element"])
        found["autogrow"] = {**found["autogrow"], "element": element}
    if "group" in found:
        members = _inputs(found["group"]["members"])
        found["group"] = {**found["group"], "members": members}
    return found


def _inputs(specs: dict[str, InputSpec]) -> dict[str, InputSpec]:
    return {name: input_without_prose(spec) for name, spec in specs.items()}
